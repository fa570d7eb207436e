"""The processes of a practice site: started by each node's own service, ended by their ids."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import List, Mapping

from snftools.errors import Failed

START = ("gunicorn", "snf-dispatcher", "snf-ganeti-eventd")
PATIENCE = 15.0


def start(root: Path) -> None:
    """Start every service that the node has; Failed when one does not."""
    for name in START:
        if (root / "etc/init.d" / name).exists():
            done = subprocess.run([str(root / "usr/sbin/service"), name, "start"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, cwd="/")
            if done.returncode:
                raise Failed("service %s start failed on %s" % (name, root.name),
                             why=done.stdout.decode("utf-8", "replace").strip())


def wait_for_ports(ports: Mapping[str, int]) -> None:
    """Wait until every node's web applications listen; Failed when one does not."""
    deadline = time.monotonic() + PATIENCE
    for name, port in ports.items():
        while not _listens(port):
            if time.monotonic() > deadline:
                raise Failed("gunicorn does not listen on port %d" % port, node=name,
                             why="see var/log/synnefo/gunicorn-synnefo.log of the node")
            time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def of_site(directory: Path) -> List[int]:
    """The processes that say that they were started from a node of this site."""
    prefix = b"SNF_PRACTICE_ROOT=%s/nodes/" % os.fsencode(str(directory))
    found = []
    for name in os.listdir("/proc"):
        try:
            environment = Path("/proc", name, "environ").read_bytes() if name.isdigit() else b""
        except OSError:
            continue
        if any(word.startswith(prefix) for word in environment.split(b"\0")):
            found.append(int(name))
    return found


def stop_all(directory: Path) -> int:
    """End every process of the site: TERM, then KILL; returns how many there were."""
    first = of_site(directory)
    deadline = time.monotonic() + PATIENCE
    signals = [signal.SIGTERM, signal.SIGKILL]
    left = first
    _signal(left, signals[0])
    while left:
        time.sleep(0.05)
        left = of_site(directory)
        if time.monotonic() > deadline:
            if len(signals) == 1:
                raise Failed("processes of %s do not end: %s" % (directory, left))
            signals.pop(0)
            deadline = time.monotonic() + PATIENCE
            _signal(left, signals[0])
    return len(first)


def _signal(pids: List[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
