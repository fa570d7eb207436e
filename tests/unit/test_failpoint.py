"""Failpoints: silent without the variable, else what the test asked for, where it asked."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys

import pytest

from snftools import failpoint


@pytest.fixture
def ask(monkeypatch):
    def wanted(text):
        monkeypatch.setattr(failpoint, "_reached", {})
        monkeypatch.setenv(failpoint.VARIABLE, text)
    return wanted


def test_nothing_is_asked(monkeypatch):
    monkeypatch.delenv(failpoint.VARIABLE, raising=False)
    failpoint.reach("file.written")


@pytest.mark.parametrize("name, code", [("ENOSPC", errno.ENOSPC), ("EIO", errno.EIO)])
def test_an_errno_at_the_place_that_fits(ask, name, code):
    ask("file.*=" + name)
    failpoint.reach("journal.before:done")
    with pytest.raises(OSError) as caught:
        failpoint.reach("file.written:/x")
    assert caught.value.errno == code and "file.written:/x" in str(caught.value)
    failpoint.reach("file.written:/x")  # once


def test_the_third_time(ask):
    ask("a#3=EIO b=ENOSPC")
    failpoint.reach("a")
    failpoint.reach("a")
    with pytest.raises(OSError):
        failpoint.reach("a")
    with pytest.raises(OSError):
        failpoint.reach("b")


def test_a_signal_ends_the_process():
    code = "from snftools import failpoint; failpoint.reach('x'); print('lived')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True,
                          env={**os.environ, failpoint.VARIABLE: "x=SIGKILL"})
    assert done.returncode == -signal.SIGKILL and done.stdout == b""
