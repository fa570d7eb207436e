"""The way back: from the end and from the middle, killed, refused; equal to the start."""

from __future__ import annotations

import json
import os

import pytest

from tests.helpers import cli, endstate
from tests.helpers.packages import offer_without, tool


@pytest.fixture(scope="module")
def start(site_template):
    """What the site is before anything."""
    site = site_template.copy()
    yield endstate.whole(site)
    site.destroy()


def upgrade(site, *options):
    return cli.run("snf-upgrade", "run", "--yes", *options, site=site, timeout=600).expect(0)


def rollback(site, *options, **more):
    return cli.run("snf-upgrade", "rollback", "--yes", *options, site=site, timeout=600, **more)


def events(site):
    path = sorted((site.dir / "state" / "runs").glob("*/journal.jsonl"))[0]
    return [(row["step"], row["event"]) for row in map(json.loads,
                                                       path.read_text().splitlines())]


def test_from_the_end_back_to_the_start_and_up_again(practice_site, start, three):
    site = practice_site
    upgrade(site)
    site.psql("astakos", "UPDATE auth_user SET first_name = 'New' WHERE id = 1")
    plan = cli.run("snf-upgrade", "rollback", "--check", "--json", site=site).expect(5)
    result = plan.json["result"]
    assert result["needs_discard"] and "auth_user: other content" in str(result["lost"])
    rows = list(dict.fromkeys(step["id"].partition(".")[0] for step in result["steps"]))
    assert rows == ["stop", "quiet", "restore", "settings", "install", "start", "proof"]
    shown = cli.run("snf-upgrade", "rollback", "--check", site=site).expect(5)
    assert "auth_user" in shown.out and "--discard-new-data" in shown.out
    assert "snf-restore-db " in shown.out and "expected" in shown.out
    refused = rollback(site).expect(3)
    assert "auth_user" in refused.err and "--discard-new-data" in refused.err
    done = rollback(site, "--discard-new-data").expect(0)
    assert "is back at Synnefo 0.13" in done.out
    assert endstate.differences(endstate.whole(site), start) == []
    assert events(site)[-2:] == [("", "undone"), ("", "closed")]
    again = rollback(site).expect(3)
    assert "no run to go back from" in again.err
    upgrade(site)  # a new run, with its own survey and backups
    assert len(list((site.dir / "state" / "runs").iterdir())) == 2
    assert endstate.differences(endstate.whole(site), three.end) == []


def test_to_a_step_and_on_again(practice_site, three):
    site = practice_site
    upgrade(site, "--until", "backup-quota")
    refused = rollback(site, "--to", "register").expect(3)
    assert "rollback --to backup-migrate" in refused.err
    back = rollback(site, "--to", "migrate").expect(0)
    assert "Back to after migrate, proven" in back.out
    assert site.psql("astakos", "SELECT count(*) FROM im_component WHERE name = 'astakos'"
                     )[0][0] == 0
    back = rollback(site, "--to", "versions").expect(0)
    assert site.psql("pithos", "SELECT version_num FROM alembic_version")[0][0] == "27381099d477"
    cli.run("snf-settings-rename", "--check", "--node", "astakos", site=site).expect(5)
    cli.run("snf-install-packages", "--check", "--node", "all", site=site).expect(0)
    upgrade(site)
    assert endstate.differences(endstate.whole(site), three.end) == []


def test_run_refuses_until_a_rollback_has_ended_and_rollback_goes_on(practice_site, start):
    site = practice_site
    upgrade(site, "--until", "register")
    killed = rollback(site, env={"SNF_UPGRADE_FAILPOINT": "step.done:restore=SIGKILL"})
    assert killed.code == -9
    refused = cli.run("snf-upgrade", "run", "--yes", site=site).expect(3)
    assert "going back has begun" in refused.err
    other = rollback(site, "--to", "migrate").expect(3)
    assert "the whole way" in other.err
    # What was put back is not put back again: only the rest is made.
    rest = rollback(site).expect(0)
    assert " restore " not in rest.out and " settings " in rest.out
    assert endstate.differences(endstate.whole(site), start) == []


def test_a_file_changed_since_is_refused_before_anything(practice_site):
    site = practice_site
    upgrade(site, "--until", "settings")
    path = site.node("pithos") / "etc/synnefo/20-snf-pithos-app-settings.conf"
    path.write_bytes(path.read_bytes() + b"# mine\n")
    before = endstate.whole(site)
    refused = rollback(site).expect(3)
    said = " ".join(refused.out.split())
    assert "20-snf-pithos-app-settings.conf was changed since" in said
    assert endstate.differences(endstate.whole(site), before) == []


def test_no_run_no_way_back(practice_site):
    assert "no run to go back from" in rollback(practice_site).expect(3).err
    cli.run("snf-upgrade", "rollback", "--to", "nowhere", site=practice_site).expect(3)
    cli.run("snf-upgrade", "survey", site=practice_site).expect(0)
    assert "no step nowhere" in cli.run("snf-upgrade", "rollback", "--to", "nowhere",
                                        site=practice_site).expect(2).err


def test_compare_names_what_differs(practice_site):
    site = practice_site
    cli.run("snf-upgrade", "survey", "--compare", site=site).expect(3)
    cli.run("snf-upgrade", "survey", site=site).expect(0)
    cli.run("snf-upgrade", "survey", "--compare", site=site).expect(0)
    (site.node("pithos") / "etc/synnefo/new.conf").write_text("")
    (site.node("astakos") / "etc/synnefo/10-snf-webproject-deploy.conf").chmod(0o600)
    site.psql("astakos", "DELETE FROM im_usersetting WHERE id = (SELECT min(id) FROM "
              "im_usersetting)")
    cli.run("snf-services", "stop", "gunicorn", "--node", "cyclades", site=site).expect(0)
    told = cli.run("snf-upgrade", "survey", "--compare", site=site).expect(4).out
    for text in ("new.conf came since", "has other mode or owner", "user_limits is not what",
                 "gunicorn: down instead of running"):
        assert text in told


def test_back_from_what_was_found_done_to_the_survey(practice_site, start):
    site = practice_site
    cli.run("snf-upgrade", "run", "--yes", "--until", "backup-before", site=site,
            timeout=600).expect(0)
    for name in ("astakos", "pithos"):
        cli.run("snf-install-packages", "--node", name, site=site, timeout=300).expect(0)
    cli.run("snf-settings-rename", "--node", "astakos", "--email", site=site).expect(0)
    upgrade(site)
    assert {("install.astakos", "found"), ("install.pithos", "found"),
            ("settings.astakos", "found"), ("install.cyclades", "done")} <= set(events(site))
    path = site.node("astakos") / "etc/synnefo/20-snf-astakos-app-settings.conf"
    upgraded = path.read_bytes()
    path.write_bytes(upgraded + b"# mine\n")
    refused = rollback(site, "--discard-new-data").expect(3)
    assert "20-snf-astakos-app-settings.conf was changed since" in " ".join(refused.out.split())
    path.write_bytes(upgraded)
    rollback(site, "--discard-new-data").expect(0)
    assert endstate.differences(endstate.whole(site), start) == []


def test_back_from_what_was_typed_by_hand(practice_site, start):
    site = practice_site
    plan = cli.run("snf-upgrade", "plan", "--json", site=site).expect(0).json["result"]
    for step in plan["steps"]:
        program, *words = step["command"]
        cli.run(os.path.basename(program), *words, site=site, timeout=300).expect(0)
    before = events(site)
    check = cli.run("snf-upgrade", "rollback", "--check", site=site).expect(5)
    for line in ("snf-restore-db ", "snf-install-packages --undo", "snf-settings-rename --undo"):
        assert line in check.out
    assert events(site) == before
    assert "would lose" in rollback(site).expect(3).err
    rollback(site, "--discard-new-data").expect(0)
    assert endstate.differences(endstate.whole(site), start) == []


def test_back_from_what_was_broken_off_by_hand(practice_site, start):
    site = practice_site
    cli.run("snf-upgrade", "survey", site=site).expect(0)
    cli.run("snf-services", "stop", "--node", "all", site=site).expect(0)
    cli.run("snf-backup-db", "create", "--label", "pre-upgrade", "--verify", "restore",
            site=site, timeout=300).expect(0)
    for name in ("astakos", "cyclades"):
        cli.run("snf-install-packages", "--node", name, site=site, timeout=300).expect(0)
        cli.run("snf-settings-rename", "--node", name, "--email", site=site).expect(0)
    deb, = site.dir.glob("repo/snf-common_0.14-1*")
    tool(site.node("pithos"), "dpkg", "--force-all", "--unpack", str(deb))
    killed = cli.run("snf-migrate-db", "--node", "astakos", site=site, env={
        "SNF_UPGRADE_FAILPOINT": "program.after:snf-manage?syncdb*=SIGKILL"})
    assert killed.code == -9
    rollback(site).expect(0)
    assert {("install.astakos", "found"), ("install.pithos", "begun"),
            ("migrate.astakos", "begun")} <= set(events(site))
    assert endstate.differences(endstate.whole(site), start) == []


def test_nothing_to_put_back_is_proven_too(practice_site):
    site = practice_site
    cli.run("snf-upgrade", "survey", site=site).expect(0)
    path = site.node("pithos") / "etc/synnefo/10-mine.conf"
    path.write_bytes(b"# mine\n")
    told = rollback(site).expect(4)
    assert "10-mine.conf came since" in " ".join(told.out.split())
    path.unlink()
    assert "Proven by its survey" in rollback(site).expect(0).out


def test_versions_that_no_apt_gives_again_are_told_before_anything(practice_site):
    site = practice_site
    cli.run("snf-upgrade", "survey", site=site).expect(0)
    for path in site.dir.glob("repo/*_0.13*"):
        path.unlink()
    offer_without(site, "snf-cyclades-gtools", "0.13-1")
    cli.run("snf-services", "stop", "--node", "ganeti", site=site).expect(0)
    cli.run("snf-install-packages", "--node", "ganeti", site=site).expect(0)
    before = endstate.whole(site)
    told = cli.run("snf-upgrade", "rollback", "--check", site=site).expect(5)
    assert "the .deb of snf-cyclades-gtools 0.13-1" in " ".join(told.out.split())
    refused = rollback(site).expect(3)
    assert "can't be had" in refused.out and "Nothing was started" in refused.out
    assert endstate.differences(endstate.whole(site), before) == []


def test_settings_that_nobody_can_read_and_a_dead_server_hold_up_no_way_back(practice_site):
    site = practice_site
    cli.run("snf-upgrade", "run", "--yes", "--until", "install", site=site,
            timeout=600).expect(0)
    path = site.node("astakos") / "etc/synnefo/10-mine.conf"
    path.write_bytes(b"X = (\n")
    check = cli.run("snf-upgrade", "rollback", "--check", site=site).expect(5)
    assert "snf-install-packages --undo" in check.out
    path.unlink()
    site.server.stop()
    try:
        check = cli.run("snf-upgrade", "rollback", "--check", site=site).expect(5)
        assert "snf-install-packages --undo" in check.out
    finally:
        site.server.start()
