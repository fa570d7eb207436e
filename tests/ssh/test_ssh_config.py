"""The administrator's own ssh configuration decides how a node is reached."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.helpers import cli
from tests.helpers.hosts import Hosts, until
from tests.helpers.settings import right
from tests.helpers.hosts import QUICK

ALIAS = "Host far\nHostName %s\nPort 2222\nUser upgrader\n"


@pytest.fixture(scope="module")
def net(able):
    """`a`, whose sshd listens on 2222 and lets in `upgrader` alone; `b`, which only `a` reaches."""
    made = Hosts(["a", "b"])
    try:
        made["a"].make_sudo()
        made.boot()
        for host in made.all:
            host.put("etc/synnefo/20-cyclades.conf", right("cyclades"))
        far = made["a"].root / "etc/ssh/sshd_config"
        far.write_text(far.read_text().replace("Port 22\n", "Port 2222\nPort 22\n"))
        made["a"].sshd_down()
        made["a"].sshd_up()
        made["b"].cut()
        known = made.directory / "known"
        known.write_text(known.read_text() + "".join(
            line.replace(made["a"].out, "[%s]:2222" % made["a"].out, 1)
            + line.replace(made["a"].out, "far", 1) if line.startswith(made["a"].out + " ")
            else line.replace(made["b"].out, made["b"].lan, 1)
            for line in known.read_text().splitlines(True)))
        with made.inside():
            yield made
    finally:
        made.destroy()


@pytest.fixture
def config(net, tmp_path):
    """Writes an ssh configuration; what it is not given, it has not."""
    def write(first, last=None):
        path = tmp_path / "config"
        path.write_text(first + (net.config.read_text() if last is None else last) + QUICK)
        return {"SNF_UPGRADE_SSH_CONFIG": str(path), "SNF_UPGRADE_SITE": "",
                "SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}
    return write


def look(node, env):
    """A small command that reads one node's settings."""
    return cli.run("snf-settings-check", "--role", "cyclades", "--node", node, env=env)


def looked(node, env):
    done = look(node, env)
    assert done.code in (0, 4), done.out + done.err


def test_port_and_user_stand_in_the_configuration_alone(net, config):
    looked("far", config(ALIAS % net["a"].out))
    without = ALIAS.replace("User upgrader\n", "") % net["a"].out
    assert "Permission denied" in look("far", config(without)).expect(1).err


def test_a_host_behind_another(net, config):
    there = "root@" + net["b"].lan
    assert "can't be reached" in look(there, config("")).expect(1).err
    # The jump reads the same file, which ssh hands on to it.
    looked(there, config(ALIAS % net["a"].out + "Host %s\nProxyJump far\n" % net["b"].lan))


def test_a_key_that_only_an_agent_has(net, config):
    config_of = "Host *\nUserKnownHostsFile %s\nIdentityFile none\n" % (net.directory / "known")
    env = config(ALIAS % net["a"].out, config_of)
    assert "Permission denied" in look("far", {**env, "SSH_AUTH_SOCK": ""}).expect(1).err
    agent = str(net.directory / "agent")
    process = subprocess.Popen(["ssh-agent", "-D", "-a", agent], stdout=subprocess.DEVNULL)
    try:
        until(lambda: os.path.exists(agent))
        env["SSH_AUTH_SOCK"] = agent
        subprocess.run(["ssh-add", "-q", str(net.directory / "user")], check=True,
                       env={**os.environ, **env})
        looked("far", env)
    finally:
        process.terminate()
        process.wait(10)
