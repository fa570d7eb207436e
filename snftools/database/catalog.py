"""What is in a database besides its rows: tables, columns, sequences, owner, settings.

Every query is made for the server's version: a node of the quick-install guide has 8.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from snftools.database.connect import rows, unlocked_after

_NOT_SYSTEM = """n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname !~ '^pg_(toast|temp)'"""

_TABLES = """
SELECT c.oid, n.nspname, c.relname, {filenode}, c.relpages::bigint * 8192,
    array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
        AND NOT a.attisdropped {generated} ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND {user} ORDER BY 2, 3"""

_SEQUENCES = """
SELECT c.oid, n.nspname, c.relname, {filenode}
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND {user} ORDER BY 2, 3"""

_UNHASHED = """
SELECT c.relkind::text, n.nspname, c.relname, c.oid
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('f', 'm') AND {user} ORDER BY 2, 3"""

_CONFIGURED = """
SELECT 'e', n.nspname, c.relname, c.oid FROM pg_extension e JOIN pg_class c
ON c.oid = ANY (e.extconfig) JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' ORDER BY 2, 3"""

_DATABASE = """
SELECT d.oid, pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate,
    d.datctype, array(SELECT a::text FROM {acl} a ORDER BY 1), d.datconnlimit,
    pg_database_size(d.oid)
FROM pg_database d WHERE d.datname = current_database()"""

_SETTINGS = """
SELECT coalesce(r.rolname, ''), s.setconfig FROM pg_db_role_setting s
LEFT JOIN pg_roles r ON r.oid = s.setrole
WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY 1"""

_SETTINGS_8 = """
SELECT '', datconfig FROM pg_database
WHERE datname = current_database() AND datconfig IS NOT NULL"""

# Owners, grantees and whoever else the database's objects depend on.
_ROLES = """
SELECT DISTINCT r.rolname FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid
JOIN pg_database d ON d.datname = current_database()
WHERE s.refclassid = 'pg_authid'::regclass
AND (s.dbid = d.oid OR s.dbid = 0 AND s.classid = 'pg_database'::regclass AND s.objid = d.oid)
ORDER BY 1"""

_COUNTERS = """
SELECT relid, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables ORDER BY 1"""


@dataclass(frozen=True)
class Table:
    """A table with data of its own; `columns` as pg_dump names them (generated ones left out).

    `bytes` is the size that the server last counted, 0 when it never did.
    """

    oid: int
    schema: str
    name: str
    filenode: int
    bytes: int
    columns: Tuple[str, ...]

    @property
    def full(self) -> str:
        return "%s.%s" % (self.schema, self.name)


def user_relation(version: int) -> str:
    """The condition for a relation c: not the server's own, not an extension's, not temporary."""
    lasting = "c.relpersistence <> 't'" if version >= 90100 else "NOT c.relistemp"
    return "%s AND %s AND %s" % (_NOT_SYSTEM, lasting, not_extension(version, "pg_class", "c"))


def user_schema() -> str:
    """The same for a schema n."""
    return _NOT_SYSTEM


def not_extension(version: int, catalogue: str, alias: str) -> str:
    """The condition that an object belongs to no extension."""
    if version < 90100:
        return "true"
    return ("NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = '%s'::regclass"
            " AND x.objid = %s.oid AND x.deptype = 'e')" % (catalogue, alias))


def tables(connection: Any) -> List[Table]:
    """Every table that pg_dump dumps the rows of: plain ones and partitions."""
    generated = "AND a.attgenerated = ''" if connection.server_version >= 120000 else ""
    return [Table(row[0], row[1], row[2], row[3] or 0, row[4] or 0, tuple(row[5])) for row
            in rows(connection, _relations(connection, _TABLES, generated=generated))]


def sequences(connection: Any) -> List[Dict[str, Any]]:
    """Every sequence with its value and whether that was given out."""
    found = []
    for oid, schema, name, filenode in rows(connection, _relations(connection, _SEQUENCES)):
        with unlocked_after(connection):
            value, called = rows(connection, "SELECT last_value, is_called FROM %s"
                                 % quoted(schema, name))[0]
        found.append({"oid": oid, "schema": schema, "name": name, "filenode": filenode or 0,
                      "value": value, "called": called})
    return found


def unhashed(connection: Any) -> List[Dict[str, Any]]:
    """Foreign tables and materialised views, whose rows are not in the dump as COPY text, and
    tables of extensions, of which it has a part that the extension chooses."""
    kinds = {"f": "foreign table", "m": "materialised view", "e": "extension's table"}
    found = rows(connection, _relations(connection, _UNHASHED))
    if connection.server_version >= 90100:
        found += rows(connection, _CONFIGURED)
    return [{"kind": kinds[kind], "schema": schema, "name": name, "oid": oid}
            for kind, schema, name, oid in found]


def database_facts(connection: Any) -> Dict[str, Any]:
    """oid, owner, encoding, collation, rights, settings and size of the database."""
    version = connection.server_version
    # An array without a row has no unnest in 8.4 (of aclitem): its text has the same items.
    acl = "unnest(d.datacl)" if version >= 90000 else \
        "regexp_split_to_table(nullif(trim(both '{}' from d.datacl::text), ''), ',')"
    settings = [[role, list(values)] for role, values
                in rows(connection, _SETTINGS if version >= 90000 else _SETTINGS_8)]
    row = rows(connection, _DATABASE.format(acl=acl))[0]
    keys = ("oid", "owner", "encoding", "collate", "ctype", "acl", "connlimit", "size")
    return dict(zip(keys, row), settings=settings)


def roles(connection: Any) -> List[str]:
    """Every role that owns something in the database, or is granted something."""
    return [row[0] for row in rows(connection, _ROLES)]


def counters(connection: Any) -> Dict[str, Any]:
    """Write counters of all tables and the moment since when they count."""
    reset = "stats_reset::text" if connection.server_version >= 90100 else "NULL::text"
    since = rows(connection, "SELECT %s FROM pg_stat_database"
                 " WHERE datname = current_database()" % reset)[0][0]
    return {"stats_reset": since,
            "tables": {str(row[0]): list(row[1:]) for row in rows(connection, _COUNTERS)}}


def histories(connection: Any) -> Dict[str, Any]:
    """The migration state: newest of each South app, alembic's revision (SOURCE 4.1)."""
    there = {table.name for table in tables(connection) if table.schema == "public"}
    south: Dict[str, str] = {}
    if "south_migrationhistory" in there:
        south = dict(rows(connection, "SELECT app_name, max(migration) FROM"
                          " public.south_migrationhistory GROUP BY 1 ORDER BY 1"))
    alembic = rows(connection, "SELECT version_num FROM public.alembic_version") \
        if "alembic_version" in there else []
    return {"south": south, "alembic": alembic[0][0] if alembic else None}


def quoted(*names: str) -> str:
    """Names as SQL identifiers, joined by dots."""
    return ".".join('"%s"' % name.replace('"', '""') for name in names)


def _relations(connection: Any, query: str, **words: str) -> str:
    """A query for relations, for the server's version."""
    version = connection.server_version
    filenode = "pg_relation_filenode(c.oid)" if version >= 90000 else "c.relfilenode"
    return query.format(filenode=filenode, user=user_relation(version), **words)
