"""A database's objects as lines of text, equal in a faithful copy whatever its oids are."""

from __future__ import annotations

from typing import Any, List, Tuple

from snftools.database import catalog
from snftools.database.connect import rows

# Each row: since which server version, the query.  {user}: a relation c of schema n that is
# ours; {schema}: a schema n; {ext_X}: not an extension's; {acl_X}: rights, in order.
_QUERIES: Tuple[Tuple[int, str], ...] = (
    (0, "SELECT 'relation', c.relkind::text, n.nspname || '.' || c.relname,"
        " pg_get_userbyid(c.relowner), {persistence}, array_to_string(c.reloptions, ','),"
        " {acl_relation} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND {user}"),
    (0, "SELECT 'relation', c.relkind::text, n.nspname || '.' || c.relname,"
        " pg_get_userbyid(c.relowner), {persistence}, array_to_string(c.reloptions, ','),"
        " {acl_sequence} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'S' AND {user}"),
    (0, "SELECT 'column', n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid,"
        " a.atttypmod), a.attnotnull::text, coalesce(pg_get_expr(d.adbin, d.adrelid), ''),"
        " {acl_column}, {identity} FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attrdef d ON"
        " d.adrelid = c.oid AND d.adnum = a.attnum WHERE a.attnum > 0 AND NOT a.attisdropped"
        " AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'c') AND {user}"),
    (0, "SELECT 'index', pg_get_indexdef(i.indexrelid), i.indisvalid::text FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE {user}"),
    (0, "SELECT 'constraint', n.nspname || '.' || c.relname, k.conname,"
        " pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON"
        " c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {user}"),
    (0, "SELECT 'inherits', n.nspname || '.' || c.relname, p.relname, i.inhseqno::text"
        " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON"
        " p.oid = i.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'f', 'p') AND {user}"),
    (100000, "SELECT 'partition', n.nspname || '.' || c.relname, coalesce(pg_get_expr("
             "c.relpartbound, c.oid), ''), coalesce(pg_get_partkeydef(c.oid), '')"
             " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE"
             " (c.relispartition OR c.relkind = 'p') AND c.relkind IN ('r', 'f', 'p')"
             " AND {user}"),
    (0, "SELECT 'view', n.nspname || '.' || c.relname, pg_get_viewdef(c.oid) FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm')"
        " AND {user}"),
    (0, "SELECT 'rule', n.nspname || '.' || c.relname, pg_get_ruledef(r.oid) FROM pg_rewrite r"
        " JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE r.rulename <> '_RETURN' AND {user}"),
    (0, "SELECT 'trigger', pg_get_triggerdef(t.oid), t.tgenabled::text FROM pg_trigger t"
        " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE {own_trigger} AND {user}"),
    (90500, "SELECT 'policy', schemaname || '.' || tablename, policyname, roles::text, cmd,"
            " coalesce(qual, ''), coalesce(with_check, '') FROM pg_policies"),
    (0, "SELECT 'function', n.nspname || '.' || p.proname || '('"
        " || pg_get_function_identity_arguments(p.oid) || ')',"
        " coalesce(pg_get_function_result(p.oid), ''), pg_get_userbyid(p.proowner), p.prosrc,"
        " {acl_function} FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE {schema} AND {ext_proc}"),
    (0, "SELECT 'type', n.nspname || '.' || t.typname, t.typtype::text,"
        " pg_get_userbyid(t.typowner), array_to_string(array(SELECT e.enumlabel FROM pg_enum e"
        " WHERE e.enumtypid = t.oid ORDER BY {enum_order}), ','), array_to_string(array(SELECT"
        " pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE k.contypid = t.oid"
        " ORDER BY 1), ',') FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
        " WHERE t.typtype IN ('d', 'e', 'r') AND {schema} AND {ext_type}"),
    (0, "SELECT 'schema', n.nspname, pg_get_userbyid(n.nspowner), {acl_schema}"
        " FROM pg_namespace n WHERE {schema}"),
    (90000, "SELECT 'large object', l.oid::text, pg_get_userbyid(l.lomowner), {acl_large}"
            " FROM pg_largeobject_metadata l"),
    (90000, "SELECT 'default rights', pg_get_userbyid(d.defaclrole), coalesce(n.nspname, ''),"
            " d.defaclobjtype::text, array_to_string(array(SELECT x::text FROM"
            " unnest(d.defaclacl) x ORDER BY 1), ',') FROM pg_default_acl d"
            " LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace"),
    (90100, "SELECT 'extension', e.extname, n.nspname FROM pg_extension e"
            " JOIN pg_namespace n ON n.oid = e.extnamespace"),
    (90100, "SELECT 'comment', pg_describe_object(d.classoid, d.objoid, d.objsubid),"
            " d.description FROM pg_description d JOIN pg_class c ON"
            " d.classoid = 'pg_class'::regclass AND c.oid = d.objoid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {user}"),
    (100000, "SELECT 'sequence', schemaname || '.' || sequencename, data_type::text,"
             " start_value::text, min_value::text, max_value::text, increment_by::text,"
             " cycle::text, cache_size::text FROM pg_sequences"),
)

_ACL = ("array_to_string(array(SELECT pg_get_userbyid(x.grantor) || '>' || CASE x.grantee"
        " WHEN 0 THEN 'public' ELSE pg_get_userbyid(x.grantee) END || ':' || x.privilege_type"
        " || x.is_grantable FROM aclexplode(coalesce({0}, acldefault('{1}', {2}))) x"
        " ORDER BY 1), ',')")
# 8.4 has no aclexplode: the text, whose order a copy keeps there.
_ACL_8 = "coalesce({0}::text, '')"

_RIGHTS = {"relation": ("c.relacl", "r", "c.relowner"), "column": ("a.attacl", "c", "c.relowner"),
           "sequence": ("c.relacl", "s", "c.relowner"), "schema": ("n.nspacl", "n", "n.nspowner"),
           "function": ("p.proacl", "f", "p.proowner"), "large": ("l.lomacl", "L", "l.lomowner")}


def queries(version: int) -> List[str]:
    """The queries for a server of that version."""
    # acldefault came with 9.2.
    acl = _ACL if version >= 90200 else _ACL_8
    words = {"acl_" + key: acl.format(*value) for key, value in _RIGHTS.items()}
    words.update(
        user=catalog.user_relation(version), schema=catalog.user_schema(),
        ext_proc=catalog.not_extension(version, "pg_proc", "p"),
        ext_type=catalog.not_extension(version, "pg_type", "t"),
        persistence="c.relpersistence::text" if version >= 90100 else "''",
        identity="a.attidentity::text" if version >= 100000 else "''",
        enum_order="e.enumsortorder" if version >= 90100 else "e.oid",
        own_trigger="NOT t.tgisinternal" if version >= 90000 else "NOT t.tgisconstraint")
    return [query.format(**words) for since, query in _QUERIES if version >= since]


def objects(connection: Any) -> List[str]:
    """Sorted lines: relations with owner and rights, columns, indexes, constraints, views ...

    The connection must have the pins' empty search path, so that all names are qualified.
    """
    return sorted("\t".join("" if word is None else str(word) for word in row)
                  for query in queries(connection.server_version)
                  for row in rows(connection, query))
