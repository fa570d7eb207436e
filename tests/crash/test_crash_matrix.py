"""Cut off at any place: `run` comes to the same end, `rollback` to the same start.

CI makes a part that changes with every day; SNF_CRASH=all (make crash) makes every case.
"""

from __future__ import annotations

import os
import signal
import time

import pytest

from snftools import failpoint
from tests.crash.cases import ALL, CUT, KILL
from tests.crash.cut import Cutter
from tests.helpers import cli, endstate
from tests.helpers.ladder import BOTTOM, ROWS

A_DAY = 4  # cases of each day


def chosen():
    """All, or the day's part; each part goes through the whole plan."""
    if os.environ.get("SNF_CRASH") == "all":
        picked = ALL
    else:
        stride = len(ALL) // A_DAY
        first = int(time.time() // 86400) % stride
        picked = ALL[first::stride][:A_DAY]
    return sorted(picked, key=lambda case: ROWS.index(case.row))


def crash(site, case, *words):
    """Type the line with the failpoint on; it must not come to a good end."""
    action = "SIGSTOP" if case.action == CUT else case.action
    cutter = Cutter(site)
    if case.action == CUT:
        cutter.start()
    done = cli.run("snf-upgrade", *words, "--yes", site=site, timeout=600,
                   env={failpoint.VARIABLE: "%s=%s" % (case.point.replace(" ", "?"), action)})
    cutter.over.set()
    if case.action == CUT:
        cutter.join()
        assert cutter.cut, "no session was cut"
    told = done.out + done.err
    assert done.code != 0, "the point was never reached: " + told
    assert done.code in (1, 3, 4, -signal.SIGKILL if case.action == KILL else 1), told
    assert "Traceback" not in told, told
    return done


@pytest.mark.parametrize("case", chosen(), ids=lambda case: case.name)
def test_the_end_is_that_of_an_undisturbed_run(ladder, case):
    if case.back:
        site = ladder.after(case.row)
        crash(site, case, "rollback", "--discard-new-data")
        cli.run("snf-upgrade", "rollback", "--yes", "--discard-new-data", site=site,
                timeout=600).expect(0)
        assert endstate.differences(endstate.whole(site), ladder.states[BOTTOM]) == []
        return
    ladder.climb(case.row)
    site = ladder.before(case.row)
    crash(site, case, "run", "--until", case.row)
    cli.run("snf-upgrade", "run", "--yes", "--until", case.row, site=site,
            timeout=600).expect(0)
    assert endstate.differences(endstate.whole(site), ladder.states[case.row]) == []


def rows_of_today():
    if os.environ.get("SNF_CRASH") == "all":
        return ROWS
    return [ROWS[int(time.time() // 86400) % len(ROWS)]]


@pytest.mark.parametrize("row", rows_of_today())
def test_back_from_every_step_to_the_start(ladder, row):
    site = ladder.after(row)
    cli.run("snf-upgrade", "rollback", "--yes", "--discard-new-data", site=site,
            timeout=600).expect(0)
    assert endstate.differences(endstate.whole(site), ladder.states[BOTTOM]) == []


@pytest.mark.parametrize("row", rows_of_today())
def test_from_every_rung_to_the_very_end(ladder, row):
    if os.environ.get("SNF_CRASH") != "all":
        pytest.skip("make crash")
    ladder.climb("proof")
    site = ladder.after(row)
    cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(0)
    assert endstate.differences(endstate.whole(site), ladder.states["proof"]) == []


def test_the_matrix_is_as_large_as_promised():
    assert len(ALL) >= 150
    assert {case.action for case in ALL} == {"SIGKILL", "ENOSPC", "EIO", "CUT"}
    assert {case.row for case in ALL if not case.back} == set(ROWS)
