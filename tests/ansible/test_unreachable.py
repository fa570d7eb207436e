"""A host that is gone breaks the playbook off; `snf-upgrade run` finishes what it began.

astakos and pithos have our package and do their own work (Ansible can't reach them then); the
control machine does the others' (our command can't).  A host is gone in each row of the plan:
SNF_MIXES=all (make mixes), longer than CI may take; there test_mixed.py has one.
"""

from __future__ import annotations

import os

import pytest

from tests.debian.conftest import build, why_not
from tests.helpers import ansible, by_itself, cli, cutting, endstate, turns
from tests.helpers import hosts as making
from tests.helpers.host_site import at_work

pytestmark = [ansible.needed,
              pytest.mark.skipif(bool(making.why_not()), reason=making.why_not() or "able"),
              pytest.mark.skipif(bool(why_not()), reason=why_not() or "able"),
              pytest.mark.skipif(os.environ.get("SNF_MIXES", "") != "all", reason="make mixes")]

BY_NODE, BY_CONTROL = range(2)  # rounds of cutting.places: astakos, cyclades


@pytest.fixture
def on_hosts(template):
    with at_work(template) as site:
        yield site


@pytest.mark.parametrize("number", (BY_NODE, BY_CONTROL))
def test_a_host_is_gone(on_hosts, end, number, tmp_path):
    site = on_hosts
    needs = by_itself.install(site, build(tmp_path, "-b"))
    reach = by_itself.inventory(site, tmp_path / "own")
    for place in cutting.places(number):
        row = place.step.partition(".")[0]
        if row == "survey":
            continue
        turns.come_to(site, row)
        done = turns.lose(site, "Run %s]" % row, place.host, *reach)
        assert done.code != 0, (row, done.out)
        # In a row that is done already nobody looks for the host: the next one misses it.
        assert any(name.startswith("Run ") for name, _ in done.told("fatal")), done.out
    cli.run("snf-upgrade", "run", "--yes", site=site, timeout=turns.PATIENCE).expect(0)
    assert endstate.differences(by_itself.whole(site, needs), end) == []


@pytest.fixture
def with_a_twin(template):
    with at_work(template, twins={"ganeti3": "ganeti2"}) as site:
        yield site


def test_how_many_ganeti_nodes_may_fail(with_a_twin, end):
    """Of the two nodes with a window of their own one is gone: that decides about the other."""
    site = with_a_twin
    for percent, upgraded in ((25, False), (50, True)):
        done = turns.lose(site, "PLAY [Ganeti nodes]", "ganeti2",
                          "-e", "snf_max_fail_percentage=%d" % percent)
        assert done.code != 0 and "ganeti2 does not answer" in done.out
        assert has_014(site, "ganeti3") is upgraded, done.out
        assert not has_014(site, "ganeti2")
    cli.run("snf-upgrade", "run", "--yes", site=site, timeout=turns.PATIENCE).expect(0)
    assert has_014(site, "ganeti2")
    assert endstate.differences(endstate.databases(site), end["databases"]) == []


def has_014(site, node):
    """Whether the node has the new package."""
    return "0.14" in site.host(node).sh("dpkg-query -W snf-cyclades-gtools")
