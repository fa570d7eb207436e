"""snf-install-packages on several nodes, and on a node whose services run."""

from __future__ import annotations

import subprocess
from typing import Any, Iterator

import pytest

from tests.helpers import packages
from tests.helpers.cli import run, start

OLD, NEW = "0.13-1", "0.14-1~squeeze"
POLICY = "usr/sbin/policy-rc.d"
LEFT = "#!/bin/sh\n# snf-install-packages: nothing starts while packages are installed\nexit 101\n"


@pytest.fixture
def site(site_template: Any) -> Iterator[Any]:
    """A site whose services were never started."""
    copied = site_template.copy(start=False)
    yield copied
    copied.destroy()


def version(site: Any, node: str) -> str:
    return packages.versions(site.node(node))["snf-common"][0]


def test_what_one_node_refuses_changes_no_node(site: Any) -> None:
    packages.offer_without(site, "snf-pithos-webclient", "0.14.1-1~squeeze")
    done = run("snf-install-packages", "--node", "all", site=site).expect(3)
    assert "pithos" in done.err and "snf-pithos-webclient" in done.err
    assert {version(site, name) for name in site.facts["nodes"]} == {OLD}


def test_what_was_done_is_told_though_a_later_node_fails(site: Any) -> None:
    packages.replace_apt(site.node("pithos"), 'echo "E: planted" >&2; exit 100')
    document = run("snf-install-packages", "--node", "ganeti", "--node", "pithos",
                   "--node", "astakos", "--json", site=site).expect(1).json
    assert document["changed"] is True
    assert document["result"]["nodes"]["ganeti"]["undo"]
    (failed,) = [one for one in document["findings"] if one["check"] == "failed"]
    assert failed["node"] == "pithos" and "planted" in failed["why"]
    assert "not begun: astakos" in failed["what"]
    assert version(site, "ganeti") == NEW and version(site, "astakos") == OLD


def test_a_left_policy_is_mended_while_services_run(site: Any) -> None:
    root = site.node("ganeti")
    run("snf-install-packages", "--node", "ganeti", site=site).expect(0)
    run("snf-services", "start", "snf-ganeti-eventd", "--node", "ganeti", site=site).expect(0)
    (root / POLICY).write_text(LEFT)
    run("snf-install-packages", "--node", "ganeti", site=site).expect(0)
    assert not (root / POLICY).exists()
    status = run("snf-services", "status", "--node", "ganeti", "--json", site=site).expect(0)
    assert '"running": true' in status.out


def test_twenty_nodes_at_once_meet_no_lock(site: Any) -> None:
    """As Ansible's forks do it on the control machine: a command each, nothing in common."""
    names = ["g%d" % number for number in range(20)]
    for name in names:
        subprocess.run("cp -a ganeti %s && grep -rlI nodes/ganeti %s | "
                       "xargs sed -i s,nodes/ganeti,nodes/%s,g" % (name, name, name),
                       shell=True, check=True, cwd=str(site.dir / "nodes"))
    text = site.conf.read_text()
    new = "".join('[[%s]]\nroles = ganeti,\nroot = "%s"\n' % (name, site.node(name))
                  for name in names)
    site.conf.write_text(text.replace("[nodes]\n", "[nodes]\n" + new))
    at_once = [start("snf-install-packages", "--node", name, "--yes", site=site) for name in names]
    for process in at_once:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    nodes = [word for name in names for word in ("--node", name)]
    run("snf-check-versions", *nodes, site=site).expect(0)
