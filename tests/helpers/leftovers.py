"""What our commands must not leave behind on hosts."""

from __future__ import annotations

from typing import Dict, List

from tests.helpers.hosts import Hosts

_SCRIPT = """
find /tmp -maxdepth 1 -name '*snf-*'
find /run/lock -name '*snf*'
find /var/lib/snf-upgrade/jobs -mindepth 1 2>/dev/null
find /usr/sbin -name 'policy-rc.d*'
find /etc -name '*.snf-new'
ps -eo args | grep '[-]begun'
"""


def on(hosts: Hosts) -> Dict[str, List[str]]:
    """Of each host that has some: its locks, kept jobs, policy-rc.d, half written files, password
    files and programs of ours."""
    found = {host.name: host.sh(_SCRIPT, check=False).splitlines() for host in hosts.all}
    return {name: lines for name, lines in found.items() if lines}
