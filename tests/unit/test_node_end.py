"""A program that is ended is gone with all that it started, before anybody goes on."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from snftools.errors import Failed
from snftools.node import pump
from snftools.node.local import LocalNode

# The leader ends at once, what it started only later or never.
_SLOW = """
sh -c 'trap "n=0; while [ \\$n -lt 40 ]; do n=\\$((n + 1)); sleep 0.02; done; exit" TERM
    echo $$ >%(pid)s
    while :; do sleep 0.02; done' &
wait
"""
_DEAF = """
sh -c 'trap "" TERM
    echo $$ >%(pid)s
    while :; do sleep 0.02; done' &
wait
"""


@pytest.mark.parametrize("script", [_SLOW, _DEAF], ids=["slow", "deaf"])
def test_nobody_of_the_group_is_left(script, tmp_path, monkeypatch):
    monkeypatch.setattr(pump, "_GRACE", 2.0)
    pid = tmp_path / "pid"
    with pytest.raises(Failed, match="did not end in 1 s"):
        LocalNode("n1", ()).run(["sh", "-c", script % {"pid": pid}], timeout=1)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.fixture
def handlers():
    """Puts this process's own back."""
    old = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in old.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_interrupted_while_a_program_starts_ends_it(number, handlers, monkeypatch):
    popen, begun = subprocess.Popen, []

    def interrupted(*args, **how):
        begun.append(popen(*args, **how))
        signal.raise_signal(number)
        return begun[0]

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    signal.signal(number, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt):
        LocalNode("n1", ()).run(["sleep", "1000"])
    assert begun[0].returncode == -signal.SIGTERM
    assert signal.getsignal(number) is signal.default_int_handler


def test_a_signal_that_is_ignored_stays_ignored(handlers):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    done = LocalNode("n1", ()).run(["sh", "-c", "kill -INT $$; echo goes on"])
    assert done.stdout == b"goes on\n"
