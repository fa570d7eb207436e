"""A command line typed at a terminal, whose question gets an answer."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from typing import Any, Dict, Optional, Tuple

from tests.helpers import cli


def at_terminal(site: Any, keys: bytes, *words: Any,
                env: Optional[Dict[str, str]] = None) -> Tuple[int, str]:
    """(exit code, screen) of a line typed at a terminal whose question gets these keys."""
    ours, theirs = pty.openpty()

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(cli.argv_of(*words), env=cli.environment(site, env), stdin=theirs,
                               stdout=theirs, stderr=theirs, preexec_fn=take_terminal)
    os.close(theirs)
    shown, asked, deadline = "", False, time.monotonic() + 120
    while True:
        assert time.monotonic() < deadline, shown
        if not select.select([ours], [], [], 0.2)[0]:
            continue
        try:
            shown += os.read(ours, 65536).decode()
        except OSError:     # EIO: its last user has gone
            break
        if not asked and shown.endswith("[y/N] "):
            asked = True
            os.write(ours, keys)
            deadline = time.monotonic() + 40     # less than what waits for an answer
    os.close(ours)
    assert asked, shown
    return process.wait(30), shown
