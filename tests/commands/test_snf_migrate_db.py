"""snf-migrate-db on practice sites: the whole of it, every refusal, every lie."""

import signal
import time

import pytest

from snftools.state import wait_until
from tests.helpers import cli, upgraded

HEADS = {"im": "0042_service_origin",
         "quotaholder_app": "0007_auto__del_field_commission_issue_time",
         "db": "0068_auto__add_field_network_drained",
         "userdata": "0003_auto__chg_field_publickeypair_fingerprint__chg_field_publickeypair_use",
         "alembic": "4c8ccdc58192"}


@pytest.fixture(scope="module")
def installed(site_template):
    """A site with the new packages and settings, to be copied."""
    site = site_template.copy()
    upgraded.install(site)
    upgraded.settings(site)
    yield site
    site.destroy()


@pytest.fixture
def site(installed):
    copy = installed.copy()
    upgraded.stop(copy)
    yield copy
    copy.destroy()


def run(site, *arguments):
    return cli.run("snf-migrate-db", *arguments, site=site)


def checks(done):
    return [finding["check"] for finding in done.json["findings"]
            if finding["severity"] == "error"]


def heads(done):
    found = {}
    for row in done.json["result"]["databases"].values():
        found.update(row["heads"])
    return found


def test_check_works_with_the_old_packages_and_changes_nothing(practice_site):
    before = practice_site.psql("astakos", "SELECT count(*) FROM south_migrationhistory")
    done = run(practice_site, "--check", "--json").expect(5)
    assert done.json["changed"] and heads(done)["alembic"] == "27381099d477"
    assert practice_site.psql("astakos", "SELECT count(*) FROM south_migrationhistory") == before


def test_whole_site_then_again(site):
    done = run(site, "--node", "all", "--no-way-back", "--json").expect(0)
    assert heads(done) == HEADS and done.json["changed"]
    lines = [step["line"] for step in done.json["result"]["steps"]]
    assert lines == ["snf-manage syncdb --noinput",
                     "snf-manage migrate quotaholder_app 0001 --fake --noinput",
                     "snf-manage migrate quotaholder_app --noinput",
                     "snf-manage migrate im --noinput",
                     "snf-manage syncdb --noinput", "snf-manage migrate --noinput",
                     "pithos-migrate upgrade head"]
    assert site.psql("astakos", "SELECT count(*) FROM auth_permission") == [(123,)]
    run(site, "--check").expect(0)
    again = run(site, "--node", "all", "--json").expect(0)
    assert not again.json["changed"] and again.json["result"]["steps"] == []


def test_without_site_conf_node_by_node(site, tmp_path):
    env = {"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}
    for name in ("astakos", "cyclades", "pithos"):
        cli.run("snf-migrate-db", "--node", site.node(name), "--role", name, "--no-way-back",
                "--backup-dir", tmp_path, "--settings-dir", "/etc/synnefo",
                "--db-admin", "postgresql://postgres@/postgres?host=%s/run" % site.dir,
                "--yes", env=env).expect(0)
    assert heads(run(site, "--check", "--json").expect(0)) == HEADS


def test_needs_a_way_back(site):
    done = run(site, "--node", "pithos").expect(3)
    assert "snf-backup-db create --label pre-upgrade --verify restore" in done.err
    assert site.psql("pithos", "SELECT version_num FROM alembic_version") == [("27381099d477",)]


def test_which_node_is_asked(site):
    assert "--node" in run(site).expect(2).err
    run(site, "--node", "nowhere").expect(2)
    run(site, "--node", "ganeti").expect(2)


def repeated_fake(site):
    """What the runbook's fake does when it is typed again (OBSERVED C.1)."""
    site.psql("astakos", "DELETE FROM south_migrationhistory WHERE app_name = 'quotaholder_app' "
                         "AND migration <> '0001_initial'")


def test_damaged_history_is_refused_with_the_line_that_mends_it(site):
    upgraded.migrate(site)
    repeated_fake(site)
    for arguments in (("--node", "astakos"), ("--check",)):
        done = run(site, *arguments, "--json").expect(3)
        assert checks(done) == ["history-damaged"]
    finding = done.json["findings"][0]
    assert finding["remedy"].startswith("snf-manage migrate quotaholder_app 0007 --fake")
    node = next(node for node in upgraded.nodes(site) if node.name == "astakos")
    assert node.run(finding["remedy"].split()).ok
    run(site, "--check").expect(0)


def test_lost_permissions_are_made(site):
    upgraded.migrate(site)
    lost = ("SELECT p.id FROM auth_permission p JOIN django_content_type t ON t.id = "
            "p.content_type_id WHERE t.model IN ('component', 'endpoint', 'endpointdata', "
            "'authproviderpolicyprofile')")
    assert len(site.psql("astakos", lost)) == 12
    rows = site.psql("astakos", "SELECT name, codename FROM auth_permission ORDER BY 1, 2")
    site.psql("astakos", "DELETE FROM auth_permission WHERE id IN (%s)" % lost)
    run(site, "--check").expect(5)
    run(site, "--node", "astakos").expect(0)
    assert site.psql("astakos",
                     "SELECT name, codename FROM auth_permission ORDER BY 1, 2") == rows


def test_unstamped_pithos(site):
    site.psql("pithos", "DELETE FROM alembic_version")
    done = run(site, "--node", "pithos", "--no-way-back", "--json").expect(3)
    assert checks(done) == ["alembic-unstamped"]
    assert done.json["findings"][0]["remedy"] == "pithos-migrate stamp 27381099d477"
    run(site, "--node", "pithos", "--check").expect(3)
    node = next(node for node in upgraded.nodes(site) if node.name == "pithos")
    assert node.run(["pithos-migrate", "stamp", "27381099d477"]).ok
    run(site, "--node", "pithos", "--no-way-back").expect(0)


def test_empty_database(site):
    site.psql("astakos", "DROP SCHEMA public CASCADE; CREATE SCHEMA public; "
                         "GRANT ALL ON SCHEMA public TO synnefo")
    done = run(site, "--node", "astakos", "--no-way-back", "--json").expect(3)
    assert checks(done) == ["database-empty"]
    assert site.psql("astakos", "SELECT count(*) FROM pg_tables "
                                "WHERE schemaname = 'public'") == [(0,)]


def test_a_session_that_would_block_is_named(site):
    other = site.server.connect(site.database("astakos"))
    try:
        other.cursor().execute("SELECT count(*) FROM quotaholder_app_holding")
        done = run(site, "--node", "astakos", "--no-way-back", "--json").expect(3)
        assert checks(done) == ["session-blocks"]
        assert "pid %d" % other.get_backend_pid() in done.json["findings"][0]["what"]
        run(site, "--node", "astakos", "--check").expect(5)
    finally:
        other.close()
    run(site, "--node", "astakos", "--no-way-back").expect(0)


PREFLIGHT = [
    ("service-names", "UPDATE im_service SET name = 'compute' WHERE name = 'cyclades'", 3),
    ("equal-resource-names", "UPDATE im_resource SET name = 'diskspace' WHERE id = "
     "(SELECT min(id) FROM im_resource WHERE name <> 'diskspace')", 3),
    ("service-tokens", "UPDATE im_service SET auth_token = 'same-token-for-two'", 3),
    ("user-tokens", "UPDATE im_astakosuser SET auth_token = 'same-token-for-all'", 5),
    ("user-states", "UPDATE im_astakosuser SET email_verified = false", 5)]


@pytest.mark.parametrize("check, sql, code", PREFLIGHT, ids=[row[0] for row in PREFLIGHT])
def test_preflight(site, check, sql, code):
    site.psql("astakos", sql)
    looked = run(site, "--node", "astakos", "--check", "--json").expect(5)
    assert check in [finding["check"] for finding in looked.json["findings"]]
    if code == 3:
        assert checks(run(site, "--node", "astakos", "--no-way-back", "--json").expect(3)) == [
            check]
    assert "same-token" not in looked.out


LIE = "#!/bin/sh\nexit 0\n"


@pytest.mark.parametrize("node, program, said", [
    ("astakos", "snf-manage", "has not got 0001_initial"),
    ("cyclades", "snf-manage", "has not got 0062"),
    ("pithos", "pithos-migrate", "has not got its head")])
def test_a_program_that_exits_0_and_did_nothing(site, node, program, said):
    path = site.node(node) / "usr/bin" / program
    path.unlink()
    path.write_text(LIE)
    path.chmod(0o755)
    done = run(site, "--node", node, "--no-way-back").expect(1)
    assert said in done.err


def test_broken_settings_stop_with_their_file(site):
    (site.node("astakos") / "etc/synnefo/zz.conf").write_text("X = NOSUCH + 1\n")
    done = run(site, "--node", "astakos", "--no-way-back")
    assert done.code in (1, 78) and "zz.conf" in done.err + done.out


def test_one_host_in_the_right_order(site_template_one_host):
    site = site_template_one_host.copy()
    try:
        upgraded.install(site)
        upgraded.settings(site)
        done = run(site, "--node", "node1", "--no-way-back", "--json")
        done.expect(0)
        assert [step["step"] for step in done.json["result"]["steps"]] == [
            "sync-astakos", "adopt-quotaholder", "quotaholder", "im", "sync-cyclades",
            "cyclades"]
        run(site, "--node", "all", "--no-way-back").expect(0)
        assert heads(run(site, "--check", "--json").expect(0)) == HEADS
    finally:
        site.destroy()


def backup(site, label):
    cli.run("snf-backup-db", "create", "--label", label, "--verify", "restore",
            site=site).expect(0)


def marks(site):
    return [path for path in site.dir.glob("backups/*/marks.jsonl") if b"way-back" in
            path.read_bytes()]


def test_the_way_back_must_be_what_the_database_holds_now(site):
    backup(site, "early")
    site.psql("pithos", "UPDATE versions SET mtime = mtime + 1 "
                        "WHERE serial = (SELECT min(serial) FROM versions)")
    done = run(site, "--node", "pithos").expect(3)
    assert "no way back for" in done.err and marks(site) == []
    run(site, "--node", "astakos").expect(0)
    assert len(marks(site)) == 1
    backup(site, "pre-upgrade")
    run(site, "--node", "pithos").expect(0)
    assert len(marks(site)) == 2


def test_waiting_for_a_session_is_told(site):
    """A session that comes after the look: the migration waits, and says for whom."""
    program = site.node("astakos") / "usr/bin/snf-manage"
    program.rename(program.with_name("snf-manage.real"))
    flag = site.dir / "go"
    program.write_text('#!/bin/sh\nif [ "$2" = im ]; then touch %s.at; '
                       'while [ ! -e %s ]; do sleep 0.1; done; fi\nexec snf-manage.real "$@"\n'
                       % (flag, flag))
    program.chmod(0o755)
    child = cli.start("snf-migrate-db", "--node", "astakos", "--no-way-back", "--status-fd", "2",
                      site=site)
    try:
        assert wait_until(time.monotonic() + 60, (site.dir / "go.at").exists)
        other = site.server.connect(site.database("astakos"))
        other.cursor().execute("SELECT count(*) FROM im_service")
        flag.touch()
        said = ""
        for line in child.stderr:
            said = line.decode()
            if "waits for the session" in said:
                break
        assert "pid %d" % other.get_backend_pid() in said
        other.close()
        assert child.communicate(timeout=120) and child.returncode == 0
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            child.communicate()


def test_an_interrupt_leaves_whole_migrations_and_a_rerun_goes_on(site):
    child = cli.start("snf-migrate-db", "--node", "astakos", "--no-way-back", "--status-fd", "2",
                      site=site)
    for line in child.stderr:
        if b"migrate im" in line:
            break
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode == 130
    assert not [one for one in next(iter(upgraded.nodes(site))).processes()
                if "snf-manage" in one.args]
    run(site, "--node", "astakos", "--no-way-back").expect(0)
    assert heads(run(site, "--node", "astakos", "--check", "--json").expect(0)) == {
        name: HEADS[name] for name in ("im", "quotaholder_app")}
    assert site.psql("astakos", "SELECT count(*) FROM auth_permission") == [(123,)]
