"""Backups with the programs of another machine: over ssh, as a stream, proven there."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Iterator, List

import pytest

from tests.helpers import cli
from tests.helpers.lab import SIMPLE, Lab, state_of, wait_for
from tests.ssh.test_ssh_node import SSHD, address

JOBS = Path("/var/lib/snf-upgrade/jobs")

__all__ = ["address"]

pytestmark = [pytest.mark.skipif(SSHD is None, reason="no sshd here"),
              pytest.mark.skipif(os.geteuid() != 0, reason="sshd needs root to log in")]


@pytest.fixture(scope="module")
def far() -> Iterator[Lab]:
    """A server whose owner needs a password and whose postgres is known by peer alone."""
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("no user postgres here")
    lab = Lab()
    try:
        lab.database("db", SIMPLE)
        lab.postgres.execute("ALTER ROLE owner PASSWORD 'far away'")
        lab.postgres.execute("ALTER ROLE owner SET idle_in_transaction_session_timeout = '500ms'")
        settings = lab.dir / "settings"
        settings.mkdir()
        (settings / "20-pithos.conf").write_text(
            "PITHOS_BACKEND_DB_CONNECTION = 'postgresql://owner:far%%20away@/db?host=%s'\n"
            % lab.server.socket)
        (lab.server.data / "pg_hba.conf").write_text(
            "local all postgres peer\nlocal all reader trust\nlocal all all scram-sha-256\n")
        lab.sql("SELECT pg_reload_conf()", "db", "postgres")
        yield lab
    finally:
        lab.destroy()


def words(lab: Lab, address: str, *arguments: str) -> List[str]:
    return ["--node", address, "--backup-dir", str(lab.backups), "--role", "pithos",
            "--settings-dir", str(lab.dir / "settings"), *arguments]


def left() -> List[Path]:
    """Passwords, and dumps with what makes them."""
    return [*Path("/tmp").glob(".snf-pgpass-*"), *JOBS.glob("*")]


@pytest.fixture
def slow(far: Lab) -> Iterator[Path]:
    """A directory: pg_dump there counts its starts in "started", and waits for "go"."""
    programs = Path(tempfile.mkdtemp(dir=str(far.dir)))
    programs.chmod(0o755)  # postgres restores by them
    for name in ("psql", "pg_restore"):
        (programs / name).symlink_to(str(shutil.which(name)))
    own_pg_dump(programs, "echo x >>%s/started; until [ -e %s/go ]; do sleep 0.1; done"
                % (programs, programs))
    yield programs
    (programs / "go").touch()


def own_pg_dump(directory: Path, before: str) -> None:
    """A pg_dump that does something else before its work."""
    (directory / "pg_dump").write_text('#!/bin/sh\n[ "$1" = --version ] || { %s; }\nexec %s "$@"\n'
                                       % (before, shutil.which("pg_dump")))
    (directory / "pg_dump").chmod(0o755)


def listener() -> int:
    """The process id of the tests' sshd."""
    conf = os.path.dirname(os.environ["SNF_UPGRADE_SSH_CONFIG"]) + "/sshd.conf"
    return int(subprocess.run(["pgrep", "-o", "-f", "sshd -D -f %s" % conf],
                              stdout=subprocess.PIPE, check=True).stdout)


def cut_lines() -> None:
    """End every session of that sshd: the lines break for who is at the other end."""
    subprocess.run(["pkill", "-KILL", "-P", "%d" % listener()], check=True)


def test_a_far_database_is_taken_and_proven_by_peer(far: Lab, address: Any) -> None:
    """The node's own pg_dump and pg_restore, the owner's password in a file on the node, the
    administrator by runuser there."""
    done = cli.run("snf-backup-db", "create", "--label", "l",
                   *words(far, address, "--verify", "restore"), env=far.env).expect(0)
    assert "restore" in done.out
    values = json.loads((far.sets()[-1] / "db" / "manifest.json").read_text())
    assert values["format"] == "custom" and values["snapshot"] is True
    assert not left()
    cli.run("snf-restore-db", "l", *words(far, address, "--as", "beside"), "--yes",
            env=far.env).expect(0)


def test_what_a_kill_leaves_there_goes_at_the_next_start(far: Lab, address: Any) -> None:
    env = {**far.env, "SNF_UPGRADE_FAILPOINT": "dump.running:db=SIGKILL"}
    cli.run("snf-backup-db", "create", "--label", "l",
            *words(far, address, "--verify", "files"), env=env).expect(-9)
    assert [path.stat().st_mode & 0o777 for path in left()] == [0o700, 0o700]
    cli.run("snf-backup-db", "create", "--label", "l",
            *words(far, address, "--verify", "files"), env=far.env).expect(0)
    assert not left()


def create(lab: Lab, address: str, programs: Path, *more: str) -> List[str]:
    """The words of snf-backup-db create with those programs."""
    conf = programs / "site.conf"
    conf.write_text("name = far\nbackup_dir = %s\n[databases]\nbindir = %s\n"
                    "[nodes]\n[[far]]\naddress = %s\nroles = pithos,\n"
                    % (lab.backups, programs, address))
    return cli.argv_of("snf-backup-db", "create", "--label", "l", "--site", str(conf),
                       "--settings-dir", str(lab.dir / "settings"), *more)


def creating(lab: Lab, address: str, programs: Path, **more: str) -> "subprocess.Popen[str]":
    """That command at work."""
    return subprocess.Popen(
        create(lab, address, programs, "--verify", "archive"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True, env=cli.environment(None, {**lab.env, **more}))


def told(lab: Lab, address: str, programs: Path) -> str:
    """What --check says of the way in which it would be made."""
    said = subprocess.run(create(lab, address, programs, "--check"), stdout=subprocess.PIPE,
                          env=cli.environment(None, lab.env), text=True).stdout
    return said.splitlines()[-1]


def begun(process: "subprocess.Popen[str]", programs: Path) -> None:
    """Wait for its pg_dump's start."""
    wait_for(lambda: (programs / "started").exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()[0]


def test_a_dump_outlives_the_line_and_so_does_its_snapshot(
        far: Lab, address: Any, slow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut before anything is read, while pg_dump is at work: a row that comes then is neither
    in the dump nor in the digests, and pg_dump was started once.  No timeout of the server ends
    what holds the snapshot."""
    monkeypatch.setenv("PGPASSWORD", "far away")
    before = far.sql("SELECT count(*) FROM users")
    process = creating(far, address, slow, SNF_UPGRADE_FAILPOINT="dump.running:db=SIGSTOP")
    begun(process, slow)
    wait_for(lambda: state_of(process.pid) == "T")
    cut_lines()
    wait_for(lambda: far.sql("SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction'"
                             " AND now() - state_change > '2 s'"))
    far.sql("INSERT INTO users (name) VALUES ('too late') RETURNING id")
    process.send_signal(signal.SIGCONT)
    (slow / "go").touch()
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert (slow / "started").read_text() == "x\n"
    values = json.loads((far.sets()[-1] / "db" / "manifest.json").read_text())
    (users,) = [table for table in values["tables"] if table["name"] == "users"]
    assert [(users["rows"],)] == before
    assert not left()


def test_an_old_servers_dump_outlives_the_line_too(far: Lab, address: Any, slow: Path) -> None:
    """There is no snapshot to hold: nobody else is connected."""
    process = creating(far, address, slow, SNF_UPGRADE_OLD_PG="snapshot",
                       SNF_UPGRADE_FAILPOINT="dump.running:db=SIGSTOP")
    begun(process, slow)
    wait_for(lambda: state_of(process.pid) == "T")
    cut_lines()
    process.send_signal(signal.SIGCONT)
    (slow / "go").touch()
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    values = json.loads((far.sets()[-1] / "db" / "manifest.json").read_text())
    assert values["snapshot"] is False and values["quiet"] is True
    assert not left()


def test_a_line_that_stays_cut_is_for_the_next_command(far: Lab, address: Any, slow: Path,
                                                       tmp_path: Path) -> None:
    """Nothing half done counts, and what was left there goes at the next start."""
    config = tmp_path / "config"
    config.write_text("ConnectTimeout 1\n" + Path(
        os.environ["SNF_UPGRADE_SSH_CONFIG"]).read_text())
    process = creating(far, address, slow, SNF_UPGRADE_SSH_CONFIG=str(config),
                       SNF_UPGRADE_COME_BACK="1")
    begun(process, slow)
    sshd = listener()
    os.kill(sshd, signal.SIGSTOP)
    try:
        cut_lines()
        said, _ = process.communicate(timeout=300)
    finally:
        os.kill(sshd, signal.SIGCONT)
    assert process.returncode == 1, said
    assert "the same line again" in said
    assert not (far.sets()[-1] / "db" / "manifest.json").exists()
    assert left()
    (slow / "go").touch()
    process = creating(far, address, slow)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert not left()


def test_an_interrupt_ends_the_dump_there(far: Lab, address: Any, slow: Path) -> None:
    assert told(far, address, slow) == "db: format custom, made there and brought over"
    process = creating(far, address, slow)
    begun(process, slow)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 130, said
    assert not left()
    assert subprocess.run(["pgrep", "-f", str(slow / "pg_dump")]).returncode == 1


@pytest.fixture
def small() -> Iterator[Path]:
    """The directory for such programs has a disk of its own, of 20 MB."""
    JOBS.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", str(JOBS)])
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield JOBS
    subprocess.run(["umount", "-l", str(JOBS)], check=True)


def test_where_there_is_no_room_the_dump_is_a_stream(far: Lab, address: Any, slow: Path,
                                                     small: Path) -> None:
    subprocess.run(["dd", "if=/dev/zero", "of=%s" % (small / "full")], stderr=subprocess.DEVNULL)
    assert told(far, address, slow) == "db: format custom, a stream that ends with the line:" \
        " 0 B are free for %s" % small
    process = creating(far, address, slow)
    begun(process, slow)
    assert list(small.iterdir()) == [small / "full"]
    (slow / "go").touch()
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said


def test_a_disk_that_fills_there_is_said(far: Lab, address: Any, slow: Path, small: Path) -> None:
    own_pg_dump(slow, 'dd if=/dev/zero of="$SNF_JOB/full" 2>/dev/null')
    process = creating(far, address, slow)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 1, said
    assert "0 B are free for %s" % small in said and "INCOMPLETE" in said
    assert not left()
