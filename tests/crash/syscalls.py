"""Run a piece of code with its N-th system call failing, by strace."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
CALLS = ("openat", "mkdir", "write", "fsync", "rename", "fchmod", "ftruncate", "truncate",
         "close", "lseek", "newfstatat", "unlink")

# It stops when everything is imported: what comes then is the code itself.
_PRELUDE = """
import os, signal, sys
sys.path.insert(0, %r)
from snftools import files
from snftools.errors import SnfError
from snftools.upgrade.journal import Journal
import encodings.idna, tempfile
tempfile._get_candidate_names()
os.kill(os.getpid(), signal.SIGSTOP)
try:
%s
except (OSError, SnfError) as error:
    os.write(1, ("failed: %%s" %% error).encode())
    os._exit(1)
os._exit(0)
"""


class Traced(NamedTuple):
    """How it ended, what it said, and the calls that strace saw."""

    code: int
    said: str
    calls: List[str]

    @property
    def injected(self) -> bool:
        """Whether there was an N-th call to fail."""
        return any("(INJECTED)" in line for line in self.calls)


def traced(code: str, inject: str = "", number: int = 0, call: str = "") -> Traced:
    """Run the code; its `number`-th `call` fails with the errno `inject`, if there is one."""
    body = "\n".join("    " + line for line in code.splitlines())
    with tempfile.NamedTemporaryFile("r", prefix="snf-strace") as log:
        process = subprocess.Popen([sys.executable, "-c", _PRELUDE % (str(ROOT), body)],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        _wait_stopped(process.pid)
        words = ["strace", "-y", "-o", log.name, "-p", str(process.pid), "-e",
                 "trace=" + ",".join(CALLS)]
        if inject:
            words += ["-e", "inject=%s:error=%s:when=%d" % (call, inject, number)]
        tracer = subprocess.Popen(words, stderr=subprocess.PIPE)
        assert tracer.stderr is not None
        assert b"attached" in tracer.stderr.readline()
        subprocess.run(["kill", "-CONT", str(process.pid)], check=True)
        said = process.communicate(timeout=60)[0].decode("utf-8", "replace")
        tracer.communicate(timeout=60)
        return Traced(process.returncode, said, log.read().splitlines())


def _wait_stopped(pid: int) -> None:
    while not re.search(r"\) [Tt] ", Path("/proc/%d/stat" % pid).read_text()):
        pass
