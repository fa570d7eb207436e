"""A Ganeti node that is not the master and does not answer: left behind, named, done later."""

from __future__ import annotations

import json

from tests.helpers import cli


def silence(site, node):
    """Let the node's entry lead to a port where nobody listens; the old site.conf's text."""
    text = site.conf.read_text()
    site.conf.write_text(text.replace('root = "%s"' % site.node(node),
                                      'address = "127.0.0.1:1"'))
    return text


def packages(site, node):
    done = cli.run("snf-check-versions", "--json", "--node", node, site=site)
    return done.code


def test_the_run_goes_on_without_it(practice_site_two_ganeti):
    site = practice_site_two_ganeti
    good = silence(site, "ganeti2")
    checked = cli.run("snf-upgrade", "check", "--json", site=site, timeout=300).expect(0)
    (finding,) = [one for one in checked.json["findings"] if one["check"] == "reach"]
    assert (finding["severity"], finding["node"]) == ("warning", "ganeti2")
    assert "Connection refused" in finding["why"]
    planned = cli.run("snf-upgrade", "plan", "--json", site=site).expect(0)
    assert not any("ganeti2" in step["nodes"] for step in planned.json["result"]["steps"])

    done = cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(1)
    assert "practice is at Synnefo 0.14." in done.out
    assert "snf-upgrade run --node ganeti2" in done.out
    again = cli.run("snf-upgrade", "run", "--yes", "--json", site=site, timeout=300).expect(1)
    assert json.loads(again.out)["error"]["node"] == "ganeti2"

    site.conf.write_text(good)
    assert packages(site, "ganeti2") == 4
    later = cli.run("snf-upgrade", "run", "--yes", "--node", "ganeti2", site=site,
                    timeout=300).expect(0)
    assert "install         ganeti2" in later.out and "astakos" not in later.out.split("Proven")[0]
    assert packages(site, "ganeti2") == 0


def test_it_is_not_left_out_when_it_may_be_the_master(practice_site_two_ganeti):
    site = practice_site_two_ganeti
    silence(site, "ganeti")
    done = cli.run("snf-upgrade", "run", "--yes", site=site).expect(1)
    assert "Ganeti master" in done.err and "offline = yes" in done.err
    assert not list((site.dir / "state" / "runs").glob("*/journal.jsonl"))


def test_it_is_not_left_out_when_the_line_names_it(practice_site_two_ganeti):
    site = practice_site_two_ganeti
    silence(site, "ganeti2")
    done = cli.run("snf-upgrade", "run", "--yes", "--node", "ganeti2", site=site).expect(1)
    assert "ganeti2: can't be reached by ssh" in done.err
