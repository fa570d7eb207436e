"""The runbook by the small commands, each told of its nodes as [user@]host, without a site.conf."""

from __future__ import annotations

import pytest

from tests.helpers import cli, endstate
from tests.helpers.host_site import at_work

WEB = ("astakos", "cyclades", "pithos")


@pytest.fixture(scope="module")
def site(able, site_template):
    with at_work(site_template, odd=True) as made:
        yield made


def test_every_small_command_reaches_nodes_that_no_file_names(site, local_end, tmp_path):
    sudo = {name: site.host(name).user != "root" for name in site.facts["nodes"]}
    assert sudo["pithos"]  # its root may not log in: give it the key, as become has no option
    key = site.host("pithos").root / "home/upgrader/.ssh/authorized_keys"
    site.host("pithos").put("root/.ssh/authorized_keys", key.read_text(), 0o600)
    ran = endstate.services(site)
    at = {name: "root@" + site.host(name).out for name in site.facts["nodes"]}
    urls = [word for name in WEB for word in ("--base-url", "%s=http://%s:%d/%s" % (
        name, site.host(name).out, site.facts["ports"][name], name))]

    def run(command, *words, nodes=tuple(at), code=0):
        places = [word for name in nodes for word in ("--node", at[name])]
        return cli.run(command, *words, *places, "--yes", timeout=600,
                       env={"SNF_UPGRADE_SITE": "", "SNF_UPGRADE_STATE_DIR": str(tmp_path / "s")}
                       ).expect(code)

    sets = ("--backup-dir", tmp_path / "b")
    assert "gunicorn" in run("snf-services", "status").out
    run("snf-services", "stop")
    run("snf-backup-db", "create", "--label", "before", *sets, nodes=WEB)
    assert "before" in run("snf-backup-db", "list", *sets, nodes=()).out
    run("snf-backup-db", "verify", next((tmp_path / "b").glob("*-before")).name, *sets,
        nodes=WEB)
    run("snf-install-packages", "--check", code=5)
    run("snf-install-packages")
    run("snf-check-versions")
    run("snf-settings-rename", *urls, nodes=WEB)
    run("snf-settings-check", *urls, nodes=WEB)
    for name in WEB:
        run("snf-migrate-db", "--no-way-back", nodes=[name])
    run("snf-register-services", *urls, nodes=WEB)
    run("snf-register-verify", *urls, nodes=WEB)
    run("snf-migrate-quota", "--pending-app-limit", "2", nodes=["astakos"])
    for row in ran:
        if row[2]:
            run("snf-services", "start", row[1], nodes=[row[0]])
    assert endstate.services(site) == ran
    end = endstate.whole(site, counted=False)
    for what in ("databases", "packages"):
        assert endstate.differences(local_end[what], end[what]) == []
