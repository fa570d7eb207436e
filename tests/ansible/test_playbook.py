"""The playbook on a site of one machine: the same end as the master's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess


from playbook import made
from tests.helpers import ansible, cli, endstate
from tests.helpers.ansible import changed, steps

pytestmark = ansible.needed


def files(site):
    """Every file of backups and state."""
    return sorted(str(path) for name in ("state", "backups")
                  for path in (site.dir / name).rglob("*"))


def test_the_whole_playbook(site, end):
    """Check mode predicts each change and makes none; the playbook makes them; then none."""
    before, kept = endstate.whole(site), files(site)
    predicted = ansible.play(site, "--check", "--diff").expect(0)
    assert "+ASTAKOS_BASE_URL" in predicted.out
    assert endstate.differences(endstate.whole(site), before) == [] and files(site) == kept
    assert ("Look for the survey", "astakos") in predicted.told("changed")

    done = ansible.play(site).expect(0)
    assert changed(done) == changed(predicted)
    rows = {step["id"].partition(".")[0] for step in steps(site) if step["kind"] != "proof"}
    assert {name for name, _ in changed(done)} == {
        "Run " + row for row in rows - {"survey", "quiet"}}
    assert endstate.differences(endstate.whole(site), end) == []

    status = cli.run("snf-upgrade", "status", "--json", site=site).expect(0).json["result"]
    for step in steps(site):
        if step["kind"] == "state" or step["id"].startswith("start."):
            assert status["steps"][step["id"]]["event"] == "found"
    assert "found" in cli.run("snf-upgrade", "report", site=site).expect(0).out

    kept = files(site)
    again = ansible.play(site).expect(0)
    assert set(again.recap().values()) == {0} and files(site) == kept


def test_a_node_that_was_limited_to_stops_at_the_sites_quiet(site):
    """One node's services are down, the others' are not: nothing else is begun."""
    done = ansible.play(site, "--limit", "pithos").expect(2)
    assert changed(done) == {("Run stop", "pithos")}, done.out
    assert {name for name, _ in done.told("fatal")} == {"Run quiet"}


def test_a_ganeti_node_that_does_not_answer_is_named(site):
    site.cut("ganeti2")
    done = ansible.play(site, "--tags", "survey").expect(2)
    assert done.told("fatal") == {("Look whether the plan has the node", "ganeti2")}
    assert "ganeti2 does not answer" in done.out


def test_what_is_made_from_the_plan_is_as_it_is_kept(template, site):
    for name, text in made.files(steps(site)).items():
        assert (ansible.HOME / name).read_text() == text, "make playbook"


@ansible.needs("ansible-lint")
def test_ansible_lint_is_silent(tmp_path):
    """The schema of Debian 12's takes a number alone where Ansible takes a template as well."""
    kept = tmp_path / "ansible"
    shutil.copytree(ansible.HOME, kept)
    lint = [ansible.program("ansible-lint"), "--offline", "--nocolor", "--profile", "production",
            "-f", "pep8", "-q", str(kept)]
    version = subprocess.run([*lint, "--version"], capture_output=True).stdout
    if version.startswith(b"ansible-lint 6."):
        text = (kept / "upgrade.yml").read_text()
        (kept / "upgrade.yml").write_text(re.sub('"{{ snf_max_fail.*', "25", text))
    done = subprocess.run(lint, capture_output=True, text=True, cwd=str(tmp_path), env={
        **os.environ, "ANSIBLE_ROLES_PATH": str(kept / "roles"),
        "PATH": "%s:%s" % (os.path.dirname(lint[0]), os.environ["PATH"])})
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
