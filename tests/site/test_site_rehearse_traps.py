"""What waits for the real run is found by a rehearsal, and a killed one is cleaned up.

Each trap of SOURCE 4.4 and OBSERVED C and E is seeded; those that rename, join and add mend by
themselves are in the site of test_site_rehearse.  doc/rehearsal.md has the table.
SNF_REHEARSALS=all (make rehearsals) ends one wherever a test can, and goes on past the first
findings; else one kill, one Ctrl-C, one rehearsal.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from snftools import practice
from tests.helpers import cli, endstate
from tests.helpers.postgres import Postgres
from tests.site.test_site_rehearse import databases, rehearse

LOCAL = "etc/synnefo/99-local.conf"
KILLS = ["restore", "copies", "install", "migrate"]
STOPS = [("migrate", signal.SIGINT, 130), ("restore", signal.SIGINT, 130),
         ("install", signal.SIGTERM, 143)]
ALL = os.environ.get("SNF_REHEARSALS") == "all"
SOME = slice(None if ALL else 1)


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


def set_version(root, name, version):
    """A library of another version than the one that is installed; "": none."""
    status, mark = root / "var/lib/dpkg/status", root / "usr/lib/synnefo/versions" / name
    head, begin, rest = status.read_text().partition("Package: %s\n" % name)
    block, end, rest = rest.partition("\n\n")
    block = re.sub("(?m)^Version: .*$", "Version: " + version, block) if version else \
        block.replace("install ok installed", "deinstall ok config-files")
    status.write_text(head + begin + block + end + rest)
    if version:
        mark.write_text(version.partition("-")[0] + "\n")
    else:
        mark.unlink()


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
    set_version(site.node("cyclades"), "python-crypto", "2.6.1-5")
    (site.node("cyclades") / LOCAL).write_text("API_ROOT_URL = APP_INSTALL_URL + '/api'\n"
                                               "LIMIT = MAX_VMS_PER_USER + 1\n"
                                               "CYCLADES_SERVICE_TOKEN = 'another'\n")
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
    ("user-states", "snf_astakos"), ("quota-limit", ""), ("settings-refused", "99-local.conf:3"),
    ("settings-leftover", "99-local.conf:2"), ("library", ""),
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


@pytest.fixture(scope="module")
def rounds(site_template, spare_server):
    """A site whose traps show one after the other: each rehearsal's findings, after what the
    one before has found was mended."""
    site = site_template.copy()
    root, found = site.node("cyclades"), []
    conf, key = site.conf.read_text(), root / LOCAL
    site.conf.write_text(re.sub(r"(?s)(\[\[pithos\]\].base_url = )\S+",
                                r'\1"http://127.0.0.1:1/im/authenticate"', conf))
    key.write_text("SECRET_ENCRYPTION_KEY = 'not the one of before'\n")
    set_version(root, "python-memcache", "")
    set_version(root, "python-crypto", "2.6.1-5")
    try:
        found.append(rehearse(site, spare_server, "--json"))
        site.conf.write_text(conf)
        (root / "usr/lib/synnefo/versions/python-memcache").write_text("1.45\n")
        clean(site, spare_server)
        if ALL:
            found.append(rehearse(site, spare_server, "--json"))
            set_version(root, "python-crypto", "2.1.0-2")
            clean(site, spare_server)
            found.append(rehearse(site, spare_server, "--json"))
            clean(site, spare_server)
        yield [(done.code, [one for one in done.json["findings"] if one["severity"] == "error"])
               for done in found]
    finally:
        site.destroy()


@pytest.mark.parametrize("number, node, where, said", [
    (0, "cyclades", "/etc/synnefo", "InvalidCacheBackendError"),
    (0, "pithos", "/etc/synnefo", "PITHOS_BASE_URL still has /im/authenticate"),
    (1, "cyclades", "migrate.cyclades", "ValueError: IV must be 16 bytes long in 0066_add_iv"),
    (2, "cyclades", "migrate.cyclades", "CorruptedPassword: Can not decrypt password"),
][:None if ALL else 2])
def test_what_only_a_step_can_meet_is_found(rounds, number, node, where, said):
    """OBSERVED C 13, E (no program looks at a base URL), C 12 (the library, the key)."""
    code, errors = rounds[number]
    assert code in (1, 4)
    assert [one for one in errors if one["node"] == node and where in one["where"]
            and said in one["what"] + one["why"]], errors


PACKAGED = Path(practice.__file__).parent / "settings/shipped/0.13"
BROKEN = ("GANETI_CREATEINSTANCE_KWARGS = {\n    'hvparams': {'kvm': {}, 'xen-pvm: {},\n"
          "                 'xen-hvm': {}}}\n")


@pytest.mark.parametrize("node, file, text, code, said", [
    ("astakos", "99-local.conf", "DATABASES = {'default': {'ENGINE': 'sqlite3', 'NAME': '/x'}}\n",
     3, "DATABASES of astakos names no PostgreSQL database"),
    ("cyclades", "10-snf-webproject-database.conf",
     (PACKAGED / "10-snf-webproject-database.conf").read_text(),
     3, "DATABASES of cyclades names no PostgreSQL database"),
    ("pithos", "20-snf-pithos-app-settings.conf",
     (PACKAGED / "20-snf-pithos-app-settings.conf").read_text(),
     3, "PITHOS_BACKEND_DB_CONNECTION of pithos names no PostgreSQL database"),
    ("cyclades", "99-local.conf", BROKEN, 78, "99-local.conf:2: a string is never closed"),
], ids=["sqlite", "packaged", "unset", "broken-example"])
def test_settings_that_name_no_database_end_it_at_once(running_site, spare_server, node, file,
                                                       text, code, said):
    """OBSERVED C 11, E (the packaged database file, the broken example of 0.14)."""
    site = running_site
    path = site.node(node) / "etc/synnefo" / file
    before = path.read_bytes() if path.exists() else None
    path.write_text(text)
    try:
        assert said in rehearse(site, spare_server).expect(code).err
        clean(site, spare_server)
    finally:
        path.unlink() if before is None else path.write_bytes(before)


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


@pytest.mark.parametrize("when", KILLS[SOME])
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


@pytest.mark.parametrize("when, number, code", STOPS[SOME])
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
