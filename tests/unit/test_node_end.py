"""A program that is ended is gone with all that it started, before anybody goes on."""

from __future__ import annotations

import os

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
