"""policy-rc.d is put back, whatever was there and whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import List

import pytest

from snftools.errors import Locked
from snftools.node.local import LocalNode
from snftools.packages import policy

OWN = "#!/bin/sh\n# the administrator's\nexit 0\n"


class _Below(LocalNode):
    """This machine's programs with the files of a directory, and a process list of our own."""

    busy: List[object] = []

    def _words(self, argv, env, cwd, around=None):  # type: ignore[no-untyped-def]
        root, self.root = self.root, ""
        try:
            return super()._words(argv, env, cwd, around)
        finally:
            self.root = root

    def path(self, path: str) -> str:
        return self.root + path

    def processes(self):  # type: ignore[no-untyped-def]
        return self.busy


@pytest.fixture
def node(tmp_path: Path) -> _Below:
    (tmp_path / "usr/sbin").mkdir(parents=True)
    return _Below("below", (), root=str(tmp_path))


def _file(node: _Below) -> Path:
    return Path(node.path(policy.PATH))


def _run(node: _Below, script: str) -> List[str]:
    lines: List[str] = []
    node.result = policy.guarded(node, ["sh", "-c", script, "sh", str(_file(node))], {},
                                 lines.append)  # type: ignore[attr-defined]
    return lines


def test_it_forbids_and_goes_away(node: _Below) -> None:
    assert _run(node, '"$1" x start; echo $?; [ -t 0 ] || cat; echo oops >&2; exit 7') == [
        "101", "oops"]
    assert node.result.exit == 7  # type: ignore[attr-defined]
    assert os.listdir(str(_file(node).parent)) == []


@pytest.mark.parametrize("link", [False, True])
def test_the_administrator_s_own_comes_back(node: _Below, tmp_path: Path, link: bool) -> None:
    target = tmp_path / "elsewhere" if link else _file(node)
    target.write_text(OWN)
    target.chmod(0o744)
    if link:
        _file(node).symlink_to(target)
    assert _run(node, '"$1"; echo $?') == ["101"]
    assert _file(node).read_text() == OWN and _file(node).is_symlink() is link
    assert _file(node).stat().st_mode & 0o777 == 0o744
    assert os.listdir(str(_file(node).parent)) == ["policy-rc.d"]


def _killed(node: _Below, number: int) -> None:
    """End the shell in the middle of its program's work."""
    sign = Path(node.root) / "go"
    child = subprocess.Popen(
        ["sh", "-c", policy._GUARDED, "sh", str(_file(node)), "sh", "-c",
         'touch "$0"; while [ -e "$0" ]; do sleep 0.05; done', str(sign)],
        start_new_session=True)
    deadline = time.monotonic() + 20
    while not sign.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (os.killpg if number == signal.SIGTERM else os.kill)(child.pid, number)
    child.wait(20)
    sign.unlink()


@pytest.mark.parametrize("own", [False, True])
def test_after_term_it_is_put_back_at_once(node: _Below, own: bool) -> None:
    if own:
        _file(node).write_text(OWN)
    _killed(node, signal.SIGTERM)
    assert not policy.is_left(node)
    assert _file(node).exists() is own


@pytest.mark.parametrize("own", [False, True])
def test_after_kill_the_next_start_puts_it_back(node: _Below, own: bool) -> None:
    if own:
        _file(node).write_text(OWN)
    _killed(node, signal.SIGKILL)
    assert policy.is_left(node)
    assert policy.recover(node) is True
    assert not policy.is_left(node) and policy.recover(node) is False
    assert (_file(node).read_text() == OWN) if own else not _file(node).exists()


def test_killed_between_the_two_renames(node: _Below) -> None:
    Path(node.path(policy.KEPT)).write_text(OWN)
    assert policy.recover(node) is True
    assert _file(node).read_text() == OWN


def test_one_that_was_written_since_is_newer_than_the_kept(node: _Below) -> None:
    Path(node.path(policy.KEPT)).write_text(OWN)
    _file(node).write_text("#!/bin/sh\nexit 104\n")
    assert policy.recover(node) is True
    assert _file(node).read_text() == "#!/bin/sh\nexit 104\n"


def test_it_stays_while_the_orphaned_apt_works(node: _Below) -> None:
    from snftools.node import Process
    _killed(node, signal.SIGKILL)
    node.busy = [Process(77, 1, "root", "/usr/bin/apt-get -y install snf-common=0.14-1")]
    with pytest.raises(Locked, match="pid 77"):
        policy.recover(node)
    assert policy.is_left(node)
    node.busy = []
    assert policy.recover(node)
