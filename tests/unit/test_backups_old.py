"""What old servers and their pg_restore need: queries that they know, SQL as they print it."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any, Callable, List

import pytest

from snftools.backups import archive, clients, wayback
from snftools.database import catalog, digest, objects, sessions
from snftools.database.connect import pins
from snftools.errors import Refused

# What came after 8.4, by the release notes.
TOO_NEW = ("aclexplode", "acldefault", "pg_extension", "relpersistence", "attidentity",
           "attgenerated", "string_agg", "pg_relation_filenode", "tgisinternal", "lomowner",
           "pg_largeobject_metadata", "pg_sequences", "pg_db_role_setting", "stats_reset",
           "pg_default_acl", "pg_describe_object", "enumsortorder", "relispartition",
           "pg_policies", "lo_get", "backend_type", "application_name", "unnest(d.datacl)",
           "ORDER BY a.attnum)", "SNAPSHOT")


class Recorder:
    """A session of a server of that version that answers nothing."""

    def __init__(self, version: int) -> None:
        self.server_version = version
        self.autocommit = True
        self.asked: List[str] = []

    def cursor(self) -> "Recorder":
        return self

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def execute(self, sql: str, values: Any = None) -> None:
        self.asked.append(sql)

    def fetchall(self) -> List[Any]:
        return []


READERS: List[Callable[[Any], Any]] = [
    catalog.tables, catalog.sequences, catalog.unhashed, catalog.database_facts, catalog.roles,
    catalog.counters, objects.objects, digest.large_objects, digest.lock_tables,
    lambda session: sessions.on(session, "db")]


def asked(version: int) -> str:
    session = Recorder(version)
    for reader in READERS:
        try:
            reader(session)
        except IndexError:
            continue  # it wanted a row
    return "\n".join(session.asked)


def test_no_query_to_8_4_names_what_came_later() -> None:
    text = asked(80400)
    # The columns of a table are ordered by a subquery, which 8.4 knows; an aggregate's ORDER
    # BY it does not.
    assert not [word for word in TOO_NEW if word in text and word != "ORDER BY a.attnum)"]
    assert "relistemp" in text and "procpid" in text and "datconfig" in text


def test_new_servers_are_asked_for_all_of_it() -> None:
    text = asked(170000)
    for word in ("aclexplode", "attgenerated", "pg_sequences", "pg_largeobject_metadata"):
        assert word in text


def test_pins_are_those_that_a_server_takes() -> None:
    assert pins(80400)["extra_float_digits"] == "2" and "bytea_output" not in pins(80400)
    assert pins(150000)["extra_float_digits"] == "3" and pins(150000)["row_security"] == "off"


OLD_SQL = rb"""SET search_path = public, pg_catalog;
-- TOC entry 1790 (class 0 OID 16389)
COPY users (id, "na
me") FROM stdin;
1	a
2	\\.
\.


-- TOC entry 1791 (class 0 OID 16401)
COPY files (id) FROM stdin;
\.


SELECT pg_catalog.setval('users_id_seq', 41, true);
SET search_path = "Other", pg_catalog;
SELECT pg_catalog.setval('"odd ''s"', 5, false);
SELECT pg_catalog.lo_open('77', 131072);
SELECT pg_catalog.lowrite(0, E'a\\001\\\\b''''');
SELECT pg_catalog.lowrite(0, '\x4142');
SELECT pg_catalog.lo_close(0);
"""


def test_sql_of_an_old_pg_restore_is_understood() -> None:
    stream = archive.Stream(lambda size: None)
    for line in OLD_SQL.splitlines(keepends=True):
        stream.feed(line)
    found = stream.contents()
    assert found.tables == {16389: hashlib.sha256(b"1\ta\n2\t\\\\.\n").hexdigest(),
                            16401: hashlib.sha256(b"").hexdigest()}
    assert found.sequences == {("public", "users_id_seq"): (41, True),
                               ("Other", "odd 's"): (5, False)}
    assert found.large_objects == {77: hashlib.sha256(b"a\x01\\b''AB").hexdigest()}


class Programs:
    """A node whose programs are of one version."""

    name, address = "n", "local"

    def __init__(self, text: str) -> None:
        self.text = text

    def run(self, argv: Any, **settings: Any) -> Any:
        from snftools.node import Result
        return Result(tuple(argv), 0, ("%s (PostgreSQL) %s\n" % (argv[0], self.text)).encode())


@pytest.mark.parametrize("client, server, kind, snapshot", [
    ("8.4.22", 80422, "custom", False), ("9.1.2", 90102, "custom", False),
    ("9.4.1", 80400, "custom", False), ("9.5.1", 90501, "directory", True),
    ("13.23 (Debian 13.23-0+deb11u1)", 90600, "directory", True),
    ("17.6", 90300, "custom", False)])
def test_the_way_of_dumping_follows_the_versions(client: str, server: int, kind: str,
                                                 snapshot: bool) -> None:
    way = clients.Clients(Programs(client)).fit_dump(server)  # type: ignore[arg-type]
    assert (way.format, way.snapshot) == (kind, snapshot)


@pytest.mark.parametrize("client, server", [
    ("9.4.1", 90500), ("13.2", 140001), ("15.1", 90100), ("17.1", 80400)])
def test_programs_that_do_not_fit_are_refused(client: str, server: int) -> None:
    with pytest.raises(Refused, match="pg_dump"):
        clients.Clients(Programs(client)).fit_dump(server)  # type: ignore[arg-type]


@pytest.mark.parametrize("text, number", [
    ("pg_dump (PostgreSQL) 8.4.22", 80400), ("pg_dump (PostgreSQL) 9.1.2", 90100),
    ("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", 150018), ("nonsense", 0)])
def test_version_numbers(text: str, number: int) -> None:
    assert clients.version_number(text) == number


@pytest.mark.parametrize("version,believed", [(90600, False), (140012, False), (150000, True)])
def test_write_counters_are_believed_from_15_on(version: int, believed: bool,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """An older server's collector tells them late: the rows deleted just now would be missed."""
    counters = {"stats_reset": "then", "tables": {"1": [1, 0, 0]}}
    monkeypatch.setattr(wayback.connecting, "connect",
                        lambda database, readonly: Recorder(version))
    monkeypatch.setattr(wayback.sessions, "foreign", lambda database: [])
    monkeypatch.setattr(wayback.catalog, "counters", lambda connection: counters)
    database: Any = SimpleNamespace(oid=7, server="one")
    values = {"quiet": True, "facts": {"oid": 7}, "server": {"id": "one"}, "tables": [],
              "large_objects": [], "sequences": [], "counters": counters}
    assert wayback.unwritten(database, values) is believed
