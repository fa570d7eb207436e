"""Connections that are cut: a stopped process, its sessions ended, and on it goes."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any, List

from snftools.failpoint import VARIABLE


def stopped(site: Any) -> List[int]:
    """The processes that a failpoint stopped."""
    mark = ("SNF_UPGRADE_SITE=%s" % site.conf).encode()
    found = []
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/environ" % name, "rb") as stream:
                words = stream.read().split(b"\0")
            with open("/proc/%s/stat" % name, "rb") as stream:
                state = stream.read().rpartition(b")")[2].split()[0]
        except OSError:
            continue
        if state == b"T" and mark in words and any(
                word.startswith(VARIABLE.encode()) for word in words):
            found.append(int(name))
    return found


class Cutter(threading.Thread):
    """Waits for the first stopped process, ends all sessions, lets it go on (live)."""

    def __init__(self, site: Any) -> None:
        super().__init__(daemon=True)
        self.site = site
        self.cut = 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            for pid in stopped(self.site):
                self.cut += self._end_sessions()
                os.kill(pid, signal.SIGCONT)
            time.sleep(0.02)

    def _end_sessions(self) -> int:
        """End all, by way of a database whose name nobody is just swapping."""
        connection = self.site.server.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                               "WHERE datname IS NOT NULL AND pid <> pg_backend_pid()")
                return len(cursor.fetchall())
        finally:
            connection.close()
