"""The site's lock for a run: a living holder is 75, children of a dead master are waited for."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import Callable, Iterator, List

from snftools.errors import Locked
from snftools.state import RUN_VARIABLE, State

PATIENCE = 6 * 3600.0  # seconds: a step of a big site may run for hours


@contextmanager
def run_lock(state: State, command: str, say: Callable[[str], None]) -> Iterator[int]:
    """Hold the site's lock exclusively; yields the descriptor that children inherit.

    When only children of a dead master hold it, says so, waits for them and goes on.
    """
    state.make()
    handle = state.open_lock()
    try:
        _take(state, handle, command, say)
        yield handle
    finally:
        os.close(handle)


def _take(state: State, handle: int, command: str, say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + PATIENCE
    told: List[int] = []
    misses = 0
    while True:
        try:
            state.take(handle, True, command)
            return
        except Locked:
            holder, living = state.holder(), orphans(state.directory)
            waiting = holder is not None and holder.is_dead_here() and bool(living)
            # One that ended between the two looks is no holder: look once more.
            misses = 0 if waiting else misses + 1
            if misses > 1 or time.monotonic() > deadline:
                raise
        if waiting and living != told:
            say("the run of pid %d is dead; waiting for its step to end (pid %s)"
                % (holder.pid if holder else 0, ", ".join(map(str, living))))
            told = living
        time.sleep(0.2)


def orphans(state_dir: str) -> List[int]:
    """The processes of this machine that hold the site's lock for a master."""
    try:
        lock = os.stat(os.path.join(state_dir, "lock"))
    except OSError:
        return []
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid() and _is_child(name, lock):
            found.append(int(name))
    return sorted(found)


def _is_child(pid: str, lock: os.stat_result) -> bool:
    """Whether a process has the run's variable and the lock open."""
    try:
        with open("/proc/%s/environ" % pid, "rb") as stream:
            words = stream.read().split(b"\0")
        mark = (RUN_VARIABLE + "=").encode()
        values = [word[len(mark):] for word in words if word.startswith(mark)]
        if not values:
            return False
        fd = values[0].rpartition(b":")[2].decode("ascii")
        held = os.stat("/proc/%s/fd/%s" % (pid, fd))
    except (OSError, ValueError):
        return False
    return (held.st_dev, held.st_ino) == (lock.st_dev, lock.st_ino)
