"""A playbook that was broken off is finished by `snf-upgrade run`, and the other way round.

One upgrade changes hands three times; SNF_MIXES=all (make mixes) breaks off both engines in each
row of the plan, in two upgrades, and limits the playbook to a host in each row, in a third.
"""

from __future__ import annotations

import os

import pytest

from playbook import made
from tests.helpers import ansible, cli, endstate, turns
from tests.helpers.turns import MASTER, PLAYBOOK

pytestmark = ansible.needed

ALL = os.environ.get("SNF_MIXES", "") == "all"


def rows_of(site):
    """The rows of the plan in which the playbook does something."""
    return [phase.name for phase in made.phases(ansible.steps(site)) if phase.name != made.SURVEY]


def test_a_site_that_changes_hands_comes_to_the_same_end(site, end):
    turns.take(site, [("install", PLAYBOOK), ("settings", MASTER), ("start", PLAYBOOK)])
    assert endstate.differences(endstate.whole(site), end) == []
    status = cli.run("snf-upgrade", "status", "--json", site=site).expect(0).json["result"]
    events = {step: told["event"] for step, told in status["steps"].items()}
    assert "done" in {event for step, event in events.items() if step.startswith("settings.")}
    assert {events[step] for step in ("migrate.astakos", "register", "quota")} == {"found"}
    report = cli.run("snf-upgrade", "report", site=site).expect(0).out
    assert [line for line in report.splitlines() if "register" in line and "found" in line]


@pytest.mark.skipif(not ALL, reason="make mixes")
@pytest.mark.parametrize("first", (PLAYBOOK, MASTER))
def test_broken_off_in_every_row(site, end, first):
    taken, engine = [], first
    for row in rows_of(site):
        taken.append((row, engine))
        engine = turns.other(engine)
    turns.take(site, taken)
    assert endstate.differences(endstate.whole(site), end) == []


def test_a_host_is_gone_and_one_is_limited_to(site, end):
    """The others are not begun; what one host can have is done, and `run` goes on with it."""
    turns.come_to(site, "install")
    gone = turns.lose(site, "Run install]", "cyclades").expect(2)
    assert gone.told("fatal") == {("Run install", "cyclades")}
    for row in rows_of(site)[:-1] if ALL else ("install",):
        turns.come_to(site, row)
        ansible.play(site, "--limit", "pithos").expect(2)
    cli.run("snf-upgrade", "run", "--yes", site=site, timeout=turns.PATIENCE).expect(0)
    assert endstate.differences(endstate.whole(site), end) == []
