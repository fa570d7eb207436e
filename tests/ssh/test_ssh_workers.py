"""A role on several nodes: migrations and registration once, all else on each."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tests.helpers import cli
from tests.helpers.host_site import at_work


@pytest.fixture(scope="module")
def done(able, site_template):
    """A site with two cyclades workers and two Ganeti nodes, after `snf-upgrade run`."""
    with at_work(site_template, twins={"worker": "cyclades", "ganeti-b": "ganeti"}) as site:
        planned = cli.run("snf-upgrade", "plan", "--json", site=site).expect(0).json
        cli.run("snf-upgrade", "run", "--yes", site=site, timeout=1200).expect(0)
        (journal,) = (site.dir / "state/runs").glob("*/journal.jsonl")
        rows = [json.loads(line) for line in journal.read_text().splitlines()]
        yield SimpleNamespace(site=site, steps=planned["result"]["steps"], rows=rows)


def steps_of(rows, row):
    return sorted(one["step"] for one in rows
                  if one["event"] in ("done", "found") and one["step"].split(".")[0] == row)


def test_once_what_is_the_sites_and_on_each_what_is_the_nodes(done):
    for row in ("stop", "install", "versions"):
        assert {row + ".cyclades", row + ".worker", row + ".ganeti", row + ".ganeti-b"} <= {
            *steps_of(done.rows, row)}, row
    for row in ("settings", "settings-proof", "start"):
        assert {row + ".cyclades", row + ".worker"} <= {*steps_of(done.rows, row)}
    assert steps_of(done.rows, "migrate") == ["migrate.astakos", "migrate.cyclades",
                                              "migrate.pithos"]
    assert steps_of(done.rows, "register") == ["register"]
    assert not [step for step in done.steps if step["id"] == "migrate.worker"]


def test_both_workers_are_alike_and_run(done):
    site = done.site
    for name in ("20-snf-cyclades-app-api.conf", "20-snf-cyclades-app-plankton.conf"):
        one, other = ((site.node(node) / "etc/synnefo" / name).read_bytes()
                      for node in ("cyclades", "worker"))
        assert one == other
        assert b"ASTAKOS_BASE_URL" in one or "plankton" in name
    told = cli.run("snf-services", "status", "--node", "cyclades", "--node", "worker", "--json",
                   site=site).expect(0).json["result"]["nodes"]
    for node in ("cyclades", "worker"):
        running = {row["name"]: row["running"] for row in told[node]["services"]}
        assert running == {"gunicorn": True, "snf-dispatcher": True}


def test_again_nothing_is_done(done):
    assert "nothing to do" in cli.run("snf-upgrade", "run", site=done.site).expect(0).out
