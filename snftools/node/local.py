"""This machine as a Node: processes and files directly.

plumbum would start the same shell, and costs more to import than all else that a small command
does (doc/benchmarks.md).
"""

from __future__ import annotations

import os
import stat as statmod
import subprocess
from typing import Any, List, Optional, Sequence, Tuple

from snftools import files
from snftools.node import pump
from snftools.node.base import NO_FILE, Node, Stat

# util-linux, essential.  The kernel sends the signal when the thread that started it is gone,
# so who starts such a program waits for its end; sudo, where it is between, takes it off.
_ENDS_WITH_US = ("/usr/bin/setpriv", "--pdeathsig", "TERM", "--")


class LocalNode(Node):
    """This machine."""

    def __init__(self, name: str, roles: Sequence[str], root: str = "", become: str = "") -> None:
        # Files are reached directly; only programs need sudo here.
        super().__init__(name, roles, root=root, address="local",
                         become="" if os.geteuid() == 0 else become)

    def _popen(self, words: Sequence[str], stdin: Any, stdout: Any, stderr: Any = None,
               ends_with_us: bool = False) -> Any:
        # An own session: Ctrl-C reaches us alone, and we end the whole group.
        return pump.started(lambda: subprocess.Popen(
            [*(_ENDS_WITH_US if ends_with_us else ()), "/bin/sh", *words],
            stdin=stdin, stdout=stdout,
            stderr=subprocess.PIPE if stderr is None else stderr, start_new_session=True))

    def read(self, path: str) -> bytes:
        with open(self.path(path), "rb") as stream:
            return stream.read()

    def write(self, path: str, data: bytes, *, mode: Optional[int] = None,
              owner: Optional[Tuple[int, int]] = None) -> None:
        uid, gid = owner if owner is not None else (None, None)
        files.write_atomic(self.path(path), data, mode, uid, gid)

    def list(self, path: str) -> List[str]:
        return sorted(os.listdir(self.path(path)), key=os.fsencode)

    def stat(self, path: str, follow: bool = True) -> Optional[Stat]:
        try:
            facts = os.stat(self.path(path), follow_symlinks=follow)
        except OSError as error:
            if error.errno in NO_FILE:
                return None
            raise
        return Stat(_kind(facts.st_mode), statmod.S_IMODE(facts.st_mode), facts.st_uid,
                    facts.st_gid, facts.st_size, int(facts.st_mtime))

    def remove(self, path: str) -> None:
        try:
            os.unlink(self.path(path))
        except FileNotFoundError:
            pass

    def mkdir(self, path: str, mode: int = 0o755, parents: bool = True) -> None:
        if parents:
            os.makedirs(self.path(path), mode=mode, exist_ok=True)
        else:
            os.mkdir(self.path(path), mode)

    def rmdir(self, path: str) -> None:
        try:
            os.rmdir(self.path(path))
        except FileNotFoundError:
            pass

    def rename(self, old: str, new: str) -> None:
        os.rename(self.path(old), self.path(new))


def _kind(mode: int) -> str:
    if statmod.S_ISREG(mode):
        return "file"
    if statmod.S_ISDIR(mode):
        return "dir"
    return "link" if statmod.S_ISLNK(mode) else "other"
