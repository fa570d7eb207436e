"""A database's objects as lines of text, equal in a faithful copy whatever its oids are."""

from __future__ import annotations

from typing import Any, List

from snftools.database.catalog import USER_RELATION
from snftools.database.connect import rows

_ACL = ("array(SELECT pg_get_userbyid(x.grantor) || '>' || CASE x.grantee WHEN 0 THEN 'public'"
        " ELSE pg_get_userbyid(x.grantee) END || ':' || x.privilege_type || x.is_grantable"
        " FROM aclexplode(coalesce({column}, acldefault('{kind}', {owner}))) x ORDER BY 1)::text")

_NOT_EXTENSION = ("NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = '{0}'::regclass"
                  " AND x.objid = {1}.oid AND x.deptype = 'e')")

_SCHEMA = ("n.nspname NOT IN ('pg_catalog', 'information_schema')"
           " AND n.nspname !~ '^pg_(toast|temp)'")

_QUERIES = (
    "SELECT 'relation', c.relkind::text, n.nspname || '.' || c.relname,"
    " pg_get_userbyid(c.relowner), c.relpersistence::text, coalesce(c.reloptions::text, ''), "
    + _ACL.format(column="c.relacl", kind="{kind}", owner="c.relowner")
    + " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      " WHERE c.relkind IN ({relkinds}) AND " + USER_RELATION.replace("{", "{{").replace("}", "}}"),
)

_PLAIN = (
    "SELECT 'column', n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid,"
    " a.atttypmod), a.attnotnull::text, coalesce(pg_get_expr(d.adbin, d.adrelid), ''),"
    " coalesce(a.attacl::text, '') FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attrdef d ON"
    " d.adrelid = c.oid AND d.adnum = a.attnum WHERE a.attnum > 0 AND NOT a.attisdropped"
    " AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'c') AND " + USER_RELATION,
    "SELECT 'index', pg_get_indexdef(i.indexrelid), i.indisvalid::text FROM pg_index i"
    " JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE " + USER_RELATION,
    "SELECT 'constraint', n.nspname || '.' || c.relname, k.conname, pg_get_constraintdef(k.oid)"
    " FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " + USER_RELATION,
    "SELECT 'view', n.nspname || '.' || c.relname, pg_get_viewdef(c.oid) FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND "
    + USER_RELATION,
    "SELECT 'trigger', pg_get_triggerdef(t.oid), t.tgenabled::text FROM pg_trigger t"
    " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT t.tgisinternal AND " + USER_RELATION,
    "SELECT 'function', n.nspname || '.' || p.proname || '('"
    " || pg_get_function_identity_arguments(p.oid) || ')', pg_get_function_result(p.oid),"
    " pg_get_userbyid(p.proowner), p.prosrc, coalesce(p.proacl::text, '') FROM pg_proc p"
    " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE " + _SCHEMA + " AND "
    + _NOT_EXTENSION.format("pg_proc", "p"),
    "SELECT 'type', n.nspname || '.' || t.typname, t.typtype::text, pg_get_userbyid(t.typowner),"
    " coalesce((SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e"
    " WHERE e.enumtypid = t.oid), '') FROM pg_type t JOIN pg_namespace n ON"
    " n.oid = t.typnamespace WHERE t.typtype IN ('d', 'e', 'r') AND " + _SCHEMA + " AND "
    + _NOT_EXTENSION.format("pg_type", "t"),
    "SELECT 'schema', n.nspname, pg_get_userbyid(n.nspowner), "
    + _ACL.format(column="n.nspacl", kind="n", owner="n.nspowner")
    + " FROM pg_namespace n WHERE " + _SCHEMA,
    "SELECT 'extension', e.extname, n.nspname FROM pg_extension e"
    " JOIN pg_namespace n ON n.oid = e.extnamespace",
    "SELECT 'comment', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description"
    " FROM pg_description d JOIN pg_class c ON d.classoid = 'pg_class'::regclass"
    " AND c.oid = d.objoid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " + USER_RELATION,
)


def objects(connection: Any) -> List[str]:
    """Sorted lines: relations with owner and rights, columns, indexes, constraints, views ...

    The connection must have the pins' empty search path, so that all names are qualified.
    """
    queries = list(_PLAIN)
    for kind, relkinds in (("s", "'S'"), ("r", "'r', 'v', 'm', 'f', 'p'")):
        queries += [query.format(kind=kind, relkinds=relkinds) for query in _QUERIES]
    if connection.server_version >= 100000:
        queries.append("SELECT 'sequence', schemaname || '.' || sequencename, data_type::text,"
                       " start_value::text, min_value::text, max_value::text,"
                       " increment_by::text, cycle::text, cache_size::text FROM pg_sequences")
    found = ["\t".join(str(word) for word in row)
             for query in queries for row in rows(connection, query)]
    return sorted(found)
