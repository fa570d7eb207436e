"""snf-install-packages on several nodes, and on a node whose services run."""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from tests.helpers import packages
from tests.helpers.cli import run

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
