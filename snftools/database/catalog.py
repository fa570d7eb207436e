"""What is in a database besides its rows: tables, columns, sequences, owner, settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from snftools.database.connect import rows

# Not the server's own, not an extension's, not temporary.
USER_RELATION = """
    n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
    AND c.relpersistence <> 't' AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE
        x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')"""

_TABLES = """
SELECT c.oid, n.nspname, c.relname, pg_relation_filenode(c.oid), coalesce(
    (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a WHERE
     a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped {generated}), '{{}}')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND {user} ORDER BY 2, 3"""

_SEQUENCES = """
SELECT c.oid, n.nspname, c.relname, pg_relation_filenode(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND {user} ORDER BY 2, 3"""

_UNHASHED = """
SELECT c.relkind::text, n.nspname, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('f', 'm') AND {user} ORDER BY 2, 3"""

_DATABASE = """
SELECT d.oid, r.rolname, pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
    array(SELECT a::text FROM unnest(d.datacl) a ORDER BY 1), d.datconnlimit,
    pg_database_size(d.oid)
FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = current_database()"""

_SETTINGS = """
SELECT coalesce(r.rolname, ''), s.setconfig FROM pg_db_role_setting s
LEFT JOIN pg_roles r ON r.oid = s.setrole
WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY 1"""

_COUNTERS = """
SELECT relid, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables ORDER BY 1"""


@dataclass(frozen=True)
class Table:
    """A table with data of its own; `columns` as pg_dump names them (generated ones left out)."""

    oid: int
    schema: str
    name: str
    filenode: int
    columns: Tuple[str, ...]

    @property
    def full(self) -> str:
        return "%s.%s" % (self.schema, self.name)


def tables(connection: Any) -> List[Table]:
    """Every table that pg_dump dumps the rows of: plain ones and partitions."""
    generated = "AND a.attgenerated = ''" if connection.server_version >= 120000 else ""
    found = rows(connection, _TABLES.format(generated=generated, user=USER_RELATION))
    return [Table(row[0], row[1], row[2], row[3] or 0, tuple(row[4])) for row in found]


def sequences(connection: Any) -> List[Dict[str, Any]]:
    """Every sequence with its value and whether that was given out."""
    found = []
    for oid, schema, name, filenode in rows(connection, _SEQUENCES.format(user=USER_RELATION)):
        value, called = rows(connection, "SELECT last_value, is_called FROM %s"
                             % quoted(schema, name))[0]
        found.append({"oid": oid, "schema": schema, "name": name, "filenode": filenode or 0,
                      "value": value, "called": called})
    return found


def unhashed(connection: Any) -> List[Dict[str, str]]:
    """Foreign tables and materialised views: their rows are not in the dump as COPY text."""
    kinds = {"f": "foreign table", "m": "materialised view"}
    return [{"kind": kinds[kind], "schema": schema, "name": name} for kind, schema, name
            in rows(connection, _UNHASHED.format(user=USER_RELATION))]


def database_facts(connection: Any) -> Dict[str, Any]:
    """oid, owner, encoding, collation, rights, settings and size of the database."""
    row = rows(connection, _DATABASE)[0]
    keys = ("oid", "owner", "encoding", "collate", "ctype", "acl", "connlimit", "size")
    facts = dict(zip(keys, row))
    facts["settings"] = [[role, list(values)] for role, values in rows(connection, _SETTINGS)]
    return facts


def counters(connection: Any) -> Dict[str, Any]:
    """Write counters of all tables and the moment since when they count."""
    reset = rows(connection, "SELECT stats_reset::text FROM pg_stat_database"
                 " WHERE datname = current_database()")[0][0]
    return {"stats_reset": reset,
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
