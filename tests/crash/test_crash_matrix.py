"""Cut off at any place: `run` comes to the same end, `rollback` to the same start.

CI makes a part that changes with every day.  SNF_CRASH=K/N makes the K-th of N parts of the
matrix, 1/1 the whole (make crash, PART=K/N).
"""

from __future__ import annotations

import signal
import time

import pytest

from snftools import failpoint
from tests.crash import cases
from tests.crash.cases import ALL, CUT, KILL, asked_part
from tests.crash.cut import Cutter
from tests.helpers import cli, endstate
from tests.helpers.ladder import BOTTOM, ROWS

A_DAY = 4  # cases of each day


def chosen():
    """The part asked for, or the day's; each day's goes through the whole plan."""
    ordered = sorted(ALL, key=lambda case: (case.back, ROWS.index(case.row)))
    if cases.PART:
        return asked_part(ordered)
    stride = len(ordered) // A_DAY
    return ordered[int(time.time() // 86400) % stride::stride][:A_DAY]


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
    if cases.PART:
        return asked_part(ROWS)
    return [ROWS[int(time.time() // 86400) % len(ROWS)]]


@pytest.mark.parametrize("row", rows_of_today())
def test_back_from_every_step_to_the_start(ladder, row):
    site = ladder.after(row)
    cli.run("snf-upgrade", "rollback", "--yes", "--discard-new-data", site=site,
            timeout=600).expect(0)
    assert endstate.differences(endstate.whole(site), ladder.states[BOTTOM]) == []


@pytest.mark.parametrize("row", rows_of_today())
def test_from_every_rung_to_the_very_end(ladder, row):
    if not cases.PART:
        pytest.skip("make crash")
    ladder.climb("proof")
    site = ladder.after(row)
    cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(0)
    assert endstate.differences(endstate.whole(site), ladder.states["proof"]) == []


def test_the_matrix_is_as_large_as_promised():
    assert len(ALL) >= 150
    assert {case.action for case in ALL} == {"SIGKILL", "ENOSPC", "EIO", "CUT"}
    assert {case.row for case in ALL if not case.back} == set(ROWS)


def test_the_parts_are_the_whole(monkeypatch):
    for count in (1, 7, len(ALL) + 3):
        parts = []
        for number in range(1, count + 1):
            monkeypatch.setattr(cases, "PART", "%d/%d" % (number, count))
            parts += chosen()
        assert sorted(parts) == sorted(ALL)
