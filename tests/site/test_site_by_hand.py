"""Every command typed by hand gives what the master gives: with site.conf, and without any."""

from __future__ import annotations

import os

import pytest

from snftools.site import Site
from tests.helpers import cli, endstate


def typed(site, step):
    """Type a step's line as the plan prints it."""
    program, *words = step["command"]
    return cli.run(os.path.basename(program), *words, site=site, timeout=300).expect(0)


def test_the_plans_lines_by_hand_equal_the_master(practice_site, three):
    site = practice_site
    plan = cli.run("snf-upgrade", "plan", "--json", site=site).expect(0).json["result"]
    for step in plan["steps"]:
        typed(site, step)
    assert endstate.differences(endstate.whole(site), three.end) == []


def test_a_site_upgraded_by_hand_is_found_done(practice_site_one_host, one_host):
    site = practice_site_one_host
    plan = cli.run("snf-upgrade", "plan", "--json", site=site).expect(0).json["result"]
    for step in plan["steps"]:
        if step["id"] != "survey":
            typed(site, step)
    proofs = [step["id"] for step in plan["steps"] if step["kind"] == "proof"]
    plan = cli.run("snf-upgrade", "plan", "--json", site=site).expect(0).json["result"]
    assert [step["id"] for step in plan["steps"] if step["pending"]] == proofs
    before = cli.run("snf-services", "status", "--node", "all", "--json", site=site).json
    sets = sorted((site.dir / "backups").iterdir())
    done = cli.run("snf-upgrade", "run", "--yes", site=site, timeout=300).expect(0)
    assert "found" in done.out
    after = cli.run("snf-services", "status", "--node", "all", "--json", site=site).json
    assert after["result"] == before["result"]
    assert sorted((site.dir / "backups").iterdir()) == sets
    assert endstate.differences(endstate.whole(site), one_host.end) == []


def lines_without_site_conf(site, directory):
    """The runbook node by node, with nothing but options (DESIGN: without site.conf)."""
    conf = Site.read(str(site.conf))
    node = {role: str(site.node(role)) for role in ("astakos", "cyclades", "pithos", "ganeti")}
    web = ("astakos", "cyclades", "pithos")
    urls = [word for name in web
            for word in ("--base-url", "%s=%s" % (name, conf.url(name)))]
    admin = ["--db-admin", conf.databases.admin]
    email = ["--email"]
    for key, value in conf.email.items():
        text = value if isinstance(value, str) else ",".join(value)
        email += ["--email-value", "%s=%s" % (key, text)]
    every = [word for name in web for word in ("--node", node[name])]
    backups = ["--backup-dir", str(site.dir / "backups")]
    for name in ("astakos", "cyclades", "pithos", "ganeti"):
        yield ["snf-services", "stop", "--node", node[name]]
    yield ["snf-backup-db", "create", "--label", "pre-upgrade", "--verify", "restore", *every,
           *admin, *backups]
    for name in ("astakos", "cyclades", "pithos", "ganeti"):
        yield ["snf-install-packages", "--node", node[name]]
        yield ["snf-check-versions", "--node", node[name]]
    for name in web:
        token = []
        if name != "astakos":
            path = directory / (name + ".token")
            known = "pithos+" if name == "pithos" else name
            path.write_text(site.psql("astakos", "SELECT auth_token FROM im_service WHERE "
                                      "name = '%s'" % known)[0][0])
            path.chmod(0o600)
            token = ["--token-file", str(path)]
        yield ["snf-settings-rename", "--node", node[name], *urls, *email, *token]
        yield ["snf-settings-check", "--node", node[name], *urls, "--email"]
    for name in web:
        yield ["snf-migrate-db", "--node", node[name], *backups]
    for name in web:
        yield ["snf-register-services", "--node", node[name], *urls, "--export",
               str(directory / (name + ".json"))]
    yield ["snf-register-services", "--node", node["astakos"], *urls,
           *[str(directory / (name + ".json")) for name in web]]
    yield ["snf-register-verify", "--node", node["astakos"], *urls]
    yield ["snf-migrate-quota", "--node", node["astakos"], "--pending-app-limit", "2"]
    services = {"astakos": ("gunicorn",), "cyclades": ("gunicorn", "snf-dispatcher"),
                "pithos": ("gunicorn",), "ganeti": ("snf-ganeti-eventd",)}
    for name, names in services.items():
        yield ["snf-services", "start", *names, "--node", node[name]]
    yield ["snf-register-verify", "--node", node["astakos"], *urls, "--http"]


def test_without_any_site_conf_node_by_node(practice_site, three, tmp_path):
    if os.path.exists("/etc/snf-upgrade/site.conf"):
        pytest.skip("this machine has a site.conf")
    site = practice_site
    state = {"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}
    for words in lines_without_site_conf(site, tmp_path):
        cli.run(*words, env=state, timeout=300).expect(0)
    assert endstate.differences(endstate.whole(site), three.end) == []


@pytest.mark.parametrize("layout", ["practice_site", "practice_site_one_host"])
def test_init_drafts_a_site_that_can_be_planned(layout, request, tmp_path):
    """Also where components share a machine."""
    site = request.getfixturevalue(layout)
    conf = tmp_path / "site.conf"
    nodes = [site.node(name) for name in endstate.nodes(site)]
    cli.run("snf-upgrade", "init", "--site", conf, *nodes).expect(0)
    drafted, real = Site.read(str(conf)), Site.read(str(site.conf))
    assert {node.name: node.roles for node in drafted.nodes} == {
        node.name: node.roles for node in real.nodes}
    for name in ("astakos", "cyclades", "pithos"):
        assert drafted.url(name) == real.url(name)
    assert drafted.pending_app_limit == real.pending_app_limit
    refused = cli.run("snf-upgrade", "init", "--site", conf, *nodes).expect(3)
    assert "is there already" in refused.err
    text = cli.run("snf-upgrade", "init", "--site", "-", *nodes).expect(0).out
    assert text.splitlines() == conf.read_text().splitlines()
