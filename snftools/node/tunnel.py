"""Addresses that only a node can reach, brought here by `ssh -L`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from snftools.errors import Failed
from snftools.node import connection, pump

if TYPE_CHECKING:
    from snftools.node.ssh import SshNode

_DEADLINE = 20.0  # seconds until the forwarded port must be there


class Tunnels:
    """The tunnels of one node, each opened once and closed with it."""

    def __init__(self, node: "SshNode") -> None:
        self._node = node
        self._open: Dict[Tuple[str, int], Tuple[str, int, Any]] = {}
        self._lock = threading.Lock()
        self._directories: List[str] = []

    def open(self, host: str, port: int) -> Tuple[str, int]:
        """Where a client here reaches the node's (host, port); a host that begins with a
        slash is a directory with PostgreSQL's socket."""
        key = (host, port)
        with self._lock:
            if key not in self._open or self._open[key][2].poll() is not None:
                self._open[key] = self._start(host, port)
            return self._open[key][:2]

    def close(self) -> None:
        """End all tunnels."""
        for _, _, process in self._open.values():
            process.terminate()
            process.wait(10)
        for directory in self._directories:
            shutil.rmtree(directory, ignore_errors=True)
        self._directories.clear()
        self._open.clear()

    def _start(self, host: str, port: int) -> Tuple[str, int, Any]:
        name = ".s.PGSQL.%d" % port
        # Beside the kept connections: removed with them, also when nobody closes this.
        directory = tempfile.mkdtemp(prefix="f", dir=connection.directory())
        self._directories.append(directory)
        here = os.path.join(directory, name)
        there = "%s/%s" % (host.rstrip("/"), name) if host.startswith("/") \
            else "%s:%d" % (host or "localhost", port)
        # Its own connection, with a program there that ends when we do: even when killed, we
        # leave no tunnel behind.
        argv = connection.ssh(self._node.address, False, (
            "-oExitOnForwardFailure=yes", "-L", "%s:%s" % (here, there)))
        process = pump.started(lambda: subprocess.Popen(
            [*argv, "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True))
        self._await(process, here, there)
        return directory, port, process

    def _await(self, process: Any, here: str, there: str) -> None:
        """Poll until the socket takes connections."""
        deadline = time.monotonic() + _DEADLINE
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(here)
                    return
                except OSError:
                    time.sleep(0.05)
        raise Failed("can't forward %s" % there, node=self._node.name,
                     why=process.stderr.read().decode("utf-8", "replace").strip()
                     if process.poll() is not None else "no answer in %d s" % _DEADLINE)
