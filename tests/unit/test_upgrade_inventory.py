"""snf-upgrade inventory: the site as Ansible wants it told."""

from __future__ import annotations

import json
import os
import subprocess
from types import SimpleNamespace

import pytest

from tests.helpers import ansible, cli

SITE = """
name = large
[nodes]
  [[node1]]
    roles = astakos, cyclades
    address = root@accounts.example.org:2222
  [[node2]]
    roles = pithos
    address = node2.example.org
    become = sudo
  [[here]]
    roles = cyclades
  [[practice]]
    roles = pithos
    root = /srv/practice
  [[g1]]
    roles = ganeti
    address = admin@[2001:db8::7]
  [[g2]]
    roles = ganeti
    offline = yes
"""
HOSTS = {
    "node1": {"ansible_host": "accounts.example.org", "ansible_user": "root",
              "ansible_port": 2222},
    "node2": {"ansible_host": "node2.example.org", "ansible_become": True,
              "ansible_become_method": "sudo"},
    "here": {"ansible_connection": "local"},
    "practice": {"ansible_connection": "local"},
    "g1": {"ansible_host": "2001:db8::7", "ansible_user": "admin"},
    "g2": {"ansible_connection": "local"},
}


@pytest.fixture
def conf(tmp_path):
    path = tmp_path / "site.conf"
    path.write_text(SITE)
    return path


@pytest.fixture
def ask(conf):
    return lambda *words: cli.run("snf-upgrade", "inventory", *words,
                                  site=SimpleNamespace(conf=conf))


def test_roles_are_groups_and_hosts_have_their_variables(ask, conf):
    told = json.loads(ask("--list").expect(0).out)
    hostvars = told.pop("_meta")["hostvars"]
    assert told == {"astakos": {"hosts": ["node1"]}, "cyclades": {"hosts": ["node1", "here"]},
                    "pithos": {"hosts": ["node2", "practice"]}, "ganeti": {"hosts": ["g1"]},
                    "offline": {"hosts": ["g2"]}}
    for name, reached in HOSTS.items():
        own = hostvars[name]
        assert (own.pop("snf_node"), own.pop("snf_site")) == (name, str(conf))
        assert own.pop("snf_roles")
        assert own == reached


def test_one_host(ask):
    told = json.loads(ask("--host", "node2").expect(0).out)
    assert told == json.loads(ask("--list").out)["_meta"]["hostvars"]["node2"]
    assert "no node node9" in ask("--host", "node9").expect(2).err


def test_one_of_both_must_be_asked(ask):
    assert "--list" in ask().expect(2).err
    ask("--list", "--host", "node1").expect(2)


def test_the_document_of_json_has_it_as_result(ask):
    document = ask("--list", "--json").expect(0).json
    assert document["result"] == json.loads(ask("--list").out) and not document["changed"]


@pytest.fixture
def tell(conf, tmp_path):
    """What one of Ansible's programs prints of our inventory."""
    script = tmp_path / "inventory"
    script.write_text("#!/bin/sh\nexec %s inventory \"$@\"\n" % cli.argv_of("snf-upgrade")[-1])
    script.chmod(0o755)

    def run(name, *words):
        done = subprocess.run([ansible.program(name), "-i", str(script), *words], check=True,
                              capture_output=True, text=True,
                              env={**os.environ, "SNF_UPGRADE_SITE": str(conf)})
        return done.stdout
    return run


@ansible.needs("ansible")
def test_a_node_called_like_a_role_is_the_node_to_a_limit(tell, conf):
    conf.write_text(SITE.replace("[[here]]", "[[pithos]]"))
    assert tell("ansible", "pithos", "--list-hosts").split()[2:] == ["pithos"]
    assert tell("ansible", "cyclades", "--list-hosts").split()[2:] == ["node1", "pithos"]


@ansible.needs("ansible-inventory")
def test_ansible_reads_it(tell):
    told = json.loads(tell("ansible-inventory", "--list"))
    assert told["cyclades"]["hosts"] == ["node1", "here"]
    assert told["_meta"]["hostvars"]["node1"]["ansible_port"] == 2222
