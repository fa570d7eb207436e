"""`snf-upgrade rehearse --map`: spare machines over ssh, a server of their own, nothing reached."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.helpers import cli, endstate
from tests.helpers.host_site import HostSite
from tests.ssh.conftest import QUICK

SPARES = {"sp1": "astakos", "sp2": "cyclades", "sp3": "pithos"}


def files(host):
    """The settings, packages and services' files of a machine."""
    return {str(path): path.read_bytes() for part in ("etc/synnefo", "var/lib/dpkg/info")
            for path in sorted((host.root / part).rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def done(able, site_template):
    """A site on hosts that was rehearsed on three spares."""
    site = HostSite(site_template, spares=SPARES)
    try:
        site.hosts.config.write_text(site.hosts.config.read_text() + QUICK)
        with site.hosts.inside():
            before = endstate.whole(site), {name: files(site.host(name))
                                            for name in [*SPARES, *site.facts["nodes"]]}
            words = [word for name, node in SPARES.items()
                     for word in ("--map", "%s=root@%s" % (node, site.host(name).out))]
            ran = cli.run("snf-upgrade", "rehearse", *words, "--server", site.spare_uri, "--yes",
                          "--json", site=site, timeout=1800).expect(0)
            yield SimpleNamespace(site=site, before=before, told=ran.json["result"])
    finally:
        site.destroy()


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


def test_no_packet_left_the_spares_for_a_live_address(done):
    """A machine of the same net that was sent a packet stands in the sender's table."""
    site = done.site
    mine = {site.host(name).out for name in SPARES} | {site.host(name).lan for name in SPARES}
    live = {address for host in site.hosts.all if host.name not in (*SPARES, "db2")
            for address in (host.out, host.lan)}
    for name in SPARES:
        asked = {line.split()[0] for line in site.host(name).sh("ip neigh show").splitlines()}
        assert site.host("db2").lan in asked  # the table does tell
        assert not asked & (live - mine), name


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
