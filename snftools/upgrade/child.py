"""One command line as a child process: its log, its progress, its answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import Any, Dict, List, Mapping, Optional, Sequence

from snftools import files
from snftools.state import RUN_VARIABLE, RunToken


class Child:
    """A running command (live).

    It runs in a session of its own, with standard input closed.  Its answer (--json) goes to
    LOG.json, everything else to LOG, its progress to LOG.status, which is read as it grows:
    so a child whose master died can write on.
    """

    def __init__(self, argv: Sequence[str], log: str, token: Optional[RunToken]) -> None:
        self.argv = tuple(argv)
        self.log = log
        self.started = time.monotonic()
        self.progress: Dict[str, Any] = {}
        self._offset = 0
        self._size, self._sign = -1, self.started
        self._rest = b""
        files.make_private_directory(os.path.dirname(log))
        status = os.open(log + ".status", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
                         | os.O_CLOEXEC, 0o600)
        try:
            self._start(status, token)
        finally:
            os.close(status)

    def _start(self, status: int, token: Optional[RunToken]) -> None:
        env = dict(os.environ)
        kept = [status]
        env.pop(RUN_VARIABLE, None)
        if token is not None:
            env[RUN_VARIABLE] = token.text()
            kept.append(token.fd)
        line = [*self.argv, "--json", "--yes", "--status-fd", str(status)]
        with open(_private(self.log), "ab") as log, open(_private(self.log + ".json"),
                                                         "wb") as out:
            log.write(("# %s\n" % " ".join(line)).encode())
            log.flush()
            self.process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=out, stderr=log, env=env,
                pass_fds=kept, start_new_session=True)

    def poll(self) -> Optional[int]:
        """The exit status (128+N for signal N), or None while it runs; reads its progress."""
        code = self.process.poll()
        self._read_progress()
        if code is None:
            return None
        return code if code >= 0 else 128 - code

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal to the child and what it started."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.started

    def silent(self) -> float:
        """Seconds since its last sign of life: progress, or a line in its log."""
        try:
            size = os.path.getsize(self.log) + self._offset
        except OSError:
            size = self._offset
        if size != self._size:
            self._size, self._sign = size, time.monotonic()
        return time.monotonic() - self._sign

    def answer(self) -> Dict[str, Any]:
        """Its JSON document; empty when it wrote none."""
        try:
            with open(self.log + ".json", encoding="utf-8") as stream:
                value = json.load(stream)
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def last_lines(self, count: int = 8) -> List[str]:
        """The end of its log, without the command line itself."""
        try:
            with open(self.log, encoding="utf-8", errors="backslashreplace") as stream:
                lines = stream.read().splitlines()
        except OSError:
            return []
        begun = max((i for i, line in enumerate(lines) if line.startswith("# /")), default=-1)
        return [line for line in lines[begun + 1:] if line.strip()][-count:]

    def _read_progress(self) -> None:
        try:
            with open(self.log + ".status", "rb") as stream:
                stream.seek(self._offset)
                data = stream.read()
        except OSError:
            return
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            try:
                value = json.loads(line.decode("ascii"))
            except ValueError:
                continue
            if isinstance(value, dict):
                self.progress = value


def _private(path: str) -> str:
    """The path, after making sure that only its owner can read what will be there."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return path


def error_of(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The error of a JSON document, or nothing."""
    error = answer.get("error")
    return error if isinstance(error, dict) else {}
