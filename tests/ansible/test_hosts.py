"""The playbook on hosts over ssh: commands run on the control machine, or on the nodes.

cyclades is a host of 2010 and pithos has sudo alone.  Our package is on astakos and pithos; no
module of Ansible may run anywhere else.
"""

from __future__ import annotations

import re
import shutil

import pytest

from tests.debian.conftest import build, why_not
from tests.helpers import ansible, endstate
from tests.helpers import hosts as making
from tests.helpers.ansible import changed, steps
from tests.helpers.host_site import HostSite
from tests.helpers.hosts import call

pytestmark = [ansible.needed,
              pytest.mark.skipif(bool(making.why_not()), reason=making.why_not() or "able"),
              pytest.mark.skipif(bool(why_not()), reason=why_not() or "able")]

BY_ITSELF = ("astakos", "pithos")
OURS = "snf-upgrade-tools"
STANZA = """Package: %s
Status: install ok installed
Maintainer: this machine
Architecture: %s
Multi-Arch: allowed
Version: 99
Description: what the machine has

"""


@pytest.fixture(scope="module")
def on_hosts(template):
    site = HostSite(template, odd=True)
    try:
        with site.hosts.inside():
            yield site
    finally:
        site.destroy()


@pytest.fixture(scope="module")
def needs(on_hosts, tmp_path_factory):
    """Our package installed by the nodes' apt, a site.conf beside it; what it depends on.

    The hosts have this machine's programs, and their dpkg is told so.
    """
    built = build(tmp_path_factory.mktemp("dist"), "-b")
    found = sorted({re.split("[ :(]", word)[0] for word in built.depends(OURS)})
    has = "".join(STANZA % (need, call("dpkg", "--print-architecture").strip()) for need in found)
    for name in BY_ITSELF:
        host = on_hosts.host(name)
        place = host.root / "srv/ours"
        place.mkdir()
        shutil.copy(str(built.debs[OURS]), str(place))
        (place / "Packages").write_text(call("sh", "-c", "cd %s && dpkg-scanpackages -m . "
                                             "2>/dev/null" % place))
        host.put("etc/apt/sources.list.d/ours.list", "deb [trusted=yes] file:/srv/ours ./\n")
        with (host.root / "var/lib/dpkg/status").open("a") as status:
            status.write("\n" + has)
        for need in found:
            host.put("var/lib/dpkg/info/%s.list" % need, "/.\n")
            host.put("var/lib/dpkg/info/%s.md5sums" % need, "")
        host.sh("apt-get -q update && apt-get -q -y install " + OURS)
        text = on_hosts.conf.read_text().replace('address = "%s"\nbecome = sudo' % host.address,
                                                 "address = local")
        text = text.replace('address = "%s"' % host.address, "address = local")
        host.put("etc/snf-upgrade/site.conf",
                 re.sub('(?m)^(backup_dir|state_dir) = .*$', "", text))
    return found


@pytest.fixture(scope="module")
def reach(on_hosts, needs, tmp_path_factory):
    """An administrator's own inventory beside ours: who does its work by itself."""
    path = tmp_path_factory.mktemp("inventory") / "own"
    path.write_text("".join(
        "%s snf_reach=node\n" % name if name in BY_ITSELF
        else "%s ansible_python_interpreter=/nonexistent\n" % name
        for name in on_hosts.facts["nodes"]))
    return "-i", str(path)


def whole(site, needs):
    """All of it but what the tests installed, and what lies on the nodes of ours."""
    found = endstate.whole(site)
    found["packages"] = {name: [row for row in rows if row.split()[0] not in (OURS, *needs)]
                         for name, rows in found["packages"].items()}
    return found


def kept(site):
    """Every file of ours, here and on the nodes."""
    places = [site.dir / "state", site.dir / "backups"]
    places += [site.host(name).root / "var/lib/snf-upgrade" for name in site.facts["nodes"]]
    return sorted(str(path) for place in places for path in place.rglob("*"))


def test_looked_at_made_and_made_again(on_hosts, needs, reach, end):
    """Check mode predicts each change and makes none; the playbook makes them; then none."""
    site = on_hosts
    before, files = whole(site, needs), kept(site)
    predicted = ansible.play(site, *reach, "--check").expect(0)
    assert endstate.differences(whole(site, needs), before) == [] and kept(site) == files

    done = ansible.play(site, *reach).expect(0)
    assert changed(done) == changed(predicted)
    assert ("Run settings", "pithos") in changed(done)
    assert {name for name in site.facts["nodes"]
            if list(site.host(name).root.glob("var/lib/snf-upgrade/undo/*"))} == set(BY_ITSELF)
    assert not [step for step in steps(site) if step["pending"] and step["kind"] != "proof"]
    assert endstate.differences(whole(site, needs), end) == []

    files = kept(site)
    again = ansible.play(site, *reach).expect(0)
    assert again.recap() == {name: 0 for name in site.facts["nodes"]}
    assert kept(site) == files
