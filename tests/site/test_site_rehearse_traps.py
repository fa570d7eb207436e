"""What waits for the real run is found by a rehearsal, and a killed one is cleaned up."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from types import SimpleNamespace

import pytest

from tests.helpers import cli, endstate
from tests.helpers.postgres import Postgres
from tests.site.test_site_rehearse import databases, rehearse

LOCAL = "etc/synnefo/99-local.conf"


@pytest.fixture(scope="module")
def spare_server():
    server = Postgres()
    yield server
    server.destroy()


def clean(site, server):
    """--clean, and the proof that it is."""
    done = cli.run("snf-upgrade", "rehearse", "--clean", "--yes", site=site).expect(0)
    assert databases(server) == (["postgres", "template0", "template1"], ["postgres"])
    assert not (site.dir.parent / "r").exists()
    return done


@pytest.fixture(scope="module")
def trapped(site_template, spare_server):
    """A site with the traps of SOURCE 4.4 and OBSERVED C and E that lie in its data and
    settings; what its rehearsal found."""
    site = site_template.copy()
    for sql in ("UPDATE im_service SET name = 'compute' WHERE name = 'cyclades'",
                "UPDATE im_resource SET name = 'diskspace' WHERE id = "
                "(SELECT min(id) FROM im_resource WHERE name <> 'diskspace')",
                "UPDATE im_service SET auth_token = 'same-token-for-two'",
                "UPDATE im_astakosuser SET auth_token = 'same-token-for-all'",
                "UPDATE im_astakosuser SET email_verified = false",
                "INSERT INTO quotaholder_app_commission (entity_id, clientkey, issue_time) "
                "SELECT min(entity), 'cyclades', '2013-11-12' FROM quotaholder_app_entity"):
        site.psql("astakos", sql)
    site.psql("pithos", "DELETE FROM alembic_version")
    (site.node("cyclades") / LOCAL).write_text("API_ROOT_URL = APP_INSTALL_URL + '/api'\n"
                                               "LIMIT = MAX_VMS_PER_USER + 1\n"
                                               "CYCLADES_SERVICE_TOKEN = 'another'\n")
    (site.node("pithos") / "etc/synnefo/old.bak.conf").write_text(
        "PITHOS_AUTHENTICATION_URL = 'http://127.0.0.1:1/im/authenticate'\n"
        "ASTAKOS_BASE_URL = 'http://127.0.0.1:2'\n")
    site.conf.write_text(site.conf.read_text().replace("pending_app_limit = 2",
                                                       "pending_app_limit = 0"))
    try:
        done = rehearse(site, spare_server, "--json").expect(4)
        clean(site, spare_server)
        yield SimpleNamespace(site=site, findings=done.json["findings"], out=done.out)
    finally:
        site.destroy()


@pytest.mark.parametrize("check, where", [
    ("service-names", "snf_astakos"), ("equal-resource-names", "snf_astakos"),
    ("pending-commissions", "snf_astakos"),
    ("service-tokens", "snf_astakos"), ("user-tokens", "snf_astakos"),
    ("user-states", "snf_astakos"), ("quota-limit", ""), ("settings-refused", "99-local.conf"),
])
def test_a_trap_is_found_days_before(trapped, check, where):
    found = [one for one in trapped.findings if one["check"] == check]
    assert found, sorted({one["check"] for one in trapped.findings})
    assert any(where in one["where"] and "_rehearsal" not in str(one) for one in found)


def test_a_database_that_was_never_stamped_is_found(trapped):
    assert [one for one in trapped.findings if "stamp" in one["remedy"]]


def test_remedies_are_about_the_live_site(trapped):
    assert str(trapped.site.dir.parent / "r") + "/site.conf" not in trapped.out


def test_what_no_check_knows_fails_in_the_rehearsal_and_is_undone(practice_site, spare_server):
    site = practice_site
    site.psql("astakos", "CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS "
                         "'BEGIN RAISE EXCEPTION ''resources are frozen''; END'")
    site.psql("astakos", "CREATE TRIGGER frozen BEFORE UPDATE ON im_resource FOR EACH ROW "
                         "EXECUTE PROCEDURE frozen()")  # somebody's own, of years ago
    before = endstate.whole(site)
    done = rehearse(site, spare_server, "--json")
    assert done.code == 1, done.out
    found = [one for one in done.json["findings"] if one["severity"] == "error"]
    assert [one for one in found if one["where"] == "migrate.astakos"], found
    assert found[0]["node"] == "astakos"
    assert endstate.differences(before, endstate.whole(site)) == []
    site.psql("astakos", "DROP FUNCTION frozen() CASCADE")
    told = rehearse(site, spare_server, "--json").expect(0).json["result"]
    assert told["forecast"]["without_service"] > 0
    clean(site, spare_server)


def test_sqlite_is_refused(practice_site, spare_server):
    site = practice_site
    (site.node("astakos") / LOCAL).write_text(
        "DATABASES = {'default': {'ENGINE': 'sqlite3', 'NAME': '/x.sqlite'}}\n")
    done = rehearse(site, spare_server)
    assert done.code == 3 and "names no PostgreSQL database" in done.err
    clean(site, spare_server)


def stopped_when(site, server, text, number):
    """Start a rehearsal and send it a signal when that is so; its exit status and output."""
    process = cli.start("snf-upgrade", "rehearse", "--in", site.dir.parent / "r", "--server",
                        server.url(), "--yes", site=site)
    deadline = time.monotonic() + 240
    while not text():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=240)
    return process.returncode, (out + err).decode()


def begun(site, step):
    return any('"step": "%s' % step in path.read_text()
               for path in (site.dir.parent / "r/state/runs").glob("*/journal.jsonl"))


def whens(site, server):
    """When a rehearsal has come so far."""
    return {"copies": lambda: (site.dir.parent / "r/nodes").exists(),
            "restore": lambda: "snf_astakos_rehearsal" in databases(server)[0],
            "install": lambda: begun(site, "install"),
            "migrate": lambda: begun(site, "migrate")}


@pytest.mark.parametrize("when", ["copies", "restore", "install", "migrate"])
def test_killed_anywhere_the_live_site_is_unharmed_and_clean_works(
        practice_site, spare_server, when):
    site = practice_site
    before = endstate.whole(site)
    stopped_when(site, spare_server, whens(site, spare_server)[when], signal.SIGKILL)
    if when == "restore":  # a second one takes up what is there
        rehearse(site, spare_server).expect(0)
    clean(site, spare_server)
    assert endstate.differences(before, endstate.whole(site)) == []
    assert list((site.dir / "backups").iterdir()) == []


@pytest.mark.parametrize("when, number, code", [
    ("restore", signal.SIGINT, 130), ("migrate", signal.SIGINT, 130),
    ("install", signal.SIGTERM, 143)])
def test_interrupted_it_ends_with_all_that_it_started_and_clean_works(
        practice_site, spare_server, when, number, code):
    site = practice_site
    before = endstate.whole(site)
    ended, said = stopped_when(site, spare_server, whens(site, spare_server)[when], number)
    assert ended == code, said
    assert "Traceback" not in said
    ours = subprocess.run(["pgrep", "-fa", str(site.dir.parent / "r")], stdout=subprocess.PIPE)
    assert ours.stdout == b""
    clean(site, spare_server)
    assert endstate.differences(before, endstate.whole(site)) == []
    assert list((site.dir / "backups").iterdir()) == []
