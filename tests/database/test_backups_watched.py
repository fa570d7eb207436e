"""What who waits sees of a backup, and that no program outlives the command that started it."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from typing import List

import pytest

from snftools.commands import backup_db, context
from snftools.practice.server import bindir
from tests.helpers import cli
from tests.helpers.lab import Lab, state_of, wait_for

BYTES = r"dumping  [\d.]+ [kMG]?B of [\d.]+ [kMG]?B  db"
TIME = r", about \d+ s left"


@pytest.fixture
def ready(own_lab: Lab) -> Lab:
    own_lab.database("db")
    own_lab.create("--verify", "files").expect(0)
    return own_lab


def instead(lab: Lab, program: str, script: str) -> None:
    """The node's program is a script; $REAL is the true one."""
    path = lab.node / "usr/bin" / program
    path.unlink()
    path.write_text("#!/bin/sh\nREAL=%s\n%s\n" % (bindir() / program, script))
    path.chmod(0o755)


@pytest.mark.parametrize("program, option, words", [
    ("pg_dump", "--snapshot", ["create", "--label", "killed"]),
    ("pg_restore", "--exit-on-error", ["verify", "l", "--level", "restore"])])
def test_a_killed_command_takes_its_program_along(ready: Lab, program: str, option: str,
                                                  words: List[str]) -> None:
    """SIGKILL leaves no time to end it: the kernel does."""
    note = ready.dir / "pid"
    instead(ready, program, 'case "$*" in *%s*) echo $$ >%s.new; /bin/mv %s.new %s;'
            ' exec /bin/sleep 1000;; esac\nexec "$REAL" "$@"' % (option, note, note, note))
    process = cli.start("snf-backup-db", *words, *ready.words("db"), env=ready.env)
    wait_for(lambda: note.exists() or process.poll() is not None)
    pid = int(note.read_text())
    assert state_of(pid) in ("R", "S", "D")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_for(lambda: state_of(pid) in ("", "Z"))


def test_a_terminal_shows_bytes_and_the_time_left(ready: Lab) -> None:
    """The live line while pg_dump takes its time; it is gone from the screen at the end."""
    go = ready.dir / "go"
    instead(ready, "pg_dump", 'case "$*" in *--snapshot*) ;; *) exec "$REAL" "$@";; esac\n'
            '"$REAL" "$@" || exit\nwhile [ ! -e %s ]; do /bin/sleep 0.05; done' % go)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        cli.argv_of("snf-backup-db", "create", "--label", "l", "--verify", "files",
                    *ready.words("db")), env=cli.environment(None, ready.env),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    # Before 14 the server tells no bytes of a COPY: a small table that is begun counts as done.
    tells = int(ready.sql("SHOW server_version_num")[0][0]) >= 140000
    shown = read_until(ours, re.compile(BYTES + (TIME if tells else "")))
    go.touch()
    out, _ = process.communicate(timeout=60)
    shown += read_all(ours)
    assert process.returncode == 0 and b"\x1b" not in out
    assert all(len(line) <= 80 for line in re.split(r"\r\x1b\[K|\r?\n", shown)), shown
    assert shown.endswith("\r\x1b[K")


def read_until(fd: int, pattern: "re.Pattern[str]", seconds: float = 60) -> str:
    """What a terminal got, up to what was waited for."""
    shown, deadline = "", time.monotonic() + seconds
    while not pattern.search(shown):
        assert time.monotonic() < deadline, shown
        if select.select([fd], [], [], 0.1)[0]:
            shown += os.read(fd, 65536).decode()
    return shown


def read_all(fd: int) -> str:
    """The rest; EIO is how a terminal's end is told."""
    shown = b""
    try:
        while True:
            shown += os.read(fd, 65536)
    except OSError:
        return shown.decode()
    finally:
        os.close(fd)


def test_without_a_terminal_there_are_lines(ready: Lab, monkeypatch: pytest.MonkeyPatch,
                                            capsys: pytest.CaptureFixture) -> None:
    """A line each beat (of half a minute, here of no time), none with -q."""
    monkeypatch.setattr(context, "HEARTBEAT", 1e-9)
    for key, value in ready.env.items():
        monkeypatch.setenv(key, value)
    words = ["create", "--label", "l", "--verify", "archive", *ready.words("db")]
    assert backup_db.main(words) == 0
    told = capsys.readouterr().err
    assert re.search(r"^\S+  dumping  db$", told, re.MULTILINE), told
    assert re.search(r"^\S+  verifying archive  db$", told, re.MULTILINE), told
    assert backup_db.main([*words, "-q"]) == 0
    assert capsys.readouterr().err == ""
