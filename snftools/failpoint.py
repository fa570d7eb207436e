"""Places where a test lets the code fail: each is a name that the code reaches.

SNF_UPGRADE_FAILPOINT=PATTERN=ACTION (several with spaces between them) makes the first place
whose name fits the shell pattern act; PATTERN#3=ACTION the third.  ACTION is SIGKILL, SIGSTOP
(the test does what it wants meanwhile, then SIGCONT), or the name of an errno (ENOSPC, EIO).
Children inherit the variable, so that a place in any command of a run can be named.
Without the variable a place costs one look at the environment.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import signal
import threading
from typing import Dict

VARIABLE = "SNF_UPGRADE_FAILPOINT"

_reached: Dict[str, int] = {}


def reach(name: str) -> None:
    """This place is reached: OSError, or the end of the process, when a test wants it."""
    asked = os.environ.get(VARIABLE)
    if asked:
        for word in asked.split():
            _act(name, word)


def _act(name: str, word: str) -> None:
    pattern, _, action = word.rpartition("=")
    pattern, _, number = pattern.partition("#")
    if not fnmatch.fnmatchcase(name, pattern):
        return
    _reached[word] = _reached.get(word, 0) + 1
    if _reached[word] != int(number or 1):
        return
    if action == "SIGSTOP":
        # To this thread: sent to the process, it may go on until another one takes the signal.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        return
    if action.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, action))
        return
    code = getattr(errno, action)
    raise OSError(code, os.strerror(code), "failpoint " + name)
