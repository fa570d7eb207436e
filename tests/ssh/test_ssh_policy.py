"""policy-rc.d is put back on the node by itself: the line is cut while apt has ours in place.

Two of the cases are for `make cuts` (SNF_CUTS).
"""

from __future__ import annotations

import os

import pytest

from snftools.packages import policy
from tests.helpers import cli
from tests.helpers.hosts import until

OWN = "#!/bin/sh\n# the administrator's\nexit 0\n"
HOOK = 'DPkg::Pre-Invoke {"touch /tmp/at-apt; until [ -e /tmp/go ]; do sleep 0.1; done";};\n'


@pytest.fixture(scope="module")
def site(host_site):
    """All services are down, and apt waits on each node for /tmp/go."""
    cli.run("snf-services", "stop", "--node", "all", "--yes", site=host_site).expect(0)
    for host in host_site.node_hosts:
        host.put("etc/apt/apt.conf.d/wait", HOOK)
    return host_site


def there(host):
    """All that can be told of a host's policy-rc.d, by its disk."""
    path = host.root / policy.PATH[1:]
    if not path.exists():
        return None
    facts = path.stat()
    return path.read_text(), facts.st_mode, facts.st_uid, facts.st_gid


@pytest.mark.parametrize("name, how, own", [
    ("astakos", "cable", ""), ("ganeti", "sshd", OWN), ("pithos", "sshd", ""),
    ("cyclades", "cable", OWN)][:None if os.environ.get("SNF_CUTS") else 2])
def test_it_is_as_it_was_while_the_line_is_still_cut(site, name, how, own):
    host = site.host(name)
    if own:
        host.put(policy.PATH[1:], own, 0o750)
        host.sh("chown www-data:adm " + policy.PATH)
    before = there(host)
    cut, mend = {"cable": (host.cut, host.mend), "sshd": (host.sshd_down, host.sshd_up)}[how]
    process = cli.start("snf-install-packages", "--node", name, "--yes", site=site)
    until((host.root / "tmp/at-apt").exists, 120)
    until(lambda: host.sh("pgrep -f 'jobs/packages [0-9]*$'", check=False))  # it is followed
    assert policy.MARK in there(host)[0]
    cut()
    try:
        told = b""
        while b"the line broke; what runs there goes on" not in told:
            more = process.stderr.readline()
            assert more, told
            told += more
        assert policy.MARK in there(host)[0]
        (host.root / "tmp/go").touch()
        until((host.root / "var/lib/snf-upgrade/jobs/packages/exit").exists, 120)
        assert there(host) == before
        assert not (host.root / policy.KEPT[1:]).exists()
    finally:
        mend()
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert there(host) == before
    cli.run("snf-check-versions", "--node", name, site=site).expect(0)
