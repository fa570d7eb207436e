"""The playbook on hosts over ssh: commands run on the control machine, or on the nodes.

cyclades is a host of 2010 and pithos has sudo alone.  Our package is on astakos and pithos; no
module of Ansible may run anywhere else.
"""

from __future__ import annotations

import pytest

from tests.debian.conftest import build, why_not
from tests.helpers import ansible, by_itself, endstate
from tests.helpers import hosts as making
from tests.helpers.ansible import changed, steps
from tests.helpers.host_site import at_work

pytestmark = [ansible.needed,
              pytest.mark.skipif(bool(making.why_not()), reason=making.why_not() or "able"),
              pytest.mark.skipif(bool(why_not()), reason=why_not() or "able")]


@pytest.fixture(scope="module")
def on_hosts(template):
    with at_work(template, odd=True) as site:
        yield site


@pytest.fixture(scope="module")
def needs(on_hosts, tmp_path_factory):
    """Our package is installed; the names of those that it depends on."""
    return by_itself.install(on_hosts, build(tmp_path_factory.mktemp("dist"), "-b"))


@pytest.fixture(scope="module")
def reach(on_hosts, needs, tmp_path_factory):
    """Who does its work by itself."""
    return by_itself.inventory(on_hosts, tmp_path_factory.mktemp("inventory") / "own")


def kept(site):
    """Every file of ours, here and on the nodes."""
    places = [site.dir / "state", site.dir / "backups"]
    places += [site.host(name).root / "var/lib/snf-upgrade" for name in site.facts["nodes"]]
    return sorted(str(path) for place in places for path in place.rglob("*"))


def test_looked_at_made_and_made_again(on_hosts, needs, reach, end):
    """Check mode predicts each change and makes none; the playbook makes them; then none."""
    site = on_hosts
    before, files = by_itself.whole(site, needs), kept(site)
    predicted = ansible.play(site, *reach, "--check").expect(0)
    assert endstate.differences(by_itself.whole(site, needs), before) == [] and kept(site) == files

    done = ansible.play(site, *reach).expect(0)
    assert changed(done) == changed(predicted)
    assert ("Run settings", "pithos") in changed(done)
    undo = {name for name in site.facts["nodes"]
            if list(site.host(name).root.glob("var/lib/snf-upgrade/undo/*"))}
    assert undo == set(by_itself.NODES)
    assert not [step for step in steps(site) if step["pending"] and step["kind"] != "proof"]
    assert endstate.differences(by_itself.whole(site, needs), end) == []

    files = kept(site)
    again = ansible.play(site, *reach).expect(0)
    assert again.recap() == {name: 0 for name in site.facts["nodes"]}
    assert kept(site) == files
