"""The site's lock: living holders, dead masters, their children."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time

import pytest

from snftools.errors import Locked
from snftools.holder import Holder
from snftools.state import RUN_VARIABLE, RunToken, State
from snftools.upgrade.orphans import orphans, run_lock


def orphan(state, said):
    """A child that holds the lock for a master that is dead."""
    handle = state.open_lock()
    state.take(handle, True, "snf-upgrade run")
    env = dict(os.environ, **{RUN_VARIABLE: RunToken("20131112T000411Z", handle).text()})
    child = subprocess.Popen(["sh", "-c", "read line"], stdin=subprocess.PIPE,
                             pass_fds=[handle], env=env)
    os.close(handle)
    dead = Holder.here("snf-upgrade run").as_dict()
    dead["started"] -= 1  # a process of an earlier time with this pid
    (said / "lock").write_text(json.dumps(dead))
    return child


def test_a_run_waits_for_the_children_of_a_dead_master(tmp_path):
    state = State(str(tmp_path))
    child = orphan(state, tmp_path)
    heard = []

    def end():
        deadline = time.monotonic() + 20
        while not heard and time.monotonic() < deadline:
            time.sleep(0.02)
        child.communicate(b"\n")
    thread = threading.Thread(target=end)
    thread.start()
    assert orphans(str(tmp_path)) == [child.pid]
    with run_lock(state, "snf-upgrade run", heard.append):
        assert child.poll() is not None
    thread.join()
    assert len(heard) == 1 and str(child.pid) in heard[0]


def test_a_living_holder_is_not_waited_for(tmp_path):
    state = State(str(tmp_path))
    with state.site_lock(exclusive=True, command="snf-upgrade run"):
        with pytest.raises(Locked) as caught:
            with run_lock(State(str(tmp_path)), "snf-upgrade run", lambda text: None):
                raise AssertionError("not reached")
    assert "pid %d" % os.getpid() in caught.value.what


def test_a_small_command_that_works_is_not_waited_for(tmp_path):
    state = State(str(tmp_path))
    with state.site_lock(exclusive=False, command="snf-migrate-db"):
        with pytest.raises(Locked):
            with run_lock(State(str(tmp_path)), "snf-upgrade run", lambda text: None):
                raise AssertionError("not reached")


def test_the_lock_is_free_afterwards(tmp_path):
    state = State(str(tmp_path))
    for _ in (1, 2):
        with run_lock(state, "snf-upgrade run", lambda text: None) as handle:
            os.fstat(handle)
