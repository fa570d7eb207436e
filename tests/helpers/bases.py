"""Root directories of other Debian releases for test hosts, made once and kept below build/."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path
from typing import Tuple

from tests.helpers import inits

TREE = Path(__file__).resolve().parents[2]
# What Synnefo and ssh need, and both inits.
PACKAGES = ("openssh-server", "procps", "python3", "python3-psycopg2", "python3-configobj",
            "systemd", "sysvinit-core", "iproute2", "sudo", "busybox")


class Unavailable(Exception):
    """Why a release can't be had here."""


def debian_11(init: str = inits.SYSTEMD) -> Tuple[str, str]:
    """A base for Hosts: Debian 11 with this init; Unavailable where no archive has it."""
    root = TREE / "build/bases/bullseye"
    root.parent.mkdir(parents=True, exist_ok=True)
    with open(str(root) + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run([str(TREE / "tests/debian-root"), "bullseye", str(root),
                               ",".join(PACKAGES)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Unavailable("Debian 11 can't be had: "
                          + done.stdout.decode("utf-8", "replace").strip()[-300:])
    return str(root), init
