"""Who holds a lock: a process of a machine, told apart from a later one with its pid."""

from __future__ import annotations

import os
import socket
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any, Dict, Mapping, Optional


@dataclass(frozen=True)
class Holder:
    """Host, boot, process and its start (in clock ticks since boot), since when, doing what."""

    host: str
    boot_id: str
    pid: int
    started: int
    time: str
    command: str

    @classmethod
    def here(cls, command: str) -> "Holder":
        """This process."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return cls(socket.gethostname(), boot_id(), os.getpid(),
                   start_time(os.getpid()) or 0, now, command)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Optional["Holder"]:
        """The holder that a lock file names, or None when it names none."""
        try:
            return cls(str(value["host"]), str(value["boot_id"]), int(value["pid"]),
                       int(value["started"]), str(value["time"]), str(value["command"]))
        except (KeyError, TypeError, ValueError):
            return None

    def as_dict(self) -> Dict[str, Any]:
        """What a lock file holds."""
        return asdict(self)

    def is_here(self) -> bool:
        """Whether it ran on this machine (in any boot)."""
        return self.host == socket.gethostname()

    def is_dead_here(self) -> bool:
        """Whether it surely lives no more: it ran here, in another boot or as a gone process."""
        if not self.is_here():
            return False
        return self.boot_id != boot_id() or start_time(self.pid) != self.started

    def describe(self) -> str:
        """Who, where, since when, for a message."""
        return "%s (pid %d on %s, since %s)" % (self.command, self.pid, self.host, self.time)


def boot_id() -> str:
    """This boot's name."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as stream:
            return stream.read().strip()
    except OSError:
        return "unknown"


def start_time(pid: int) -> Optional[int]:
    """When a process started, in clock ticks since boot; None when there is no such process."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as stream:
            # The name in parentheses may hold spaces and parentheses.
            return int(stream.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
