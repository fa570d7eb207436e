"""A program on another machine, seen through ssh: told apart from what happens to the line.

ssh exits 255 when the connection breaks, and the program may run on.  So the shell around it
says on standard error, under a word that nobody guesses, when it begins (with its process id)
and how the program ended.  Without the end nobody knows; without the beginning nothing ran.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import threading
import time
from typing import Any, Callable, List, Optional, Sequence

from snftools.errors import Failed
from snftools.node import pump

UNKNOWN = 255
_JOIN = 5.0  # seconds that standard error may stay open after ssh's end
_KEPT = 4000  # bytes of what ssh itself said


class Unknown(Failed):
    """The line broke: what was started may have ended well, badly, or not at all."""


class Unreachable(Failed):
    """There was no line at all: nothing was started."""


def script(nonce: str, prologue: str) -> str:
    """What sh runs there: arguments are the program's words."""
    # The process group's id, for whoever ends it: sudo may have made a new one.
    # A signal that ends the program must not end the one who tells of it.
    return ('trap : HUP INT TERM; g=$(ps -o pgid= -p $$) || g=$$; '
            'printf "%%s-begun %%d\\n" %s "$g" >&2; %s"$@"; '
            's=$?; printf "\\n%%s-ended %%d\\n" %s "$s" >&2; exit "$s"'
            % (nonce, prologue, nonce))


def new_nonce() -> str:
    """A word that no program prints by chance."""
    return "snf-" + secrets.token_hex(8)


class RemoteProcess:
    """Looks like a Popen (live); `code` is the program's own, or 255 when that is unknown."""

    def __init__(self, process: Any, nonce: str, stderr: Optional[int],
                 end: Callable[[int, str], bool]) -> None:
        self.stdin = process.stdin
        self.stdout = process.stdout
        self.pid = process.pid
        self.begun = False
        self.ended: Optional[int] = None
        self.said = b""  # by ssh and the login shell, before the beginning
        self.group = 0
        self.stderr: Any = None
        self._process = process
        self._nonce = nonce.encode()
        self._end = end
        if stderr is None:
            reading, stderr = os.pipe()
            self.stderr = os.fdopen(reading, "rb")
        else:
            stderr = os.dup(stderr)
        self._thread = threading.Thread(target=self._read, args=(process.stderr, stderr),
                                        daemon=True)
        self._thread.start()

    def poll(self) -> Optional[int]:
        """The exit status, or None while it runs."""
        code = self._process.poll()
        return None if code is None else self._told(code)

    def wait(self, timeout: Optional[float] = None) -> int:
        """Wait for the end; raises subprocess.TimeoutExpired."""
        return self._told(self._process.wait(timeout))

    def end_there(self, signal: str) -> bool:
        """Send a signal to the program and what it started; False when that can't be done."""
        # It may be on its way still, and begin after we are gone.
        deadline = time.monotonic() + _JOIN
        while not self.begun and self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.group > 1 and self._end(self.group, signal)

    def _told(self, code: int) -> int:
        self._thread.join(_JOIN)
        if self.ended is not None:
            return self.ended
        return UNKNOWN if code < 0 or self.begun else code

    def _read(self, source: Any, target: int) -> None:
        """Hand standard error on, without our own two lines."""
        mark = b"\n" + self._nonce + b"-ended "
        rest = b""
        with os.fdopen(target, "wb", 0) as out:
            for chunk in iter(lambda: source.read1(65536), b""):
                rest += chunk
                if not self.begun:
                    rest = self._beginning(rest)
                if self.begun and len(rest) > len(mark) + 8 and mark not in rest:
                    _write(out, rest[:-len(mark) - 8])
                    rest = rest[-len(mark) - 8:]
            match = re.search(re.escape(mark) + rb"(\d+)\n", rest)
            if match:
                self.ended = int(match.group(1))
                rest = rest[:match.start()] + rest[match.end():]
            if self.begun:
                _write(out, rest)
            else:
                self.said = rest[-_KEPT:]
                _write(out, rest)

    def _beginning(self, data: bytes) -> bytes:
        match = re.search(re.escape(self._nonce) + rb"-begun (\d+)\n", data)
        if not match:
            return data
        self.said = data[:match.start()][-_KEPT:]
        self.group = int(match.group(1))
        self.begun = True
        return data[match.end():]


def command(words: Sequence[str]) -> str:
    """One line for the login shell of the other machine."""
    return " ".join(shlex.quote(word) for word in ["/bin/sh", *words])


def start(argv: List[str], words: Sequence[str], nonce: str, stdin: Any, stdout: Any,
          stderr: Any, end: Callable[[int, str], bool]) -> RemoteProcess:
    """Start ssh (its words in argv) with `sh WORDS` at the other end."""
    from plumbum import local
    ssh = local[argv[0]][argv[1:]][command(words)]
    return pump.started(lambda: RemoteProcess(
        ssh.popen(stdin=stdin, stdout=stdout, stderr=pump.PIPE, new_session=True),
        nonce, None if stderr is None else stderr.fileno(), end))


def _write(out: Any, data: bytes) -> None:
    while data:
        try:
            data = data[out.write(data) or len(data):]
        except OSError:
            return  # nobody reads it any more
