"""The playbook on four hosts over ssh: commands run on the control machine, or on the nodes."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.debian.conftest import TREE, why_not
from tests.helpers import ansible, cli, endstate
from tests.helpers import hosts as making
from tests.helpers.ansible import changed, steps
from tests.helpers.host_site import HostSite

pytestmark = [ansible.needed,
              pytest.mark.skipif(bool(making.why_not()), reason=making.why_not() or "able"),
              pytest.mark.skipif(bool(why_not()), reason=why_not() or "able")]


@pytest.fixture(scope="module")
def on_hosts(site_template):
    site = HostSite(site_template)
    try:
        with site.hosts.inside():
            yield site
    finally:
        site.destroy()


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Our package, as apt would bring it."""
    directory = tmp_path_factory.mktemp("dist")
    subprocess.run([str(TREE / "debian/build-in-copy"), str(directory)], check=True,
                   capture_output=True)
    return next(directory.glob("snf-upgrade-tools_*.deb"))


def install(site, package):
    """The package's files (their dpkg knows practice packages alone) and a site.conf on each."""
    for host in site.node_hosts:
        shutil.copy(str(package), str(host.root / "tmp/ours.deb"))
        host.sh("dpkg-deb -x /tmp/ours.deb /")
        text = site.conf.read_text().replace('address = "%s"' % host.address, "address = local")
        text = re.sub('(?m)^(backup_dir|state_dir) = .*$', "", text)
        host.put("etc/snf-upgrade/site.conf", text)


def test_commands_on_the_nodes_and_on_the_control_machine(on_hosts, site_template, package):
    """Services, packages and settings by the nodes' own commands, databases by ours."""
    site = on_hosts
    install(site, package)
    done = ansible.play(site, "-e", "snf_reach=node").expect(0)
    assert ("Run settings", "pithos") in changed(done)
    for host in site.node_hosts:
        assert list(host.root.glob("var/lib/snf-upgrade/undo/*")), host.name
    assert not [step for step in steps(site) if step["pending"] and step["kind"] != "proof"]
    local = site_template.copy()
    try:
        cli.run("snf-upgrade", "run", "--yes", site=local, timeout=600).expect(0)
        assert endstate.differences(endstate.whole(local), endstate.whole(site)) == []
    finally:
        local.destroy()
