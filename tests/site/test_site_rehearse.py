"""`snf-upgrade rehearse`: the same upgrade on copies, while the live site goes on untouched."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.helpers import cli, endstate
from tests.helpers.postgres import Postgres


@pytest.fixture(scope="module")
def spare_server():
    """The server that gets the copies: none of the site's."""
    server = Postgres()
    yield server
    server.destroy()


def rehearse(site, server, *more, **how):
    return cli.run("snf-upgrade", "rehearse", "--in", site.dir.parent / "r", "--server",
                   server.url(), "--yes", *more, site=site, timeout=600, **how)


def databases(server):
    connection = server.connect()
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database ORDER BY 1")
        names = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1")
        roles = [row[0] for row in cursor.fetchall()]
    connection.close()
    return names, roles


def files_of(site):
    """Every file of the live site but the toolkit's own and the server's, with its bytes."""
    found = {}
    for name in endstate.nodes(site):
        for path in sorted(site.node(name).rglob("*")):
            if path.is_file() and not path.is_symlink() and "/var/log/" not in str(path) \
                    and "/run/" not in str(path):
                found[str(path)] = path.read_bytes()
    return found


@contextmanager
def listener():
    """(port, who came) of a server that nobody may talk to."""
    door = socket.create_server(("127.0.0.1", 0))
    came = []

    def listen():
        while True:
            try:
                client, address = door.accept()
            except OSError:
                return
            came.append(address)
            client.close()
    threading.Thread(target=listen, daemon=True).start()
    yield door.getsockname()[1], came
    door.shutdown(socket.SHUT_RDWR)
    door.close()


def seed(site):
    """Traps that the upgrade gets over: a line of the shipped 0.13 settings made live, a copy
    that is executed, the runbook's fake typed beforehand (OBSERVED E, C 1)."""
    with open(str(site.node("cyclades") / "etc/synnefo/99-local.conf"), "a") as stream:
        stream.write("API_ROOT_URL = APP_INSTALL_URL + '/api'\n")
    (site.node("pithos") / "etc/synnefo/old.bak.conf").write_text("MINE = 1\n")
    site.psql("astakos", "INSERT INTO south_migrationhistory (app_name, migration, applied) "
                         "VALUES ('quotaholder_app', '0001_initial', now())")


@pytest.fixture(scope="module")
def done(site_template, spare_server):
    """A site that was rehearsed, what it was before, and who was talked to."""
    site = site_template.copy()
    with listener() as (port, came):
        conf = site.node("cyclades") / "etc/synnefo/99-local.conf"
        conf.write_text("".join(line % port for line in (
            "AMQP_HOSTS = ['amqp://synnefo:s3cretqueue@127.0.0.1:%d']\n",
            "EMAIL_HOST = '127.0.0.1'\nEMAIL_PORT = %d\n",
            "MY_SENTRY = {'dsn': 'http://127.0.0.1:%d/4'}\n",
            "VMAPI_CACHE_BACKEND = 'memcached://127.0.0.1:%d/?timeout=3600'\n",
            "CYCLADES_QUOTAHOLDER_URL = 'http://127.0.0.1:%d/quotaholder/v'\n")))
        site.psql("cyclades", "UPDATE db_backend SET clustername = '127.0.0.1', port = %d "
                              "WHERE id = (SELECT min(id) FROM db_backend)" % port)
        seed(site)
        before = endstate.whole(site), files_of(site)
        first = rehearse(site, spare_server, "--json").expect(0)
        yield SimpleNamespace(site=site, before=before, told=first.json["result"], came=came,
                              json=first.json, base=site.dir.parent / "r", server=spare_server)
    site.destroy()


def test_the_live_site_is_as_it_was(done):
    whole, files = done.before
    assert endstate.differences(whole, endstate.whole(done.site)) == []
    now = files_of(done.site)
    assert sorted(now) == sorted(files)
    assert [path for path in files if now[path] != files[path]] == []
    assert list((done.site.dir / "backups").iterdir()) == []
    assert [path.name for path in (done.site.dir / "state").iterdir()] == ["rehearsal.json"]


def test_nobody_outside_was_talked_to(done):
    assert done.came == []
    named = {row["name"]: row["where"] for row in done.told["settings"]["cyclades"]["neutralized"]}
    assert named["AMQP_HOSTS"].startswith("99-local.conf:")
    assert set(named) >= {"EMAIL_BACKEND", "EMAIL_HOST", "MY_SENTRY", "VMAPI_CACHE_BACKEND",
                          "CYCLADES_QUOTAHOLDER_URL", "DATABASES", "BACKEND_DB_CONNECTION"}
    assert done.told["neutral_rows"] == [{"table": "db_backend", "rows": 2}]
    assert "ASTAKOS_URL" in done.told["settings"]["cyclades"]["stays"]


def test_the_derived_site_names_nothing_of_the_live_one(done):
    conf = (done.base / "site.conf").read_text()
    assert str(done.site.dir) + "/" not in conf.partition("\n")[2]
    assert "name = \"practice-rehearsal\"" in conf
    assert done.told["left_out"] == ["ganeti"]
    brought = (done.base / "nodes/cyclades/etc/synnefo/~snf-rehearsal.conf").read_text()
    assert str(done.site.dir) + "/" not in brought and "s3cretqueue" not in brought
    for path in (done.base / "nodes/cyclades/etc/apt").rglob("*"):
        if path.is_file():
            assert str(done.site.dir) + "/nodes" not in path.read_text()


def test_the_report_has_times_rows_room_and_diffs(done):
    steps = {row["step"] for row in done.told["steps"]}
    assert steps >= {"survey", "backup-before", "install.astakos", "settings.pithos",
                     "migrate.cyclades", "register", "verify", "quota"}
    assert not steps & {"stop.astakos", "start.astakos", "proof"}
    assert all(row["seconds"] > 0 for row in done.told["steps"])
    rows = {row["table"]: row for row in done.told["rows"]["snf_astakos_rehearsal"]}
    assert rows["auth_permission"]["before"] == 111 and rows["auth_permission"]["after"] == 123
    assert rows["im_component"]["before"] is None
    assert done.told["space"]["count"] == 2 and done.told["space"]["sets"] > 0
    assert any(line.startswith("+ASTAKOS_BASE_URL") for line in done.told["diff"]["pithos"])
    assert "start" in " ".join(done.told["not_shown"])
    ahead = done.told["forecast"]
    assert ahead["at_most"] == pytest.approx(1.5 * ahead["without_service"], abs=0.2)
    assert "install.ganeti" in ahead["not_measured"]


@pytest.mark.parametrize("node, old, new", [
    ("astakos", "ASTAKOS_BASEURL = ", "ASTAKOS_BASE_URL = 'http://127.0.0.1:%s/astakos'"),
    ("cyclades", "ASTAKOS_URL = 'http://127.0.0.1:%s/im/authenticate'",
     "ASTAKOS_BASE_URL = 'http://127.0.0.1:%s/astakos'"),
    ("cyclades", "API_ROOT_URL = APP_INSTALL_URL", "API_ROOT_URL = CYCLADES_BASE_URL"),
    ("pithos", "", "ASTAKOS_BASE_URL = 'http://127.0.0.1:%s/astakos'"),
])
def test_the_traps_of_a_literal_rename_are_told_and_mended(done, node, old, new):
    """OBSERVED E: another name in 0.13, a suffix that stays, a name that another line uses, a
    setting that nobody has yet."""
    port = done.site.facts["ports"]["astakos"]
    diff = [line.replace(str(port), "%s") for line in done.told["diff"][node]]
    assert not old or any(line.startswith("-" + old) for line in diff), diff
    assert any(line.startswith("+" + new) for line in diff), diff


def test_what_the_steps_warn_of_is_told(done):
    found = {(one["check"], one["node"], one["where"].rpartition("/")[2])
             for one in done.json["findings"]}
    assert found >= {("settings-backup", "pithos", "old.bak.conf"),
                     ("settings-follows", "cyclades", "99-local.conf:7")}
    assert "~snf-rehearsal.conf" not in str(done.json["findings"])


def test_plan_of_the_live_site_shows_the_measured_times(done):
    plan = cli.run("snf-upgrade", "plan", "--json", site=done.site).expect(0).json["result"]
    seconds = {step["id"]: step["seconds"] for step in plan["steps"]}
    took = {row["step"]: row["seconds"] + row["before"] for row in done.told["steps"]}
    assert all(row["before"] > 0 for row in done.told["steps"] if row["step"] in (
        "backup-before", "install.astakos", "migrate.astakos"))
    for step in ("install.astakos", "register", "backup-before"):
        assert abs(seconds[step] - took[step]) <= 1, step
    assert plan["rehearsed"]
    shown = cli.run("snf-upgrade", "plan", site=done.site).expect(0).out
    assert "are those of the rehearsal" in shown


def test_it_went_the_whole_way_back_and_a_second_one_reuses_what_is_there(done):
    nodes = done.base / "nodes"
    inode = (nodes / "astakos").stat().st_ino
    status = (nodes / "astakos/var/lib/dpkg/status").read_text()
    assert re.search(r"Package: snf-common\n(?:.+\n)*?Version: 0\.13", status)
    again = rehearse(done.site, done.server).expect(0)
    assert "is as the live databases are" in again.err
    assert "copied from" not in again.err
    assert (nodes / "astakos").stat().st_ino == inode
    assert "The real window: about" in again.out and "at 0.13 again" in again.out
    assert [line for line in again.out.splitlines() if len(line) > 80 and "/" not in line] == []
    assert "pithos: the settings change" in again.out and "\n+ASTAKOS_BASE_URL" in again.out
    whole = (done.base / "diff/pithos.diff").read_text().splitlines()
    assert whole == done.told["diff"]["pithos"]
    assert len(list((done.base / "backups").glob("*-rehearsal"))) == 1
    assert done.came == []


def test_clean_removes_all_of_it_and_keeps_what_was_measured(done):
    names, _ = databases(done.server)
    assert "snf_astakos_rehearsal" in names
    cleaned = cli.run("snf-upgrade", "rehearse", "--clean", "--yes", site=done.site).expect(0)
    assert "all is gone" in cleaned.out
    assert databases(done.server) == (["postgres", "template0", "template1"], ["postgres"])
    assert not done.base.exists()
    assert cli.run("snf-upgrade", "plan", "--json",
                   site=done.site).expect(0).json["result"]["rehearsed"]
    again = cli.run("snf-upgrade", "rehearse", "--clean", "--yes", site=done.site).expect(0)
    assert "nothing to do" in again.out


def refused(site, server, *words):
    before = endstate.whole(site), databases(server)
    done = cli.run("snf-upgrade", "rehearse", *words, "--yes", site=site)
    assert (endstate.whole(site), databases(server)) == before
    return done


def test_what_is_refused(running_site, spare_server):
    site, server = running_site, spare_server
    state = sorted(path.name for path in (site.dir / "state").iterdir())
    uri = ["--server", server.url()]
    done = refused(site, server, "--map", "astakos=spare1", *uri).expect(3)
    assert "no spare machine for cyclades, pithos" in done.err
    done = refused(site, server, "--map", "astakos=%s" % site.node("cyclades"), "--map",
                   "cyclades=/nowhere", "--map", "pithos=/nowhere2", *uri).expect(3)
    assert "is the live node cyclades" in done.err
    base = site.dir.parent / "r"
    assert "--server" in refused(site, server, "--in", base).expect(2).err
    assert "password" in refused(site, server, "--in", base, "--server",
                                 "postgresql://u:p@h/d").expect(2).err
    assert "name one" in refused(site, server, "--in", base, "--map", "astakos=x").expect(2).err
    assert "NODE=" in refused(site, server, "--map", "astakos").expect(2).err
    assert sorted(path.name for path in (site.dir / "state").iterdir()) == state
    assert not base.exists()


def test_a_live_address_that_cannot_be_followed_is_refused(practice_site, spare_server):
    site = practice_site
    (site.node("cyclades") / "etc/synnefo/99-local.conf").write_text(
        "import os\n\nMY_SENTRY = os.environ.get('DSN', 'http://sentry.example.org/4')\n")
    done = rehearse(site, spare_server).expect(3)
    assert "MY_SENTRY is computed" in done.out
    assert "99-local.conf:3" in done.out
    root = site.dir.parent / "r/nodes/cyclades/etc/synnefo"
    assert not (root / "~snf-rehearsal.conf").exists()
    assert not (site.dir.parent / "r/backups").exists()  # told before anything was taken
    cli.run("snf-upgrade", "rehearse", "--clean", "--yes", site=site).expect(0)
    assert not Path(site.dir.parent / "r").exists()


def test_not_once_the_real_upgrade_has_begun(three, spare_server):
    done = rehearse(three.site, spare_server).expect(3)
    assert "has begun" in done.err
