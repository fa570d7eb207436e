"""A run that was cut off, undone, done by hand: the same end state, or a refusal that says why."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time

import pytest

from tests.helpers import cli, endstate


def journal(site):
    """The records of the site's only run."""
    path = next(iter(sorted((site.dir / "state" / "runs").glob("*/journal.jsonl"))), None)
    if path is None:
        return []
    return [json.loads(line) for line in path.read_text().splitlines(True)
            if line.endswith("\n")]


def wait_for_begun(site, step, process):
    """Poll until a step has begun (or the run has ended)."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if any(row["step"].partition(".")[0] == step and row["event"] == "begun"
               for row in journal(site)):
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError("%s never began" % step)


@pytest.mark.parametrize("step", ["install", "migrate", "register"])
def test_killed_run_goes_on_with_the_same_end(practice_site, three, step):
    site = practice_site
    process = cli.start("snf-upgrade", "run", "--yes", site=site)
    wait_for_begun(site, step, process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    again = cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(0)
    assert "is at Synnefo" in again.out
    assert endstate.differences(endstate.whole(site), three.end) == []


def test_a_run_whose_master_died_waits_for_its_orphan(practice_site):
    site = practice_site
    process = cli.start("snf-upgrade", "run", "--yes", site=site)
    wait_for_begun(site, "backup-before", process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    again = cli.run("snf-upgrade", "run", "--yes", "--until", "quiet", site=site,
                    timeout=300).expect(0)
    # The orphan either still ran, and was waited for, or had just ended.
    assert "waiting for its step to end" in again.err or "dead" not in again.err


def test_the_first_signal_ends_cleanly_and_run_goes_on(practice_site):
    site = practice_site
    process = cli.start("snf-upgrade", "run", "--yes", site=site)
    wait_for_begun(site, "backup-before", process)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 143, out
    events = {row["step"]: row["event"] for row in journal(site)}
    assert events["backup-before"] == "done"  # what ran came to its end
    assert "install.astakos" not in events
    cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(0)


def test_undone_behind_the_journals_back(practice_site):
    site = practice_site
    cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(0)
    site.psql("astakos", "UPDATE im_component SET url = 'http://h/old/' WHERE name = 'pithos'")
    refused = cli.run("snf-upgrade", "run", "--yes", site=site).expect(4)
    assert "run --redo register" in refused.out and "register is undone" in refused.out
    cli.run("snf-upgrade", "run", "--yes", "--redo", "register", site=site,
            timeout=300).expect(0)
    cli.run("snf-register-verify", "--http", site=site).expect(0)
    cli.run("snf-upgrade", "run", site=site).expect(0)


def test_an_old_set_is_no_way_back(practice_site):
    """A pre-upgrade set of an earlier attempt, the data changed since: taken again."""
    site = practice_site
    cli.run("snf-services", "stop", "--node", "all", site=site).expect(0)
    old = cli.run("snf-backup-db", "create", "--label", "pre-upgrade", "--verify", "restore",
                  "--json", site=site).expect(0).json["result"]["set"]["name"]
    site.psql("astakos", "UPDATE auth_user SET first_name = 'Other' WHERE id = 1")
    refused = cli.run("snf-migrate-db", "--node", "astakos", site=site)
    assert refused.code == 3
    cli.run("snf-upgrade", "run", "--yes", "--until", "migrate", site=site,
            timeout=300).expect(0)
    listed = cli.run("snf-backup-db", "list", "--json", site=site).json["result"]["sets"]
    marked = [row["name"] for row in listed if row["marks"]]
    assert marked and old not in marked


def pending(site):
    """The ids that `plan --json` says a run would make, and all."""
    steps = cli.run("snf-upgrade", "plan", "--json", site=site).expect(0).json["result"]["steps"]
    return [step["id"] for step in steps if step["pending"]], [step["id"] for step in steps]


def test_the_plan_says_what_is_pending_by_proof(practice_site):
    site = practice_site
    due, every = pending(site)
    assert due == every
    cli.run("snf-upgrade", "run", "--yes", "--until", "settings", site=site,
            timeout=300).expect(0)
    rest = every[max(every.index(step) for step in every if step.startswith("settings.")) + 1:]
    assert pending(site)[0] == rest
    cli.run("snf-services", "start", "gunicorn", "--node", "pithos", site=site).expect(0)
    assert pending(site)[0] == ["stop.pithos", "quiet", *rest]


def test_errors_of_the_checks_refuse_before_the_window(practice_site):
    site = practice_site
    text = site.conf.read_text().replace("pending_app_limit = 2", "pending_app_limit = 0")
    site.conf.write_text(text)
    looked = cli.run("snf-upgrade", "check", site=site).expect(4)
    assert "quota-limit" in looked.out and "pending_app_limit = " in looked.out
    refused = cli.run("snf-upgrade", "run", "--yes", site=site).expect(3)
    assert "quota-limit" in refused.err
    assert all(running for _, name, running in endstate.services(site) if name == "gunicorn")
    site.conf.write_text(text.replace("[components]", "waive = quota-limit,\n[components]", 1))
    waived = cli.run("snf-upgrade", "check", site=site).expect(0)
    assert "(waived)" in waived.out


def test_a_user_over_his_own_limit_is_found_before_the_window(practice_site):
    site = practice_site
    ((owner,),) = site.psql("astakos", "SELECT owner_id FROM im_projectapplication WHERE state = "
                                       "0 LIMIT 1")
    site.psql("astakos", "DELETE FROM im_usersetting WHERE user_id = %d" % owner)
    site.psql("astakos", "INSERT INTO im_usersetting (user_id, setting, value) "
                         "VALUES (%d, 'PENDING_APPLICATION_LIMIT', 0)" % owner)
    looked = cli.run("snf-upgrade", "check", "--json", site=site).expect(4)
    (finding,) = [one for one in looked.json["findings"] if one["severity"] == "error"]
    assert finding["check"] == "quota-limit" and "their own limit" in finding["what"]
    assert finding["waivable"] and "decide these" in finding["remedy"]


def test_another_target_is_refused(practice_site):
    site = practice_site
    cli.run("snf-upgrade", "survey", site=site).expect(0)
    cli.run("snf-upgrade", "run", "--yes", "--until", "survey", site=site).expect(0)
    site.conf.write_text("target = 0.14-9~squeeze\n" + site.conf.read_text())
    refused = cli.run("snf-upgrade", "run", "--yes", "--until", "stop", site=site)
    assert refused.code == 3, refused.err


def test_nobody_to_ask_is_a_refusal(practice_site):
    refused = cli.run("snf-upgrade", "run", site=practice_site).expect(3)
    assert "--yes" in refused.err
    assert not any(row["step"] == "stop.astakos" for row in journal(practice_site))


def test_a_living_run_holds_the_site(practice_site):
    site = practice_site
    process = cli.start("snf-upgrade", "run", "--yes", "--until", "quiet", site=site)
    wait_for_begun(site, "stop", process)
    other = cli.run("snf-upgrade", "run", "--yes", site=site)
    assert other.code == 75 and "pid %d" % process.pid in other.err
    cli.run("snf-upgrade", "status", site=site).expect(0)
    assert process.communicate(timeout=120) and process.returncode == 0


def test_a_run_broken_off_among_its_starts_goes_on(practice_site, three):
    """Services that are up again are no reason to doubt the backups of the window; one that is
    gone is not made anew: it would hold what users have written since."""
    site = practice_site
    cli.run("snf-upgrade", "run", "--yes", "--until", "start.cyclades", site=site,
            timeout=600).expect(0)
    up = {(node, name): runs for node, name, runs in endstate.services(site)}
    assert up[("cyclades", "gunicorn")] and not up[("pithos", "gunicorn")]
    (taken,) = (site.dir / "backups").glob("*-after-register")
    shutil.move(str(taken), str(site.dir / "elsewhere"))
    done = cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(1)
    assert "something started gunicorn on" in " ".join(done.out.split())
    shutil.move(str(site.dir / "elsewhere"), str(taken))
    site.psql("cyclades", "INSERT INTO django_session VALUES ('users', 'write', now())")
    left = cli.run("snf-upgrade", "plan", "--json", site=site).expect(0).json["result"]["steps"]
    assert "backup-quota" not in [step["id"] for step in left if step["pending"]]
    cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(0)
    site.psql("cyclades", "DELETE FROM django_session WHERE session_key = 'users'")
    begun = [row["step"] for row in journal(site) if row["event"] == "begun"]
    assert begun.count("backup-quota") == 1
    assert endstate.differences(endstate.whole(site), three.end) == []
