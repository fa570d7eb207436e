"""`snf-upgrade rehearse --map NODE=/DIR` on root directories, shared ones too, and --check."""

from __future__ import annotations

import shutil

import pytest

from snftools.node.root import RootNode
from tests.helpers import cli, endstate
from tests.helpers.postgres import Postgres
from tests.site.test_site_rehearse import databases, files_of

NODES = ("astakos", "cyclades", "pithos")
EMPTY = (["postgres", "template0", "template1"], ["postgres"])


@pytest.fixture(scope="module")
def spare_server():
    server = Postgres()
    yield server
    server.destroy()


@pytest.fixture(scope="module")
def spares(site_template):
    """Another practice site, whose nodes are the spares: nothing runs there."""
    site = site_template.copy(start=False)
    yield site
    site.destroy()


def make_shared(root):
    """Let the root of a cyclades node have the packages of pithos too."""
    done = RootNode("spare", (), str(root)).run(
        ["apt-get", "-q", "-y", "install", "snf-pithos-app=0.13-1",
         "snf-pithos-webclient=0.13.1-1"], timeout=300)
    assert done.ok, done.error_text


def rehearse(site, server, where, *more):
    words = [word for name, place in where.items() for word in ("--map", "%s=%s" % (name, place))]
    return cli.run("snf-upgrade", "rehearse", *words, "--server", server.url(), "--yes", *more,
                   site=site, timeout=600)


def packages(root):
    return sorted(line for line in (root / "var/lib/dpkg/status").read_text().split("\n")
                  if line.startswith(("Package: ", "Version: ", "Status: ")))


def state(site):
    return sorted(str(path) for path in (site.dir / "state").rglob("*"))


def test_another_site_s_roots_are_spares_and_get_all_back(practice_site, spares, spare_server):
    site = practice_site
    where = {name: spares.node(name) for name in NODES}
    roots = files_of(spares), {name: packages(spares.node(name)) for name in NODES}
    before = endstate.whole(site), files_of(site), state(site)

    looked = rehearse(site, spare_server, where, "--check", "--json").expect(5).json
    assert looked["changed"] and looked["result"]["until"] == "backup-quota"
    assert looked["result"]["databases"]["snf_pithos"] == "snf_pithos_rehearsal"
    assert looked["result"]["left_out"] == ["ganeti"] and looked["findings"] == []
    assert (endstate.whole(site), files_of(site), state(site)) == before
    assert databases(spare_server) == EMPTY
    shown = rehearse(site, spare_server, where, "--check").expect(5).out
    assert "astakos: on %s\n" % spares.node("astakos") in shown
    assert "cyclades: AMQP_HOSTS leads nowhere (20-snf-cyclades-app-queues.conf:" in shown
    assert "Nothing was changed." in shown and "run --until backup-quota" in shown

    told = rehearse(site, spare_server, where, "--json").expect(0).json["result"]
    assert told["forecast"]["without_service"] > 0
    assert (spares.node("pithos") / "etc/synnefo/~snf-rehearsal.conf").exists()
    again = rehearse(site, spare_server, where, "--check").expect(5).out
    assert "is as the live databases are" in again
    removed = cli.run("snf-upgrade", "rehearse", "--clean", "--check", site=site).expect(5).out
    assert "would remove: database snf_astakos_rehearsal" in removed
    assert "would remove: settings of the live site on %s" % spares.node("pithos") in removed

    cli.run("snf-upgrade", "rehearse", "--clean", "--yes", site=site).expect(0)
    assert databases(spare_server) == EMPTY
    now = files_of(spares)
    assert [path for path, data in roots[0].items()
            if "/etc/synnefo/" in path and now.get(path) != data] == []
    assert [path for path in now if "snf-rehearsal" in path] == []
    assert {name: packages(spares.node(name)) for name in NODES} == roots[1]
    assert endstate.differences(before[0], endstate.whole(site)) == []
    assert "nothing to do" in cli.run("snf-upgrade", "rehearse", "--clean", "--check",
                                      site=site).expect(0).out


def test_a_spare_that_is_not_there_is_refused_before_anything_is_made(
        running_site, spares, spare_server):
    site = running_site
    where = {name: spares.node(name) for name in NODES}
    before = state(site)
    for more in ((), ("--check",)):
        done = rehearse(site, spare_server, {**where, "pithos": "/nowhere/at/all"}, *more)
        assert "/nowhere/at/all is no directory" in done.expect(3).err
        assert state(site) == before
    cli.run("snf-upgrade", "rehearse", "--map", "astakos=%s" % spares.node("astakos"), "--check",
            site=site).expect(3)
    shutil.copy(str(spares.node("cyclades") / "var/lib/dpkg/status"), str(site.dir / "status"))
    status = spares.node("cyclades") / "var/lib/dpkg/status"
    status.write_text(status.read_text().replace("Version: 2.1.0-2", "Version: 2.6.1-5"))
    try:
        found = rehearse(site, spare_server, where, "--check", "--json").expect(3).json["findings"]
        assert [(one["check"], one["node"], one["remedy"]) for one in found] == [
            ("rehearsal-packages", "cyclades", "apt-get install python-crypto=2.1.0-2")]
    finally:
        shutil.move(str(site.dir / "status"), str(status))
    assert state(site) == before


def test_a_database_of_somebody_else_is_refused_before_a_backup_is_taken(
        running_site, spare_server):
    site, base = running_site, running_site.dir.parent / "r"
    spare_server.execute("CREATE DATABASE snf_pithos_rehearsal")
    try:
        for more in (["--check"], []):
            done = cli.run("snf-upgrade", "rehearse", "--in", base, "--server",
                           spare_server.url(), "--yes", *more, site=site).expect(3)
            assert "there is a database snf_pithos_rehearsal already" in done.out + done.err
            assert not (base / "backups").exists() and base.exists() == (not more)
        cli.run("snf-upgrade", "rehearse", "--clean", "--yes", site=site).expect(0)
        assert "snf_pithos_rehearsal" in databases(spare_server)[0]
    finally:
        spare_server.execute("DROP DATABASE snf_pithos_rehearsal")


def test_nodes_share_a_spare_only_when_their_settings_may(
        practice_site, spares, spare_server):
    site, shared, name = practice_site, spares.node("cyclades"), \
        "etc/synnefo/10-snf-webproject-database.conf"
    make_shared(shared)
    where = {"astakos": spares.node("astakos"), "cyclades": shared, "pithos": shared}
    for more in (("--check",), ()):
        done = rehearse(site, spare_server, where, *more).expect(3)
        assert "cyclades and pithos can't share a spare" in done.err
        assert "10-snf-webproject-database.conf differs" in done.err
        assert "--map pithos=ANOTHER-HOST" in done.err
        assert databases(spare_server) == EMPTY
    shutil.copyfile(str(site.node("cyclades") / name), str(site.node("pithos") / name))
    before = endstate.whole(site)
    told = rehearse(site, spare_server, where, "--json").expect(0).json["result"]
    assert told["nodes"] == {"astakos": ["astakos"], "cyclades-pithos": ["cyclades", "pithos"]}
    steps = {row["step"] for row in told["steps"]}
    assert steps >= {"install.cyclades", "install.pithos", "migrate.cyclades", "migrate.pithos"}
    plan = cli.run("snf-upgrade", "plan", "--json", site=site).expect(0).json["result"]
    assert plan["rehearsed"]
    cli.run("snf-upgrade", "rehearse", "--clean", "--yes", site=site).expect(0)
    assert databases(spare_server) == EMPTY
    assert not (shared / "etc/synnefo/~snf-rehearsal.conf").exists()
    assert endstate.differences(before, endstate.whole(site)) == []
