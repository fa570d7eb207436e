"""What becomes of sessions when a host's init starts sshd anew, and when sshd is killed."""

from __future__ import annotations

import socket

import pytest

from snftools.node import open_node
from snftools.node.ssh import Unknown
from snftools.site import NodeEntry
from tests.helpers import inits
from tests.helpers.hosts import Hosts
from tests.ssh.conftest import at_work


@pytest.fixture(scope="module")
def both(bases):
    """A host of each init; of systemd alone where Debian 11 can't be had."""
    others = {inits.SYSVINIT: bases["cyclades"]} if bases else {}
    with at_work(Hosts([inits.SYSTEMD, *others], others)) as made:
        yield made


@pytest.fixture(params=[inits.SYSTEMD, inits.SYSVINIT])
def host(both, request):
    if request.param not in [host.name for host in both.all]:
        pytest.skip("Debian 11 can't be had")
    return both[request.param]


@pytest.fixture
def node(host):
    opened = open_node(NodeEntry("a", (), host.address))
    yield opened
    opened.close()


def waits(host, node, then):
    """Run a program that waits for us; its output, `then` having been called in its midst."""
    host.sh("rm -f /tmp/go")

    def line(data):
        if data == b"begun\n":
            try:
                then()
            finally:
                host.sh("touch /tmp/go")
    return node.run(["sh", "-c", "echo begun; until [ -e /tmp/go ]; do sleep 0.1; done; "
                                 "echo ended"], stdout=line)


def test_a_restart_ends_no_session_and_refuses_new_ones(host, node):
    def restart():
        host.sshd_stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host.out, 22), 5)
        host.sshd_up()
    assert waits(host, node, restart).ok


def test_a_killed_sshd_takes_its_sessions_with_it(host, node):
    def kill():
        host.sshd_down()
        host.sshd_up()
    with pytest.raises(Unknown):
        waits(host, node, kill)
    assert node.run(["echo", "x"]).stdout == b"x\n"
