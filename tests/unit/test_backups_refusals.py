"""What backups refuse or tell when programs, servers, disks or sets are not as they must be."""

from __future__ import annotations

import errno
import fcntl
import gzip
import os
import time
from contextlib import nullcontext
from datetime import timedelta
from types import SimpleNamespace

import psycopg2
import pytest

from snftools.backups import (
    archive, clients, dump, dumping, lasting, manifest, meter, pgpass, prune, restore, roles,
    scratch, sets, show, space, swap, verify, watch, wayback)
from snftools.errors import Failed, NotVerified, Refused, SnfError, Usage
from snftools.node import Result


class Programs:
    """A node whose programs answer what a test says."""

    name, address = "n1", "local"

    def __init__(self, text="", exit=0, error=b""):
        self.text, self.exit, self.error = text, exit, error

    def run(self, argv, **settings):
        out = ("%s (PostgreSQL) %s\n" % (argv[0], self.text)).encode() if self.text else b""
        exit = 0 if self.text and "--version" in argv else self.exit
        return Result(tuple(argv), exit, out, self.error)


class Elsewhere(Programs):
    address = "root@n1"


class Server:
    """A maintenance session: what its queries give, what it was told."""

    def __init__(self, *answers, fails=""):
        self.answers, self.fails, self.told, self.closed = list(answers), fails, [], False

    def rows(self, session, query, arguments=()):
        assert session is self
        return self.answers.pop(0)

    def execute(self, session, query, arguments=()):
        self.told.append(query)
        if self.fails and self.fails in query:
            raise psycopg2.OperationalError("the server says no")


@pytest.fixture
def server(monkeypatch):
    def made(module, *answers, **more):
        one = Server(*answers, **more)
        for name in ("rows", "execute"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, getattr(one, name))
        return one
    return made


DATABASE = SimpleNamespace(name="db", oid=7, server="s", admin=None,
                           node=SimpleNamespace(name="n1"), programs_node=Programs())


# -- programs ----------------------------------------------------------------------------------

def test_a_program_that_is_not_there_is_named():
    with pytest.raises(Refused, match="there is no pg_dump"):
        clients.Clients(Programs(exit=127)).version("pg_dump")
    for read in (lambda one: one.read_dump("/d", []),
                 lambda one: archive.Stream(lambda size: None).read(one, "/dev/null")):
        with pytest.raises(Failed, match="there is no pg_restore"):
            read(clients.Clients(Programs("15.1", exit=127)))
        with pytest.raises(NotVerified, match="can't read the dump") as caught:
            read(clients.Clients(Programs("15.1", exit=1, error=b"no archive")))
        assert "no archive" in str(caught.value.why)


def test_a_pg_restore_that_does_not_fit_is_refused():
    with pytest.raises(Refused, match="too new for the server"):
        clients.Clients(Programs("17.1")).fit_restore(160000, "custom")
    with pytest.raises(Refused, match="must run where the set is"):
        clients.Clients(Elsewhere("15.1")).fit_restore(150000, "directory")
    with pytest.raises(Refused, match="older than the dump"):
        clients.Clients(Programs("14.1")).fit_read("pg_dump (PostgreSQL) 15.1")


# -- archives ----------------------------------------------------------------------------------

def test_a_member_that_cannot_be_read_is_told(tmp_path):
    path = tmp_path / "12.dat.gz"
    path.write_bytes(gzip.compress(b"rows" * 1000)[:-8])
    digest, problem = archive._member(str(path), b"", lambda size: None)
    assert digest == "" and problem.startswith("12.dat.gz can't be read")
    assert archive._size(str(tmp_path / "nowhere")) == 0


def test_a_dump_that_sets_fewer_sequences_than_it_lists_is_no_dump(tmp_path, monkeypatch):
    one = clients.Clients(Programs("15.1"))
    monkeypatch.setattr(clients.Clients, "entries", lambda *_: [(1, 2, "SEQUENCE SET")])
    monkeypatch.setattr(clients.Clients, "read_dump", lambda *_: "")
    with pytest.raises(NotVerified, match="sets 0 sequences, its list names 1"):
        archive.sequence_values(one, str(tmp_path))


def test_large_objects_before_one_is_opened_and_rows_without_a_copy_are_passed_over():
    stream = archive.Stream(lambda size: None)
    stream._sql(b"SELECT pg_catalog.lowrite(0, '\\x00');\n")
    stream._row(b"1\t2\n")
    stream._row(b"\\.\n")
    assert stream.found.tables == {0: ""} and stream.found.large_objects == {}


def test_sequences_that_the_dump_lacks_are_named():
    with pytest.raises(Failed, match="left out the sequences ids"):
        dump._dumped_sequences(DATABASE, {}, [{"schema": "public", "name": "ids"}])


DF = "/dev/sda1 1000000 0 %d 0%% /var\n"


@pytest.mark.parametrize("psql, said, exit, why", [
    ("9.6", DF % 2, 0, ""),
    ("9.6", DF % 1, 0, "1.0 kB are free for /var/jobs"),
    ("9.6", "/var: not writable\n", 1, "/var: not writable"),
    ("9.6", "nonsense\n", 0, "nonsense"),
    ("", DF % 2, 0, "there is no psql")])
def test_why_a_dump_is_not_made_on_another_machine(psql, said, exit, why):
    class Far(Elsewhere):
        keeps_in = "/var/jobs"

        def run(self, argv, **settings):
            if argv[0] == "psql":
                return Result(tuple(argv), 0 if psql else 127, psql.encode())
            return Result(tuple(argv), exit, said.encode())
    assert dumping.no_room(clients.Clients(Far()), 1500) == why


def test_without_a_snapshot_nobody_may_be_connected(monkeypatch):
    other = SimpleNamespace(describe=lambda: "pid 12 of www")
    monkeypatch.setattr(dump.sessions, "foreign", lambda one: [other])
    way = clients.Way("pg_dump 9.4", 90400, "custom", False, "no --snapshot")
    with pytest.raises(Refused, match=r"1 session\(s\) are connected to database db") as caught:
        dump._need_quiet(DATABASE, way)
    assert "pid 12 of www" in str(caught.value.why)


# -- sets --------------------------------------------------------------------------------------

def test_a_manifest_of_another_version_is_told(tmp_path):
    path = tmp_path / manifest.NAME
    path.write_bytes(manifest.render({"database": "db", "schema": 99}))
    with pytest.raises(NotVerified, match="has schema 99"):
        manifest.read(str(tmp_path))


def test_a_database_of_any_name_has_a_directory():
    assert sets.file_name("a/b c") == "a%002fb%0020c" and "/" not in sets.file_name("../x")


def test_no_sets_are_told_with_what_makes_one(tmp_path):
    assert show.lines([], str(tmp_path))[0] == "no backup set in %s" % tmp_path


def test_ages_and_what_a_kill_left(tmp_path):
    assert (prune.age("12h"), prune.age("30")) == (timedelta(hours=12), timedelta(days=30))
    with pytest.raises(Usage):
        prune.age("a week")
    (tmp_path / ".removing-x" / "db").mkdir(parents=True)
    prune.remove_leftovers(str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_what_is_no_file_or_not_in_the_dump_is_damage(tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    assert verify._check_file(str(tmp_path), "link", {}) == "link is no plain file"
    dumped = archive.Contents()
    assert verify._check_member("table t", 1, "x", {}, dumped) == "table t is not in the dump"
    dumped.problems[1] = "1.dat.gz can't be read"
    assert "can't be read" in verify._check_member("table t", 1, "x", {1: ""}, dumped)


@pytest.mark.parametrize("number, told", [(errno.EROFS, False), (errno.ENOSPC, True)])
def test_a_proof_that_cannot_be_written_down(number, told):
    def fail(database, proof):
        raise OSError(number, os.strerror(number))
    one = SimpleNamespace(name="S", add_proof=fail)
    if not told:
        return verify._record(one, "db", {})
    with pytest.raises(Failed, match="can't be written down"):
        verify._record(one, "db", {})


# -- passwords ---------------------------------------------------------------------------------

def test_a_password_with_a_line_end_is_refused():
    with pytest.raises(Refused, match="has a line end"):
        pgpass.line(SimpleNamespace(password="a\nb", dbname="db", host="", user="u"))


def test_password_files_of_the_living_stay(tmp_path):
    held, stale = tmp_path / (pgpass._HERE + "held"), tmp_path / (pgpass._HERE + "stale")
    held.mkdir()
    stale.mkdir()
    (tmp_path / (pgpass._HERE + "gone")).symlink_to("nowhere")
    handle = os.open(str(held), os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        pgpass.remove_stale(str(tmp_path))
    finally:
        os.close(handle)
    assert held.is_dir() and not stale.exists()


def test_password_files_of_the_dead_go_there_too():
    removed = []
    mine = "%s%s-" % (pgpass._THERE, pgpass.socket.gethostname())
    node = SimpleNamespace(
        list=lambda path: [mine + "0-aa", mine + "%d-bb" % os.getpid(), "other"],
        mkdir=lambda *_, **more: None, write=lambda *_, **more: None, rmdir=removed.append,
        remove=lambda path: None)
    params = SimpleNamespace(password="p", dbname="db", host="h", user="u")
    with pgpass._file_there(node, params):
        assert removed == ["/tmp/" + mine + "0-aa"]
    assert len(removed) == 2


# -- room --------------------------------------------------------------------------------------

def test_a_server_without_room_and_one_that_does_not_tell(monkeypatch):
    values = {"facts": {"size": 1000}}
    monkeypatch.setattr(space, "_server_room", lambda *_: (999, "/var/lib/pg"))
    with pytest.raises(Refused, match="not enough space for a copy of db"):
        space.need_on_server(None, DATABASE, values)
    monkeypatch.setattr(space, "_server_room", lambda *_: (-1, ""))
    space.need_on_server(None, DATABASE, values)


def test_where_the_server_keeps_its_data_may_not_be_known(monkeypatch):
    def no(*_):
        raise psycopg2.ProgrammingError("permission denied")
    monkeypatch.setattr(space.connecting, "rows", no)
    assert space._server_room(None, DATABASE) == (-1, "")
    monkeypatch.setattr(space.connecting, "rows", lambda *_: [["/var/lib/pg"]])
    assert space._server_room(None, DATABASE) == (-1, "")  # its df says nothing


def test_a_damaged_set_tells_nothing_of_the_size(monkeypatch):
    def damaged(name):
        raise NotVerified("damaged")
    one = SimpleNamespace(complete=lambda: True, databases=("db",), manifest=damaged)
    monkeypatch.setattr(space.sets, "list_sets", lambda path: [one])
    assert space.previous("/b", "db") == {}


def test_a_meter_tells_of_bytes_from_time_to_time(monkeypatch):
    told = []
    progress = SimpleNamespace(event=lambda *words, **more: told.append(more.get("done")))
    one = meter.Meter(progress, "dumping", DATABASE, 10)
    one.tell(1)
    assert told == [None]
    one._told = time.monotonic() - meter.EVERY
    one.tell(2)
    assert told == [None, 3]


def test_a_size_that_cannot_be_asked_is_no_failure(monkeypatch):
    def no(*_, **more):
        raise SnfError("no connection")
    monkeypatch.setattr(meter.connecting, "connect", no)
    with meter.growing(SimpleNamespace(at=None), DATABASE, "copy"):
        pass


# -- servers -----------------------------------------------------------------------------------

FACTS = {"owner": "o", "encoding": "UTF8", "collate": "C", "ctype": "C"}


def test_a_copy_that_cannot_be_made_is_told(server):
    one = server(scratch, fails="CREATE DATABASE")
    with pytest.raises(Failed, match="can't create database copy"):
        scratch.make(one, "copy", FACTS)


def test_a_name_that_another_command_holds(server):
    one = server(scratch, [["a"], ["b"]], [[False]], [[True]], [[True]])
    assert scratch.unclaimed(one) == ["b"]
    one = server(scratch, [[False]])
    with pytest.raises(Refused, match="another command is at work: copy"):
        with scratch.claimed(one, "copy"):
            raise AssertionError
    one = server(scratch, [[True]])
    with scratch.claimed(one, "copy"):
        one.closed = True  # the server is gone, and the claim with it


def test_roles_that_something_needs_stay(server, monkeypatch):
    one = server(roles, [["r"]], fails="DROP ROLE")
    monkeypatch.setattr(roles.admin, "roles_of", lambda values: ())
    monkeypatch.setattr(roles.admin, "missing_roles", lambda *_: ())
    with roles.made(one, {}):
        one.closed = True
    assert one.told == ['DROP ROLE IF EXISTS "r"']


def test_a_database_that_is_not_ours_is_not_replaced(monkeypatch):
    monkeypatch.setattr(restore, "restorable", lambda *_: {})
    monkeypatch.setattr(restore.scratch, "exists", lambda *_: True)
    monkeypatch.setattr(restore.scratch, "is_ours", lambda *_: False)
    with pytest.raises(Refused, match="that this tool did not make"):
        restore._copy(None, None, DATABASE, "db_new", None, 1)


KEPT = {"name": "db", "old_oid": 1, "new_oid": 7, "before": "db_before_x"}


@pytest.mark.parametrize("kept, oid, said", [
    ({**KEPT, "new_oid": 8}, 1, "was replaced again since"),
    ({**KEPT, "before": ""}, 1, "replaced no database db"),
    (KEPT, 2, "database db_before_x is not there any more")])
def test_what_cannot_be_swapped_back(monkeypatch, kept, oid, said):
    class Session:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None
    monkeypatch.setattr(swap.connecting, "connect", lambda *_, **more: Session())
    monkeypatch.setattr(swap, "_oid", lambda *_: oid)
    with pytest.raises(Refused, match=said):
        swap.undo([DATABASE], [kept], "x", terminate=True)


def test_names_that_cannot_be_swapped(monkeypatch):
    def no(*_):
        raise psycopg2.OperationalError("is being accessed by other users")
    guest = SimpleNamespace(application="psql")
    monkeypatch.setattr(swap, "_oid", lambda *_: 1)
    monkeypatch.setattr(swap, "_rename", no)
    monkeypatch.setattr(swap.sessions, "on", lambda *_: [guest])
    with pytest.raises(Refused, match="the names can't be swapped"):
        swap.swap(None, [("db", "db_new", "db_before")])
    oids = iter((1, 2, 3))
    monkeypatch.setattr(swap, "_oid", lambda *_: next(oids))
    monkeypatch.setattr(swap, "_rename", lambda *_: None)
    with pytest.raises(Failed, match="is not the copy after the swap"):
        swap.swap(None, [("db", "db_new", "db_before")])


def test_sessions_that_are_going_are_waited_for(monkeypatch):
    tries = []

    def soon(*_):
        tries.append(1)
        if len(tries) < 3:
            raise psycopg2.OperationalError("is being accessed by other users")
    monkeypatch.setattr(swap, "_oid", lambda *_: 1)
    monkeypatch.setattr(swap, "_rename", soon)
    monkeypatch.setattr(swap.sessions, "on", lambda *_: [])
    monkeypatch.setattr(swap.sessions, "terminate", lambda *_: None)
    assert len(swap.swap(None, [("db", "db_new", "db_before")], terminate=True)) == 1
    assert len(tries) == 3


def test_a_session_that_is_gone_drops_nothing(server, monkeypatch):
    one = server(scratch, [[True]])
    monkeypatch.setattr(scratch.connecting, "connect", lambda *_, **more: nullcontext(one))
    monkeypatch.setattr(scratch, "remove_stale", lambda session: [])
    monkeypatch.setattr(scratch.Clients, "of", classmethod(
        lambda cls, database: SimpleNamespace(fit_restore=lambda *_: None)))
    monkeypatch.setattr(scratch.space, "need_on_server", lambda *_: None)
    monkeypatch.setattr(scratch.admin, "need_roles", lambda *_: None)
    one.server_version = 150000
    with scratch.scratch(DATABASE, {"format": "custom"}) as (session, name):
        assert name.endswith("_db")
        session.closed = True
    assert one.told == []


def test_a_copy_gets_the_settings_rights_and_limit_of_the_set(server):
    one = server(scratch)
    scratch.apply_settings(one, "copy", {"connlimit": 5, "acl": ["=T/o", "w=C*c/o"], "settings": [
        ("", ["search_path=a, b", "work_mem=1MB"]), ("w", ["work_mem=2MB"])]})
    assert one.told == [
        'ALTER DATABASE "copy" SET "search_path" TO a, b',
        'ALTER DATABASE "copy" SET "work_mem" TO %s',
        'ALTER ROLE "w" IN DATABASE "copy" SET "work_mem" TO %s',
        'ALTER DATABASE "copy" CONNECTION LIMIT 5', 'REVOKE ALL ON DATABASE "copy" FROM PUBLIC',
        'GRANT TEMPORARY ON DATABASE "copy" TO PUBLIC',
        'GRANT CREATE ON DATABASE "copy" TO w WITH GRANT OPTION',
        'GRANT CONNECT ON DATABASE "copy" TO w']


def test_the_administrator_on_another_machine_is_postgres_there(monkeypatch):
    monkeypatch.setattr(scratch.peer, "place", lambda one: ("", "/run/pg/.s.PGSQL.5433"))
    one = SimpleNamespace(admin="", owner=SimpleNamespace(port=5433))
    before, target = scratch._as_admin(SimpleNamespace(here=False), one, "copy")
    assert before == scratch.peer.as_postgres([]) and "/run/pg" in target and "5433" in target


def test_the_room_of_a_server_elsewhere_is_not_known():
    one = SimpleNamespace(admin="postgresql://postgres@db.example.org/postgres")
    assert space._server_room(None, one) == (-1, "")


def test_a_copy_that_fails_from_a_good_archive_fails(monkeypatch):
    def no(*_, **more):
        raise Failed("pg_restore of db: exit 1")
    monkeypatch.setattr(verify.scratch, "fill", no)
    monkeypatch.setattr(verify, "check_archive", lambda *_: None)
    monkeypatch.setattr(verify.Clients, "of", classmethod(lambda cls, database: None))
    with pytest.raises(Failed, match="pg_restore of db"):
        verify._fill(None, DATABASE, {}, "copy", None, 1)


@pytest.mark.parametrize("params, node, expected", [
    (SimpleNamespace(libpq=True), Programs(), ""),
    (SimpleNamespace(libpq=False), Elsewhere(), "/there")])
def test_where_the_password_file_lies(monkeypatch, params, node, expected):
    monkeypatch.setattr(pgpass, "_file_there", lambda *_: nullcontext("/there"))
    with pgpass.pgpass("/b", params, node) as path:
        assert path == expected


# -- copies that last ----------------------------------------------------------------------------

def test_roles_that_cannot_be_made_are_told_with_their_lines(server, monkeypatch):
    one = server(lasting, fails="CREATE ROLE")
    monkeypatch.setattr(lasting.admin, "missing_roles", lambda *_: ["w"])
    with pytest.raises(Refused, match="can't be made") as caught:
        lasting.need_roles(one, ["w"], "w", "p", (), lambda name: None)
    assert caught.value.next == 'CREATE ROLE "w" LOGIN;'


def test_a_database_of_a_copys_name_that_somebody_made(server):
    with pytest.raises(Refused, match="there is a database db_rehearsal already"):
        lasting.refuse_foreign(server(scratch, [[1]], []), "db_rehearsal", "n1")


def test_roles_that_something_needs_are_left(server):
    one = server(lasting, fails='"b"')
    assert lasting.drop_roles(one, ["a", "b"]) == ["b"]


def test_an_outward_table_that_the_copy_lacks_is_passed_over(server, monkeypatch):
    one = server(lasting, [])
    monkeypatch.setattr(lasting, "replace", lambda database, **more: database)
    monkeypatch.setattr(lasting.connecting, "connect", lambda *_, **more: nullcontext(one))
    rows = {"t": {"component": "cyclades", "column": "c", "key": "k"},
            "u": {"component": "astakos", "column": "c", "key": "k"}}
    assert lasting.neutralize(DATABASE, "copy", {"rows": rows}, ["cyclades"]) == []
    assert one.told == []


# -- a dump that is watched ----------------------------------------------------------------------

@pytest.fixture
def watched(tmp_path, monkeypatch):
    """A dump's watch, what it told, and what the server answers."""
    told = []
    progress = SimpleNamespace(event=lambda what, **more: told.append((what, more.get("text"))))
    one = watch.Watch(DATABASE, progress, 100, str(tmp_path / "log"))
    one._meter = SimpleNamespace(at=told.append)
    told.clear()
    answers = {}
    monkeypatch.setattr(watch.connecting, "rows",
                        lambda session, query, arguments=(): answers[query])
    return one, told, answers


def test_bytes_that_the_server_says_without_those_of_our_own_sessions(watched):
    one, told, answers = watched
    one.own(12)
    one.tell(5)
    session = SimpleNamespace(server_version=150000)
    for size in (10, 30, 20):  # a COPY that begins anew takes nothing back
        answers[watch._COPIES] = [(11, 1, size), (12, 1, 1000)]
        answers[watch._WAITING] = []
        one._look(session, {})
    assert told == [15, 35, 35]


def test_bytes_of_the_tables_that_an_old_pg_dump_names(watched, tmp_path):
    one, told, answers = watched
    (tmp_path / "log").write_text('pg_dump: dumping contents of table "public.t"\n'
                                  "pg_dump: dumping contents of table u\n")
    one._look(SimpleNamespace(server_version=90100), {"public.t": 7, "u": 3})
    assert told == [10]


def test_who_keeps_a_dump_waiting_is_told(watched, monkeypatch):
    one, told, answers = watched
    answers.update({watch._COPIES: [], watch._WAITING: [(1,)]})
    monkeypatch.setattr(watch.locks, "holders", lambda session: ["pid 7 of www"])
    one._look(SimpleNamespace(server_version=150000), {})
    assert told == [("waiting", "pid 7 of www")]
    monkeypatch.setattr(watch.locks, "holders", lambda session: [])
    one._look(SimpleNamespace(server_version=150000), {})
    assert told[1:] == [0]


# -- the way back of a database ------------------------------------------------------------------

def test_the_set_that_equals_a_database(monkeypatch):
    """Damaged ones are passed over, the content is read once, the newest difference is told."""
    def damaged(name):
        raise NotVerified("damaged")
    old, new = (SimpleNamespace(name=name, manifest=lambda _, name=name: name)
                for name in ("old", "new"))
    broken = SimpleNamespace(name="broken", manifest=damaged)
    read = []
    monkeypatch.setattr(wayback.sets, "list_sets", lambda path: [old, new, broken])
    monkeypatch.setattr(wayback, "_fits", lambda *_: True)
    monkeypatch.setattr(wayback, "_intact", lambda *_: True)
    monkeypatch.setattr(wayback, "unwritten", lambda *_: False)
    monkeypatch.setattr(wayback, "now", lambda database: read.append(1) or {})
    differing = {"new": ["table a", "table b"], "old": []}
    monkeypatch.setattr(wayback.digest, "differences", lambda values, _: differing[values])
    assert wayback.equal("/b", DATABASE) is old and read == [1]
    differing["old"] = ["table c"]
    assert wayback._compared("/b", DATABASE, "restore", "") == (
        None, ["since new was taken: table a", "table b"])
    monkeypatch.setattr(wayback, "unwritten", lambda *_: True)
    assert wayback.equal("/b", DATABASE) is new and read == [1, 1]
