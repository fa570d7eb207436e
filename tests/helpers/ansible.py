"""Run the playbook as an operator would, and see what each task said of each host."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Set, Tuple

import pytest

from tests.helpers import cli

HOME = cli.BIN.parent / "ansible"

# SNF_TEST_ANSIBLE names another one than that of PATH; Ansible's other programs lie beside it.
PLAYBOOK = os.environ.get("SNF_TEST_ANSIBLE", "ansible-playbook")


def program(name: str) -> Optional[str]:
    """Ansible's program of that name, from where ansible-playbook is."""
    return shutil.which(os.path.join(os.path.dirname(PLAYBOOK), name))


def needs(name: str) -> pytest.MarkDecorator:
    """Skips where that program is not."""
    return pytest.mark.skipif(program(name) is None, reason="no %s here" % name)


needed = needs("ansible-playbook")

# What Ansible says of its own and of what was looked at, not of a step.
ASIDE = {"Ask for the plan", "Keep its steps", "Look for the survey", "Run up to the survey",
         "Sort the nodes that share the site's window", "Sort the other Ganeti nodes",
         "Look whether the plan has the node"}


@dataclass
class Played:
    """How a playbook ended."""

    code: int
    out: str

    def expect(self, code: int) -> "Played":
        """This, if it ended with that code."""
        assert self.code == code, self.out
        return self

    def told(self, word: str) -> Set[Tuple[str, str]]:
        """(task, host) of each line that begins with the word: ok, changed, fatal."""
        found, task = set(), ""
        for line in self.out.splitlines():
            task = line[6:].partition("]")[0].rpartition(" : ")[2] \
                if line.startswith("TASK [") else task
            said = re.match(word + r": \[([^\] ]+)", line)
            if said:
                found.add((task, said.group(1)))
        return found

    def recap(self) -> Dict[str, int]:
        """How much Ansible counts as changed on each host."""
        found = re.findall(r"(?m)^(\S+) +: ok=[0-9]+ +changed=([0-9]+) ", self.out)
        return {host: int(number) for host, number in found}


def words(*arguments: str) -> List[str]:
    """The words of the command line."""
    return [PLAYBOOK, "-i", str(HOME / "inventory"), str(HOME / "upgrade.yml"),
            *arguments]


def environment(site: Any) -> Dict[str, str]:
    """As a shell has it in whose PATH our commands are; Ansible's own files lie with the site."""
    env = cli.environment(site)
    return {**env, "PATH": "%s:%s" % (cli.BIN, env["PATH"]), "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOME": str(site.dir.parent / "ansible"),
            "ANSIBLE_REMOTE_TMP": str(site.dir.parent / "ansible"), "LC_ALL": "C.UTF-8",
            "ANSIBLE_SSH_TRANSFER_METHOD": "piped",  # the hosts' sshd has no sftp
            "ANSIBLE_SSH_ARGS": "-F %s" % env.get("SNF_UPGRADE_SSH_CONFIG", "none"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(site.dir.parent / "ansible")}


def play(site: Any, *arguments: str) -> Played:
    """Run it to the end."""
    done = subprocess.run(words(*arguments), env=environment(site), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    return Played(done.returncode, done.stdout.decode("utf-8", "replace"))


def start(site: Any, *arguments: str) -> "subprocess.Popen[str]":
    """Start it in a session of its own; its output is read line by line."""
    return subprocess.Popen(words(*arguments), env=environment(site), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, start_new_session=True)


def steps(site: Any) -> List[Dict[str, Any]]:
    """What the plan says of each step."""
    done = cli.run("snf-upgrade", "plan", "--json", site=site).expect(0)
    return list(done.json["result"]["steps"])


def changed(played: Played) -> Set[Tuple[str, str]]:
    """The steps that changed something, with their hosts."""
    return {pair for pair in played.told("changed") if pair[0] not in ASIDE}
