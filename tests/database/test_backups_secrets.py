"""Nothing secret in any process's arguments or environment, a log, JSON or a message."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Iterator, Set
from urllib.parse import quote

import pytest

from tests.helpers import cli
from tests.helpers.lab import OWNER, SIMPLE, Lab

SECRET = "planted-Secret-4711"


class Hunter:
    """Reads every process's arguments and environment, again and again (live)."""

    def __init__(self) -> None:
        self.seen = 0
        self.found: Set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._hunt, daemon=True)
        self._thread.start()

    def _hunt(self) -> None:
        mine = str(os.getpid())
        while not self._over.is_set():
            for entry in Path("/proc").glob("[0-9]*"):
                if entry.name == mine:
                    continue
                for name in ("cmdline", "environ"):
                    try:
                        data = (entry / name).read_bytes()
                    except OSError:
                        continue
                    self.seen += b"pg_dump" in data
                    if SECRET.encode() in data:
                        self.found.add("%s of %r" % (name, data[:300]))

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def guarded(own_lab: Lab) -> Iterator[Lab]:
    """The owner's password is the secret; only a settings file has it."""
    own_lab.database("db", SIMPLE)
    own_lab.postgres.execute("ALTER ROLE owner PASSWORD '%s'" % SECRET)
    (own_lab.server.data / "pg_hba.conf").write_text(
        "local all owner scram-sha-256\nlocal all all trust\n")
    own_lab.sql("SELECT pg_reload_conf()", "db", "postgres")
    settings = own_lab.dir / "settings"
    settings.mkdir()
    (settings / "20-pithos.conf").write_text(
        "PITHOS_BACKEND_DB_CONNECTION = 'postgresql://%s:%s@/db?host=%s'\n"
        % (OWNER, quote(SECRET), own_lab.server.socket))
    yield own_lab


def run(lab: Lab, command: str, *arguments: str) -> cli.Done:
    return cli.run(command, *arguments, "--backup-dir", lab.backups, "--settings-dir",
                   lab.dir / "settings", "--role", "pithos", "--db-admin", lab.admin, "--json",
                   "-v", env=lab.env)


def test_a_planted_password_is_seen_nowhere(guarded: Lab) -> None:
    hunter = Hunter()
    try:
        done = [run(guarded, "snf-backup-db", "create", "--label", "l", "--verify", "restore"),
                run(guarded, "snf-backup-db", "create", "--label", "l", "--check"),
                run(guarded, "snf-backup-db", "verify", "l", "--level", "restore"),
                run(guarded, "snf-restore-db", "l", "--check")]
        guarded.postgres.execute("ALTER ROLE owner PASSWORD 'another'")
        done.append(run(guarded, "snf-backup-db", "create", "--label", "l"))
    finally:
        hunter.stop()
    assert [one.code for one in done] == [0, 0, 0, 0, 1]
    assert hunter.seen and not hunter.found
    for one in done:
        assert SECRET not in one.out + one.err
    for path in [*guarded.backups.rglob("*"), *(guarded.dir / "state").rglob("*")]:
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
            assert path.stat().st_mode & 0o077 == 0, path


def test_what_a_kill_leaves_is_private_and_gone_at_the_next_start(guarded: Lab) -> None:
    """While pg_dump runs the password stands in one 0600 file of a 0700 directory."""
    env = {**guarded.env, "SNF_UPGRADE_FAILPOINT": "dump.running:db=SIGKILL"}
    cli.run("snf-backup-db", "create", "--label", "l", "--backup-dir", guarded.backups,
            "--settings-dir", guarded.dir / "settings", "--role", "pithos", env=env).expect(-9)
    (left,) = guarded.backups.glob(".pgpass-*")
    assert left.stat().st_mode & 0o777 == 0o700
    (secret,) = left.iterdir()
    assert secret.stat().st_mode & 0o777 == 0o600 and SECRET in secret.read_text()
    guarded.prune().expect(0)
    assert not list(guarded.backups.glob(".pgpass-*"))

