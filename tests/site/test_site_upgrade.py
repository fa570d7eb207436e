"""The whole upgrade, both layouts: what the databases, dpkg, the processes and HTTP say then."""

from __future__ import annotations

import json

import pytest

from tests.helpers import cli


@pytest.fixture(params=["three", "one_host"])
def done(request):
    """Each layout, upgraded."""
    return request.getfixturevalue(request.param)


def scalar(site, component, sql):
    return site.psql(component, sql)[0][0]


def test_histories_are_at_the_releases_heads(done):
    site = done.site
    for component, app, head in (
            ("astakos", "im", "0042_service_origin"), ("cyclades", "db", "0068_auto__add_field_"
             "network_drained"), ("astakos", "quotaholder_app", "0007_auto__del_field_commission_"
                                  "issue_time")):
        assert scalar(site, component, "SELECT max(migration) FROM south_migrationhistory "
                      "WHERE app_name = '%s'" % app) == head
    assert scalar(site, "cyclades", "SELECT max(migration) FROM south_migrationhistory WHERE "
                  "app_name = 'userdata'").startswith("0003_")
    assert scalar(site, "pithos", "SELECT version_num FROM alembic_version") == "4c8ccdc58192"


def test_packages_are_the_releases_and_configured(done):
    for node, rows in done.end["packages"].items():
        ours = [row for row in rows if row.startswith(("snf-common ", "snf-webproject "))]
        assert ours and all("0.14-1~squeeze" in row and "install ok installed" in row
                            for row in ours), (node, ours)


def test_ui_urls_limit_and_own_limits(done):
    site = done.site
    from snftools.site import Site
    conf = Site.read(str(site.conf))
    urls = dict(site.psql("astakos", "SELECT name, url FROM im_component"))
    for name, component in conf.components.items():
        assert urls[name] == component.ui_url
    assert scalar(site, "astakos", "SELECT uplimit FROM im_resource WHERE name = "
                  "'astakos.pending_app'") == 2
    assert scalar(site, "astakos", "SELECT count(*) FROM im_astakosuserquota q JOIN im_resource "
                  "r ON r.id = q.resource_id WHERE r.name = 'astakos.pending_app'") == 13


def test_three_sets_the_first_proven_by_restore_and_marked(done):
    listed = cli.run("snf-backup-db", "list", "--json", site=done.site).expect(0)
    sets = {row["label"]: row for row in listed.json["result"]["sets"]}
    assert sorted(sets) == ["after-migrate", "after-register", "pre-upgrade"]
    assert {row["level"] for row in sets["pre-upgrade"]["databases"]} == {"restore"}
    assert sets["pre-upgrade"]["marks"]
    for label in ("after-migrate", "after-register"):
        assert {row["level"] for row in sets[label]["databases"]} == {"archive"}


def test_what_ran_before_runs_again_and_answers(done):
    ran = [row for row in done.before if row[2]]
    assert ran and all(row in done.end["services"] for row in ran)
    cli.run("snf-register-verify", "--http", site=done.site).expect(0)


def test_the_last_screen_tells_how_it_was_proven(done):
    out = done.done.out
    for text in ("is at Synnefo 0.14", "im 0042", "quotaholder_app 0007", "db 0068",
                 "4c8ccdc58192", "own limits of 13 users", "Without service from",
                 "Backups: 3 sets", "Left for you:"):
        assert text in out, text
    assert "Not proven" not in out
    assert [line for line in out.splitlines() if len(line) > 80 and "/" not in line] == []
    assert out.isascii()


def test_run_again_takes_nothing_down_and_writes_nothing_new(done):
    site = done.site
    before = cli.run("snf-services", "status", "--node", "all", "--json", site=site).json
    state = sorted(str(path) for path in (site.dir / "state").rglob("*"))
    backups = sorted(str(path) for path in (site.dir / "backups").rglob("*"))
    again = cli.run("snf-upgrade", "run", site=site).expect(0)
    assert "nothing to do" in again.out
    after = cli.run("snf-services", "status", "--node", "all", "--json", site=site).json
    assert after["result"] == before["result"]  # the same processes
    assert sorted(str(path) for path in (site.dir / "state").rglob("*")) == state
    assert sorted(str(path) for path in (site.dir / "backups").rglob("*")) == backups


def test_status_and_plan_after_the_run(done):
    status = cli.run("snf-upgrade", "status", "--json", site=done.site).expect(0).json["result"]
    assert status["left"] == status["failed"] == status["begun"] == []
    plan = cli.run("snf-upgrade", "plan", "--json", site=done.site).expect(0).json["result"]
    assert not any(step["pending"] for step in plan["steps"])
    assert set(plan["steps"][0]) == {"id", "kind", "nodes", "needs", "undo", "command",
                                     "pending", "window", "seconds"}
    assert plan["services_from"] == "survey"


def test_a_planted_secret_is_only_where_it_may_be(done):
    """Tokens and the database password: settings, dumps, survey and undo copies hold them."""
    site = done.site
    secrets = {row[0] for row in site.psql("astakos", "SELECT auth_token FROM im_component")
               if row[0]}
    settings = b"".join(done.end["settings"].values()).decode("latin-1")
    import re
    secrets |= set(re.findall(r"'PASSWORD':\s*'([^']+)'", settings))
    assert len(secrets) > 2
    for path in (site.dir / "state").rglob("*"):
        if path.is_file() and "/survey/" not in str(path) and "/undo/" not in str(path):
            data = path.read_bytes().decode("latin-1")
            assert not [secret for secret in secrets if secret in data], path
    assert not [secret for secret in secrets if secret in done.done.out + done.done.err]
    journal = next((site.dir / "state" / "runs").iterdir()) / "journal.jsonl"
    for line in journal.read_text().splitlines():
        json.loads(line)


def test_a_run_calls_nothing_of_the_machines_path(practice_site, canaries):
    cli.run("snf-upgrade", "run", "--yes", site=practice_site, timeout=600,
            env={"PATH": canaries.path}).expect(0)
    assert canaries.called() == ""


def test_nothing_is_left_behind(done):
    for node in (done.site.dir / "nodes").iterdir():
        assert not (node / "usr/sbin/policy-rc.d").exists()
        assert not list((node / "run/lock").glob("snf-upgrade*")) \
            if (node / "run/lock").exists() else True
        assert not list((node / "etc/synnefo").glob("*.snf-new"))
    names = {row[0] for row in done.site.psql(
        "astakos", "SELECT datname FROM pg_database WHERE NOT datistemplate")}
    assert names == set(done.site.facts["databases"].values()) | {"postgres"}
