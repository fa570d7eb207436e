"""Backups with the programs of another machine: over ssh, as a stream, proven there."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path
from typing import Any, Iterator, List

import pytest

from tests.helpers import cli
from tests.helpers.lab import SIMPLE, Lab
from tests.ssh.test_ssh_node import SSHD, address

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


def left_in_tmp() -> List[Path]:
    return list(Path("/tmp").glob(".snf-pgpass-*"))


def test_a_far_database_is_taken_and_proven_by_peer(far: Lab, address: Any) -> None:
    """The node's own pg_dump and pg_restore, the owner's password in a file on the node, the
    administrator by runuser there."""
    done = cli.run("snf-backup-db", "create", "--label", "l",
                   *words(far, address, "--verify", "restore"), env=far.env).expect(0)
    assert "restore" in done.out
    values = json.loads((far.sets()[-1] / "db" / "manifest.json").read_text())
    assert values["format"] == "custom" and values["snapshot"] is True
    assert not left_in_tmp()
    cli.run("snf-restore-db", "l", *words(far, address, "--as", "beside"), "--yes",
            env=far.env).expect(0)


def test_what_a_kill_leaves_there_goes_at_the_next_start(far: Lab, address: Any) -> None:
    env = {**far.env, "SNF_UPGRADE_FAILPOINT": "dump.running:db=SIGKILL"}
    cli.run("snf-backup-db", "create", "--label", "l",
            *words(far, address, "--verify", "files"), env=env).expect(-9)
    (directory,) = left_in_tmp()
    assert directory.stat().st_mode & 0o777 == 0o700
    cli.run("snf-backup-db", "create", "--label", "l",
            *words(far, address, "--verify", "files"), env=far.env).expect(0)
    assert not left_in_tmp()
