"""The whole upgrade of a site that is reached over ssh alone, by the master on another machine.

One host is as of 2010 (busybox, no flock; Debian 11 with sysvinit), one has sudo alone (Debian 11
with systemd), one another locale; the database server listens where the hosts alone can reach it.
"""

from __future__ import annotations

import os
import subprocess

import pytest

from snftools.site import Site
from tests.helpers import cli, endstate, leftovers
from tests.helpers.hosts import CONTROL, until
from tests.helpers.wire import Wire


@pytest.fixture(scope="module")
def done(host_site):
    """The site after `snf-upgrade run`."""
    host_site.ran = endstate.services(host_site)
    wire = Wire()
    ran = cli.run("snf-upgrade", "run", "--yes", site=host_site, timeout=1800)
    host_site.spoken = wire.stop()
    return host_site, ran.expect(0)


def test_the_end_is_that_of_the_same_upgrade_without_ssh(done, local_end):
    site, _ = done
    assert endstate.differences(local_end, endstate.whole(site, counted=False)) == []


def test_each_host_has_an_init_of_debian(done):
    site, _ = done
    told = {host.name: host.sh("cut -d. -f1 /etc/debian_version; ps -p 1 -o args=").split("\n")
            for host in site.hosts.all}
    for name in ("astakos", "ganeti", "db1"):
        assert told[name][1] == "/lib/systemd/systemd"
    if site.host("pithos").base == "/":
        pytest.skip("Debian 11 can't be had")
    assert told["cyclades"][:2] == ["11", "init [2]"]
    assert told["pithos"][:2] == ["11", "/lib/systemd/systemd"]


def test_what_ran_before_runs_again(done):
    site, _ = done
    assert len([row for row in site.ran if row[2]]) == 5
    assert endstate.services(site) == site.ran


def test_nobody_else_was_spoken_to(done):
    site, _ = done
    ours = {address for host in site.hosts.all for address in (host.out, host.lan)}
    assert {one.source for one in site.spoken} <= {*ours, CONTROL}
    assert {one for one in site.spoken if one.target not in ours} == set()
    ports = {one.port for one in site.spoken if one.source == CONTROL}
    assert ports == {22, *site.facts["ports"].values()}


def test_a_word_to_somebody_else_would_be_heard(done):
    site, _ = done
    wire = Wire()
    for run in (subprocess.getoutput, site.host("astakos").sh):
        run("timeout 1 bash -c ': </dev/tcp/192.0.2.1/443' 2>&1 || true")
    until(lambda: len({one.source for one in wire.seen() if one[1:] == ("192.0.2.1", 443)}) == 2)
    wire.stop()


def test_nothing_is_left_on_the_hosts(done):
    site, _ = done
    assert leftovers.on(site.hosts) == {}


def test_run_again_does_nothing(done):
    site, _ = done
    assert "nothing to do" in cli.run("snf-upgrade", "run", site=site, timeout=600).expect(0).out


def test_init_finds_the_site(done, tmp_path):
    site, _ = done
    target = tmp_path / "drafted.conf"
    drafted = cli.run("snf-upgrade", "init", "--site", target, "--json",
                      *[host.address for host in site.hosts.all]).expect(0).json["result"]
    assert [one["roles"] for one in drafted["found"].values()] == [
        ["astakos"], ["cyclades"], ["pithos"], ["ganeti"], []]
    assert [one["database_server"] for one in drafted["found"].values()] == [False] * 4 + [True]
    text = target.read_text()
    assert "# Ganeti's master\n# runs: snf-ganeti-eventd\n" in text
    assert "# runs: gunicorn snf-dispatcher\n# database snf_cyclades on 10.77.0.15\n" in text
    real = Site.read(str(site.conf))
    found = Site.read(str(target))
    assert [(node.roles, node.address, node.become) for node in found.nodes] == [
        (node.roles, node.address, node.become) for node in real.nodes]
    assert found.node(found.databases.node).address == site.host("db1").address
    assert {name: one.base_url for name, one in found.components.items()} == {
        name: one.base_url for name, one in real.components.items()}


def test_no_connection_and_no_directory_is_left_here(done):
    site, _ = done
    before = ours()
    cli.run("snf-backup-db", "list", site=site).expect(0)
    assert cli.run("snf-migrate-db", "--check", "--node", "all", site=site).code in (0, 5)
    assert ours() - before == set()


def ours():
    """Directories and kept connections of ours on this machine, whose maker is dead."""
    found = {name for name in os.listdir("/tmp") if name.startswith(("snf-ssh-", "snf-fwd-"))}
    masters = subprocess.run(["pgrep", "-fa", "^ssh: .*snf-ssh"], stdout=subprocess.PIPE)
    found |= set(masters.stdout.decode().splitlines())
    return {one for one in found if not os.path.exists(
        "/proc/" + one.split("snf-ssh-")[-1].split("-")[0])}
