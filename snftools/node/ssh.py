"""A machine over the system's ssh as a Node: nothing on it but a POSIX shell and coreutils.

The user's own ssh configuration, keys, agent and host key checking apply.  One connection
(ControlMaster) is kept for the command.  ssh's exit 255 is "unknown": the connection broke,
and what was started may run on to its end.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from snftools.errors import Failed, Usage
from snftools.node.base import Node, Result, Stat
from snftools.node.pump import PIPE
from snftools.node.tunnel import Tunnels

CONFIG_VARIABLE = "SNF_UPGRADE_SSH_CONFIG"  # a file for `ssh -F`

_CONNECT_SECONDS = 15
_KINDS = {"regular file": "file", "regular empty file": "file", "directory": "dir",
          "symbolic link": "link"}

# Each script gets its paths as arguments; what it can do is what coreutils of 2010 can.
_WRITE = """
set -e
target=$(readlink -f -- "$1" 2>/dev/null || printf %s "$1")
new=$(mktemp "$(dirname -- "$target")/.snf-XXXXXX.snf-new")
trap 'rm -f -- "$new"' EXIT
if [ -e "$target" ]; then cp -p -- "$target" "$new"; else chmod 600 -- "$new"; fi
dd of="$new" conv=fsync 2>/dev/null
[ -z "$3" ] || chown -- "$3" "$new"
[ -z "$2" ] || chmod -- "$2" "$new"
mv -T -- "$new" "$target"
trap - EXIT
sync
"""
_ERRORS = ((FileNotFoundError, 2, "No such file"), (PermissionError, 13, "Permission denied"),
           (IsADirectoryError, 21, "Is a directory"), (NotADirectoryError, 20, "Not a directory"),
           (FileExistsError, 17, "File exists"))


def parse_address(address: str) -> Tuple[str, Optional[str], Optional[int]]:
    """Host, user and port of [user@]host[:port]; Usage (2) for what is none."""
    match = re.match(r"^(?:([^@\s]+)@)?(\[[0-9A-Fa-f:.]+\]|[^@:\s]+)(?::([0-9]+))?$", address)
    if not match or address.startswith("-") or match.group(2).startswith("-"):
        raise Usage("not an address ([user@]host[:port]): %s" % address)
    user, host, port = match.groups()
    return host.strip("[]"), user, int(port) if port else None


class SshNode(Node):
    """A machine over ssh (live: keeps one connection)."""

    def __init__(self, name: str, roles: Sequence[str], address: str, become: str = "") -> None:
        super().__init__(name, roles, address=address, become=become)
        self.host, self.user, self.port = parse_address(address)
        self._machine: Any = None
        self._directory = tempfile.mkdtemp(prefix="snf-ssh-")
        self._tunnels = Tunnels(self)

    def options(self, shared: bool = True) -> List[str]:
        """ssh's options: never a password, never a changed host key check.

        `shared` uses the connection that is kept; ssh obeys the first of two equal options.
        """
        chosen = os.environ.get(CONFIG_VARIABLE)
        connection = ["-oControlMaster=auto", "-oControlPersist=60",
                      "-oControlPath=%s/%%C" % self._directory] if shared else [
                          "-oControlMaster=no", "-oControlPath=none"]
        return (["-F", chosen] if chosen else []) + [
            "-oBatchMode=yes", "-oConnectTimeout=%d" % _CONNECT_SECONDS,
            "-oServerAliveInterval=15", "-oServerAliveCountMax=4", "-oLogLevel=ERROR",
            *connection]

    def _connect(self) -> Any:
        if self._machine is None:
            from plumbum.machines.session import ShellSessionError
            from plumbum import SshMachine
            try:
                self._machine = SshMachine(self.host, user=self.user, port=self.port,
                                           ssh_opts=self.options(), new_session=True)
            except (ShellSessionError, EOFError, OSError) as error:
                raise Failed("can't be reached by ssh", node=self.name,
                             why=_last_line(str(error)),
                             next="ssh -o BatchMode=yes %s true" % self.address)
        return self._machine

    def _words(self, argv: Tuple[str, ...], env: Optional[Mapping[str, str]],
               cwd: Optional[str], timeout: Optional[float]) -> List[str]:
        if timeout is not None:
            # The client's end does not end the remote program.
            argv = ("timeout", "-k", "5", "%d" % max(1, round(timeout)), *argv)
        return super()._words(argv, env, cwd, timeout)

    def _patience(self, timeout: Optional[float]) -> Optional[float]:
        return None if timeout is None else timeout + 2 * _CONNECT_SECONDS

    def run(self, argv: Sequence[str], **settings: Any) -> Result:
        result = super().run(argv, **settings)
        if settings.get("timeout") is not None and result.exit == 124:  # timeout(1) says so
            raise Failed("%s did not end in %g s" % (" ".join(argv), settings["timeout"]),
                         node=self.name)
        return result

    def _popen(self, words: Sequence[str], stdin: Any, stdout: Any, stderr: Any = None) -> Any:
        return self._connect()["/bin/sh"][list(words)].popen(
            stdin=stdin, stdout=stdout, stderr=PIPE if stderr is None else stderr,
            new_session=True)

    def _result(self, result: Result) -> Result:
        if result.exit == 255:
            raise Failed("the connection broke during %s: whether it ended is unknown"
                         % " ".join(result.argv[:3]), node=self.name,
                         why=_last_line(result.error_text), next="the same line again")
        return result

    # -- files ---------------------------------------------------------------------------

    def read(self, path: str) -> bytes:
        return self._file(["cat", "--", path], path).stdout

    def write(self, path: str, data: bytes, *, mode: Optional[int] = None,
              owner: Optional[Tuple[int, int]] = None) -> None:
        self._file(["sh", "-c", _WRITE, "sh", path, "%o" % mode if mode is not None else "",
                    "%d:%d" % owner if owner else ""], path, data)

    def list(self, path: str) -> List[str]:
        names = self._file(["find", path + "/", "-mindepth", "1", "-maxdepth", "1",
                            "-printf", "%f\\0"], path).stdout.split(b"\0")
        return [os.fsdecode(name) for name in sorted(names) if name]

    def stat(self, path: str, follow: bool = True) -> Optional[Stat]:
        try:
            text = self._file(["stat", *(["-L"] if follow else []), "-c", "%F|%a|%u|%g|%s|%Y",
                               "--", path], path).text
        except (FileNotFoundError, NotADirectoryError):
            return None
        kind, mode, uid, gid, size, mtime = text.strip().split("|")
        return Stat(_KINDS.get(kind, "other"), int(mode, 8), int(uid), int(gid), int(size),
                    int(mtime))

    def remove(self, path: str) -> None:
        self._file(["rm", "-f", "--", path], path)

    def mkdir(self, path: str, mode: int = 0o755, parents: bool = True) -> None:
        self._file(["mkdir", *(["-p"] if parents else []), "-m", "%o" % mode, "--", path], path)

    def rmdir(self, path: str) -> None:
        try:
            self._file(["rmdir", "--", path], path)
        except FileNotFoundError:
            pass

    def rename(self, old: str, new: str) -> None:
        self._file(["mv", "-T", "--", old, new], old)

    def _file(self, argv: Sequence[str], path: str, data: bytes = b"") -> Result:
        """Run a program on a file; its complaint becomes the OSError that it stands for."""
        result = self.run(argv, stdin=data)
        if result.ok:
            return result
        for kind, number, words in _ERRORS:
            if words in result.error_text:
                raise kind(number, words, path)
        raise OSError(5, _last_line(result.error_text), path)

    # -- the rest ------------------------------------------------------------------------

    def forward(self, host: str, port: int) -> Tuple[str, int]:
        return self._tunnels.open(host, port)

    def close(self) -> None:
        self._tunnels.close()
        if self._machine is not None:
            self._machine.close()
            self._machine = None
        shutil.rmtree(self._directory, ignore_errors=True)


def _last_line(text: str) -> str:
    lines = [line.strip(" |\t") for line in text.splitlines()]
    return next((re.sub(r"^Stderr: *\| *", "", line) for line in reversed(lines) if line),
                "no message")
