"""`snf-upgrade rehearse --map`: spare machines over ssh, a server of their own, nothing reached."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.helpers import cli, endstate
from tests.helpers.host_site import at_work
from tests.helpers.hosts import CONTROL
from tests.helpers.wire import Wire

SPARES = {"sp1": "astakos", "sp2": "cyclades", "sp3": "pithos"}


def files(host):
    """The settings, packages and services' files of a machine."""
    return {str(path): path.read_bytes() for part in ("etc/synnefo", "var/lib/dpkg/info")
            for path in sorted((host.root / part).rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def done(able, site_template):
    """A site on hosts that was rehearsed on three spares."""
    with at_work(site_template, spares=SPARES) as site:
        before = endstate.whole(site), {name: files(site.host(name))
                                        for name in [*SPARES, *site.facts["nodes"]]}
        words = [word for name, node in SPARES.items()
                 for word in ("--map", "%s=root@%s" % (node, site.host(name).out))]
        wire = Wire()
        ran = cli.run("snf-upgrade", "rehearse", *words, "--server", site.spare_uri, "--yes",
                      "--json", site=site, timeout=1800)
        spoken = wire.stop()
        yield SimpleNamespace(site=site, before=before, told=ran.expect(0).json["result"],
                              spoken=spoken)


def test_the_live_site_is_as_it_was(done):
    whole, machines = done.before
    assert endstate.differences(whole, endstate.whole(done.site)) == []
    for name in done.site.facts["nodes"]:
        assert files(done.site.host(name)) == machines[name]
    assert list((done.site.dir / "backups").iterdir()) == []


def test_all_steps_were_made_on_the_spares(done):
    steps = {row["step"] for row in done.told["steps"]}
    assert steps >= {"install.astakos", "install.cyclades", "install.pithos", "migrate.pithos",
                     "register", "quota"}
    assert done.told["left_out"] == ["ganeti"]


def test_no_packet_left_for_a_live_address_but_to_take_the_backup(done):
    site = done.site
    live = {address for host in site.hosts.all if host.name not in (*SPARES, "db2")
            for address in (host.out, host.lan)}
    mine = {address for name in SPARES for address in (site.host(name).out, site.host(name).lan)}
    assert {one for one in done.spoken if one.source in mine} == {
        (site.host(name).lan, site.host("db2").lan, 5432) for name in SPARES}
    assert {one.port for one in done.spoken if one.source == CONTROL} == {22}
    assert {one.source for one in done.spoken} <= {*live, *mine, CONTROL}
    assert {one.target for one in done.spoken} <= {
        *live, *mine, site.host("db2").lan}


def test_clean_puts_the_spares_back(done):
    site, (whole, machines) = done.site, done.before
    cli.run("snf-upgrade", "rehearse", "--clean", "--yes", site=site, timeout=600).expect(0)
    for name in SPARES:
        now = files(site.host(name))
        kept = {path: data for path, data in machines[name].items() if "/etc/synnefo/" in path}
        assert {path: data for path, data in now.items() if "/etc/synnefo/" in path} == kept
        left = site.host(name).sh("find /tmp -maxdepth 1 -name '*snf-*'; find /run/lock "
                                  "-name '*snf*'; find /usr/sbin -name 'policy-rc.d*'", check=False)
        assert left.strip() == ""
    listed = site.host("db2").sh("psql -h %s -U postgres -Atc \"SELECT datname FROM pg_database "
                                 "WHERE datname LIKE 'snf%%'\"" % site.host("db2").lan)
    assert listed.strip() == ""
    assert not (site.dir / "state/rehearsal").exists()
    assert not (site.dir.parent / "s/backups-rehearsal").exists()
    assert endstate.differences(whole, endstate.whole(site)) == []


def test_a_spare_with_other_packages_or_services_is_refused(done):
    site = done.site
    words = ["--map", "astakos=root@%s" % site.host("sp2").out,
             "--map", "cyclades=root@%s" % site.host("sp1").out,
             "--map", "pithos=root@%s" % site.host("sp3").out, "--server", site.spare_uri]
    site.host("sp3").sh("setsid bash -c 'exec -a \"gunicorn: master [x]\" sleep 600' >/dev/null "
                        "2>&1 </dev/null & until pgrep -f '^gunicorn: master'; do :; done")
    refused = cli.run("snf-upgrade", "rehearse", *words, "--yes", "--json", site=site,
                      timeout=600).expect(3)
    found = {(one["check"], one["node"]) for one in refused.json["findings"]}
    assert found == {("rehearsal-packages", "astakos"), ("rehearsal-packages", "cyclades"),
                     ("rehearsal-services", "pithos")}
    assert any("apt-get install snf-astakos-app=0.13" in one["remedy"]
               for one in refused.json["findings"])
    site.host("sp3").sh("pkill -f '^gunicorn: master'")
    cli.run("snf-upgrade", "rehearse", "--clean", "--yes", site=site, timeout=600).expect(0)


@pytest.fixture(scope="module")
def alone(able, site_template_one_host):
    """A site of two nodes with one spare for both, where PostgreSQL is not started yet."""
    name = "etc/synnefo/10-snf-webproject-database.conf"
    with at_work(site_template_one_host, spares={"sp1": "node1"}, own=True) as site:
        data = (site.host("node1").root / name).read_bytes()
        (site.host("node2").root / name).write_bytes(data)
        yield site


def on_the_spare(site, *more):
    words = [word for node in ("node1", "node2")
             for word in ("--map", "%s=%s" % (node, site.host("sp1").address))]
    return cli.run("snf-upgrade", "rehearse", *words, "--yes", "--json", *more, site=site,
                   timeout=1800)


def on_its_server(site, sql):
    return site.host("sp1").sh("cd / && runuser -u postgres -- psql -Atc \"%s\"" % sql).split()


def test_a_shared_spare_needs_the_packages_of_both_and_a_server(alone):
    site = alone
    before, host = endstate.whole(site), site.host("sp1")
    packages, server = on_the_spare(site, "--check").expect(3).json["findings"]
    assert (packages["check"], packages["node"]) == ("rehearsal-packages", "node1-node2")
    assert packages["remedy"].startswith("apt-get install snf-pithos-app=0.13")
    host.sh(packages["remedy"].replace("apt-get", "apt-get -q -y"))
    assert on_the_spare(site, "--check").expect(3).json["findings"] == [server]
    error = on_the_spare(site).expect(3).json["error"]
    assert (error["what"], error["why"], error["next"]) == (
        server["what"], server["why"], server["remedy"])
    assert error["what"].startswith("there is no server for the copies")
    assert "no socket of a server with port 5432" in error["why"]
    assert error["next"].startswith("start PostgreSQL on node1-node2 and let postgres in")
    assert not (site.dir.parent / "s/backups-rehearsal").exists()
    assert endstate.differences(before, endstate.whole(site)) == []


def test_the_spare_s_own_server_gets_the_copies_by_peer(alone):
    site, host = alone, alone.host("sp1")
    before = endstate.whole(site)
    site.start_spare_server()
    told = on_the_spare(site, "--check").expect(5).json["result"]
    assert told["databases"] == {"snf_apps": "snf_apps_rehearsal",
                                 "snf_pithos": "snf_pithos_rehearsal"}
    ours = "SELECT datname FROM pg_database WHERE datname LIKE 'snf%'"
    assert on_its_server(site, ours) == []
    told = on_the_spare(site).expect(0).json["result"]
    assert told["nodes"] == {"node1-node2": ["node1", "node2"]}
    assert {row["step"] for row in told["steps"]} >= {"migrate.node1", "migrate.node2", "quota"}
    assert {"snf_apps_rehearsal", "snf_pithos_rehearsal"} <= set(on_its_server(site, ours))
    brought = (host.root / "etc/synnefo/~snf-rehearsal.conf").read_text()
    assert "127.0.0.1:5432/snf_pithos_rehearsal" in brought
    cli.run("snf-upgrade", "rehearse", "--clean", "--yes", site=site, timeout=600).expect(0)
    assert on_its_server(site, ours) == []
    assert on_its_server(site, "SELECT rolname FROM pg_roles WHERE rolname = 'synnefo'") == []
    assert not (host.root / "etc/synnefo/~snf-rehearsal.conf").exists()
    assert endstate.differences(before, endstate.whole(site)) == []
