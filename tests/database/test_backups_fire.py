"""Backups and restores under fire: servers that die, sessions cut, signals, full disks, locks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Iterator, List

import pytest

from snftools.backups import sets, swap
from snftools.database.find import Database
from snftools.database.params import from_target
from snftools.node import open_node
from snftools.site import bare_entry
from tests.helpers import cli
from tests.helpers.lab import SIMPLE, Lab, wait_for

ALL = bool(os.environ.get("SNF_TEST_FIRE"))  # make fire: every point with every signal

CREATE_POINTS = ["dump.running:db", "dump.done:db", "file.synced:*manifest.json"]
PROOF_POINTS = ["proof.made:db", "proof.filled:db"]
RESTORE_POINTS = ["restore.made:db", "restore.filled:db", "swap.copied:db", "swap.inside:db",
                  "swap.done:db"]
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
CODES = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}

COUNT = "SELECT count(*) FROM users"


@pytest.fixture(scope="module")
def ready(lab: Lab) -> Lab:
    lab.database("db", SIMPLE)
    lab.create("--verify", "restore").expect(0)
    return lab


def cases(points: List[str]) -> Any:
    """Every signal at every point in `make fire`; else KILL at each, another at one."""
    return [(point, number) for point in points for number in SIGNALS
            if ALL or number == signal.SIGKILL or point == points[0]]


def fire(lab: Lab, point: str, number: signal.Signals, command: str, *arguments: str) -> None:
    """Run until the point, where the signal hits."""
    env = {**lab.env, "SNF_UPGRADE_FAILPOINT": "%s=%s" % (point, number.name)}
    done = cli.run(command, *arguments, env=env)
    # Who is asked to end may have done all by then, and says so.
    assert done.code == CODES[number] or number != signal.SIGKILL and done.code == 0, done


@pytest.mark.parametrize("point, number", cases(CREATE_POINTS + PROOF_POINTS))
def test_a_signal_during_create_and_proof(ready: Lab, point: str, number: signal.Signals) -> None:
    """The set is INCOMPLETE or unproven, nothing is in the way, the next one is whole."""
    before = len(ready.sets())
    fire(ready, point, number, "snf-backup-db", "create", "--label", "l", "--verify", "restore",
         *ready.words("db"))
    if number != signal.SIGKILL:
        ready.check_clean()
    ready.create("--verify", "restore").expect(0)
    listed = cli.run("snf-backup-db", "list", "--json", "--backup-dir", ready.backups,
                     env=ready.env).json["result"]["sets"]
    cut = [one for one in listed if not one["complete"]]
    assert bool(cut) == (point in CREATE_POINTS) or number != signal.SIGKILL
    ready.prune().expect(0)
    assert len(ready.sets()) == before + (1 if cut else 2)
    wait_for(lambda: not ready.children())
    ready.check_clean()


@pytest.mark.parametrize("point, number", cases(RESTORE_POINTS))
def test_a_signal_during_restore_leaves_the_old_or_the_new(
        ready: Lab, point: str, number: signal.Signals) -> None:
    ready.sql("DELETE FROM users WHERE id > 1000")
    fire(ready, point, number, "snf-restore-db", "l", *ready.words("db"), "--yes")
    assert ready.sql(COUNT) in ([(1000,)], [(2000,)])
    wait_for(lambda: not ready.children())
    left = "db_new" in ready.names()
    told = ready.restore("--check", "--json").json
    noted = [one["where"] for one in told["findings"]]
    assert noted == (["db_new"] if left else [])
    ready.restore().expect(0)
    assert ready.sql(COUNT) == [(2000,)] and "db_new" not in ready.names()
    ready.restore("--check").expect(0)
    if point == "swap.done:db":
        cli.run("snf-restore-db", "--undo", *ready.words("db"), "--yes",
                env=ready.env).expect(0)
        ready.restore().expect(0)
    for name in ready.names():
        if name.startswith("db_before"):
            ready.postgres.execute('DROP DATABASE "%s"' % name)


def test_a_name_taken_in_this_second_is_not_taken_again(
        ready: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = ["20131112T000411Z", "20131112T000411Z", "20131112T000412Z"]
    monkeypatch.setattr(sets, "moment", lambda: moments.pop(0))
    here = Database("db", (), open_node(bare_entry("local")), from_target(ready.uri()),
                    admin=ready.admin)
    ready.postgres.execute('CREATE DATABASE "db_before_20131112T000411Z"')
    try:
        assert swap.free_moment([here]) == "20131112T000412Z" and not moments
    finally:
        ready.postgres.execute('DROP DATABASE "db_before_20131112T000411Z"')


def test_sessions_cut_while_it_dumps(ready: Lab) -> None:
    """pg_terminate_backend of all: exit 1 that says so, the set is INCOMPLETE."""
    code, out = ready.stopped_at("dump.running:db", "snf-backup-db", "create", "--label", "cut",
                                 *ready.words("db"), meanwhile=lambda: cut(ready, "db"))
    assert code == 1 and "INCOMPLETE" in out, out
    assert ready.prune().expect(0)
    ready.check_clean()


def test_sessions_cut_while_it_proves(ready: Lab) -> None:
    """The scratch database can't be dropped then: the next start drops it."""
    def meanwhile() -> None:
        cut(ready, "postgres")
        cut(ready, [name for name in ready.names() if name.startswith("snf_verify")][0])
    code, out = ready.stopped_at("proof.filled:db", "snf-backup-db", "verify", "l", "--level",
                                 "restore", *ready.words("db"), meanwhile=meanwhile)
    assert code == 1 and "Traceback" not in out, out
    ready.verify("restore").expect(0)
    ready.check_clean()


def test_sessions_cut_while_it_restores(ready: Lab) -> None:
    ready.sql("DELETE FROM users WHERE id > 1000")
    code, out = ready.stopped_at("restore.filled:db", "snf-restore-db", "l", *ready.words("db"),
                                 "--yes", meanwhile=lambda: cut(ready, "postgres"))
    assert code == 1 and "Traceback" not in out and ready.sql(COUNT) == [(1000,)], out
    ready.restore().expect(0)
    assert ready.sql(COUNT) == [(2000,)]


def cut(lab: Lab, dbname: str) -> None:
    lab.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'"
            " AND pid <> pg_backend_pid()" % dbname, "postgres", "postgres")


@pytest.mark.parametrize("point, arguments", [
    ("dump.running:db", ["create", "--label", "dead"]),
    ("proof.filled:db", ["verify", "l", "--level", "restore"])])
def test_the_server_dies_and_comes_back(ready: Lab, point: str, arguments: List[str]) -> None:
    code, out = ready.stopped_at(point, "snf-backup-db", *arguments, *ready.words("db"),
                                 meanwhile=ready.kill_server)
    assert code == 1 and "Traceback" not in out, out
    assert ready.create().expect(1).err.count("does not answer") == 1
    ready.server.start()
    ready.verify("restore").expect(0)
    ready.prune().expect(0)
    ready.check_clean()


@pytest.mark.parametrize("point", ["restore.filled:db", "swap.inside:db"])
def test_the_server_dies_during_a_restore(ready: Lab, point: str) -> None:
    """Nothing was committed: the old database has its name, and the next restore goes through."""
    ready.sql("DELETE FROM users WHERE id > 1000")
    code, out = ready.stopped_at(point, "snf-restore-db", "l", *ready.words("db"), "--yes",
                                 meanwhile=ready.kill_server)
    ready.server.start()
    assert code == 1 and "Traceback" not in out, out
    assert ready.sql(COUNT) == [(1000,)]
    ready.restore().expect(0)
    assert ready.sql(COUNT) == [(2000,)] and "db_new" not in ready.names()


def test_the_server_restarts_in_the_midst(ready: Lab) -> None:
    def restart() -> None:
        ready.server.stop()
        ready.server.start()
    code, out = ready.stopped_at("dump.running:db", "snf-backup-db", "create", "--label", "r",
                                 *ready.words("db"), meanwhile=restart)
    assert code == 1 and "Traceback" not in out, out
    ready.prune().expect(0)


@pytest.fixture
def mounted(lab: Lab) -> Iterator[Path]:
    """A tmpfs of 5 MB."""
    place = lab.dir / "small"
    place.mkdir(exist_ok=True)
    if os.geteuid() != 0 or subprocess.call(
            ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(place)]) != 0:
        pytest.skip("no tmpfs can be mounted here")
    yield place
    subprocess.check_call(["umount", str(place)])


def test_a_full_disk_in_the_midst_of_a_dump(ready: Lab, mounted: Path) -> None:
    """The estimate (last backup's ratio) lets it begin; then it grows."""
    words = ["--backup-dir", str(mounted), "-d", ready.uri(), "--db-admin", ready.admin]
    cli.run("snf-backup-db", "create", "--label", "l", *words, "--verify", "files",
            env=ready.env).expect(3)
    # Random bytes do not compress: the dump is bigger than the estimate of the first one's ratio.
    shutil.copytree(str(ready.sets()[0]), str(mounted / ready.sets()[0].name))
    ready.sql("CREATE TABLE noise AS SELECT decode(string_agg(md5(random()::text), ''), 'hex') b"
              " FROM generate_series(1, 400000) i GROUP BY i % 100")
    done = cli.run("snf-backup-db", "create", "--label", "full", *words, "--verify", "files",
                   env=ready.env).expect(1)
    assert "No space left" in done.err and "Traceback" not in done.err
    kept, = [one for one in cli.run("snf-backup-db", "list", "--json", "--backup-dir", mounted,
             env=ready.env).json["result"]["sets"] if one["complete"]]
    assert kept["label"] == "l"
    cli.run("snf-backup-db", "prune", "--yes", "--backup-dir", mounted, env=ready.env).expect(0)
    assert len(list(mounted.glob("2*"))) == 1
    ready.sql("DROP TABLE noise")


def test_a_read_only_directory(ready: Lab, mounted: Path) -> None:
    subprocess.check_call(["mount", "-o", "remount,ro", str(mounted)])
    done = cli.run("snf-backup-db", "create", "--label", "l", "--backup-dir", mounted, "-d",
                   ready.uri(), env=ready.env).expect(1)
    assert "backup directory" in done.err and "Traceback" not in done.err


def test_a_locked_table_is_told_with_its_holder(ready: Lab) -> None:
    other = ready.postgres.connect("db")
    other.cursor().execute("SET application_name = 'an operator'; LOCK TABLE files")
    done = ready.create("--lock-wait", "1").expect(1)
    assert "public.files is locked by postgres pid" in done.err and "an operator" in done.err
    other.close()
    ready.prune().expect(0)
    ready.create().expect(0)


def test_a_table_dropped_meanwhile_waits_for_the_backup(ready: Lab) -> None:
    ready.sql("CREATE TABLE doomed (id integer); INSERT INTO doomed VALUES (1)")
    droppers: List[subprocess.Popen] = []

    def drop() -> None:
        droppers.append(subprocess.Popen(
            ["psql", "-qX", "-c", "DROP TABLE doomed", ready.postgres.dsn("db", "owner")]))
        wait_for(lambda: ready.sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
    code, out = ready.stopped_at("dump.running:db", "snf-backup-db", "create", "--label", "l",
                                 "--verify", "archive", *ready.words("db"), meanwhile=drop)
    assert droppers[0].wait(60) == 0
    # Either it was read before, whole; or pg_dump says what it could not have.
    assert code == 0 or code == 1 and "doomed" in out, out
    ready.prune().expect(0)


def test_two_creates_at_once(ready: Lab) -> None:
    def second() -> None:
        done = ready.create().expect(75)
        assert "in use" in done.err
    code, out = ready.stopped_at("dump.running:db", "snf-backup-db", "create", "--label", "l",
                                 *ready.words("db"), meanwhile=second)
    assert code == 0, out


def test_progress_is_in_bytes_and_names_who_waits(ready: Lab) -> None:
    """On --status-fd, while another holds a lock for a moment."""
    other = ready.postgres.connect("db")
    other.cursor().execute("LOCK TABLE files")
    reader, writer = os.pipe()
    process = subprocess.Popen(
        cli.argv_of("snf-backup-db", "create", "--label", "l", "--status-fd", str(writer),
                    *ready.words("db")), env=cli.environment(None, ready.env),
        pass_fds=[writer], stdout=subprocess.DEVNULL)
    os.close(writer)
    wait_for(lambda: ready.sql("SELECT 1 FROM pg_locks WHERE NOT granted", "db", "postgres"))
    other.close()
    assert process.wait(120) == 0
    with os.fdopen(reader) as stream:
        events = [json.loads(line) for line in stream]
    assert {event["event"] for event in events} >= {"verifying files", "verifying archive"}
