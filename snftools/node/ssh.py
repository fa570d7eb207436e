"""A machine over the system's ssh as a Node: nothing on it but a POSIX shell and coreutils.

The user's own ssh configuration, keys, agent and host key checking apply (connection.py).  A
line that breaks leaves the outcome unknown (remote.py): what was started may run on to its end.
"""

from __future__ import annotations

import errno
import os
import secrets
import subprocess
import threading
from contextlib import contextmanager
from typing import Any, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from snftools.errors import Failed
from snftools.node import connection, kept, remote, shell
from snftools.node.base import NO_FILE, Node, Result, Stat
from snftools.node.connection import CONFIG_VARIABLE, parse_address
from snftools.node.glance import SCRIPT, Glance, Seen
from snftools.node.remote import Unknown, Unreachable
from snftools.node.tunnel import Tunnels

__all__ = ["CONFIG_VARIABLE", "SshNode", "Unknown", "parse_address"]

_END_SECONDS = 15.0  # for a signal to be sent there
_GREETINGS = 3
# What ssh says when there was no connection at all.
_NO_WAY = (b"connect to host", b"Permission denied", b"verification failed", b"resolve hostname",
           b"Unable to negotiate", b"during banner exchange", b"kex_exchange_identification")
_KINDS = {"regular file": "file", "regular empty file": "file", "directory": "dir",
          "symbolic link": "link"}

# Each script gets its paths as arguments; what it can do is what coreutils of 2010 can.
_WRITE = """
set -e
target=$(readlink -f -- "$1" 2>/dev/null || printf %s "$1")
new=$(dirname -- "$target")/.snf-$4.snf-new
trap 'rm -f -- "$new"' EXIT
umask 077
if [ -e "$target" ]; then cp -p -- "$target" "$new"; else : >"$new"; fi
said=$(dd of="$new" conv=fsync 2>&1) || { printf '%s\\n' "$said" >&2; exit 1; }
[ -z "$3" ] || chown -- "$3" "$new"
[ -z "$2" ] || chmod -- "$2" "$new"
mv -T -- "$new" "$target"
trap - EXIT
sync
"""
_ERRORS = ((FileNotFoundError, 2, "No such file"), (PermissionError, 13, "Permission denied"),
           (IsADirectoryError, 21, "Is a directory"), (NotADirectoryError, 20, "Not a directory"),
           (FileExistsError, 17, "File exists"), (OSError, 28, "No space left on device"),
           (OSError, 30, "Read-only file system"),
           (OSError, 40, "Too many levels of symbolic links"),
           (OSError, 122, "Disk quota exceeded"))


class SshNode(Node):
    """A machine over ssh (live: keeps one connection)."""

    def __init__(self, name: str, roles: Sequence[str], address: str, become: str = "") -> None:
        super().__init__(name, roles, address=address, become=become)
        parse_address(address)
        self._met = False
        self._meeting = threading.Lock()
        self._tunnels = Tunnels(self)
        self._local = threading.local()

    def run(self, argv: Sequence[str], *, keep: str = "", **settings: Any) -> Result:
        if not keep:
            return super().run(argv, **settings)
        job = kept.Kept(self, keep, argv)
        job.start(["sh", *shell.words(argv, settings.get("env") or {}, settings.get("cwd"))],
                  settings.get("stdin") or b"")
        done = job.follow(settings.get("stdout"))
        job.remove()
        return done

    keeps_in = kept.PARENT

    def keep(self, name: str, argv: Sequence[str], *, log: str,
             env: Optional[Mapping[str, str]] = None) -> kept.KeptJob:
        kept.clear_dead(self)
        job = kept.Kept(self, name, argv, owned=True)
        patience = {"SNF_PATIENCE": "%d" % kept.comes_back()}
        job.start(["sh", *shell.words(argv, {**(env or {}), **patience}, None)], b"")
        return kept.KeptJob(job, log)

    def settle(self) -> None:
        kept.wait_for_all(self)

    def _popen(self, words: Sequence[str], stdin: Any, stdout: Any, stderr: Any = None,
               ends_with_us: bool = False) -> Any:
        self._meet()
        nonce = words[-1]
        return remote.start(connection.ssh(self.address), words[:-1], nonce, stdin, stdout,
                            stderr, self._end)

    def _words(self, argv: Tuple[str, ...], env: Optional[Mapping[str, str]],
               cwd: Optional[str], around: Any = None) -> List[str]:
        nonce = remote.new_nonce()
        return [*super()._words(argv, env, cwd,
                                lambda prologue: remote.script(nonce, prologue)), nonce]

    def _result(self, result: Result, process: Any) -> Result:
        if process.ended is not None or (process.begun and result.exit != remote.UNKNOWN):
            return result
        if process.begun or (result.exit == remote.UNKNOWN
                             and not any(word in result.stderr for word in _NO_WAY)):
            self._met = False
            raise Unknown("the connection broke during %s: whether it ended is unknown"
                          % " ".join(result.argv[:3]), node=self.name,
                          why=_last_line(result.error_text), next="the same line again")
        if self.become and result.exit != remote.UNKNOWN:
            raise Failed("sudo -n does not work", node=self.name,
                         why=_last_line(result.error_text), unchanged="everything",
                         next="NOPASSWD in sudoers for the user of %s" % self.address)
        raise self._unreachable(result.error_text)

    def _meet(self) -> None:
        """Connect, and see that the login shell prints nothing of its own, once."""
        with self._meeting:
            if self._met:
                return
            word = secrets.token_hex(8)
            for _ in range(_GREETINGS):
                said = subprocess.run([*connection.ssh(self.address), "printf %s " + word],
                                      stdin=subprocess.DEVNULL, capture_output=True,
                                      start_new_session=True)
                # Silent: a kept connection that has died meanwhile.
                if said.returncode != remote.UNKNOWN or said.stderr.strip():
                    break
            if said.returncode:
                raise self._unreachable(said.stderr.decode("utf-8", "backslashreplace"))
            if said.stdout != word.encode():
                raise Failed("its login shell prints text before each program's output",
                             node=self.name, unchanged="everything",
                             why=repr(said.stdout.replace(word.encode(), b"")[:80])[2:-1],
                             next="let ~/.bashrc and its kind print on a terminal only:"
                                  " [ -t 1 ] || return")
            self._met = True

    def _end(self, group: int, signal: str) -> bool:
        """Send a signal to a process group there; False when the node does not answer."""
        words = shell.words(["sh", "-c", "kill -s %s -- -%d" % (signal, group)], {}, None,
                            self.become)
        try:
            subprocess.run([*connection.ssh(self.address), remote.command(words)],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=_END_SECONDS,
                           start_new_session=True)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _unreachable(self, said: str) -> Unreachable:
        """Why there is no connection, and what to do."""
        host, user, port = parse_address(self.address)
        why, target = _last_line(said), ("%s@" % user if user else "") + host
        following = "ssh -o BatchMode=yes %s%s true" % ("-p %d " % port if port else "", target)
        if "their offer: ssh-rsa" in said.lower() or "no mutual signature" in said.lower():
            following = "add to ~/.ssh/config:\nHost %s\n    HostKeyAlgorithms +ssh-rsa\n" \
                        "    PubkeyAcceptedAlgorithms +ssh-rsa" % host
        elif "timed out" in said.lower():
            why += " (ConnectTimeout in ~/.ssh/config, 15 s if not set)"
        return Unreachable("can't be reached by ssh", node=self.name, why=why,
                           unchanged="everything", next=following)

    # -- files ---------------------------------------------------------------------------

    @contextmanager
    def glance(self, paths: Iterable[str]) -> Iterator[None]:
        asked = list(dict.fromkeys(paths))
        before = getattr(self._local, "seen", None)
        self._local.seen = Glance(self.run(["sh", "-c", SCRIPT, "sh", *asked]).stdout, asked)
        try:
            yield
        finally:
            self._local.seen = before

    def _seen(self, path: str) -> Optional[Seen]:
        """What this thread's glance knows of a path."""
        glance = getattr(self._local, "seen", None)
        return glance.find(path) if glance is not None else None

    def read(self, path: str) -> bytes:
        seen = self._seen(path)
        if seen is not None and seen.data is not None:
            return seen.data
        if seen is not None and seen.stat is None:
            raise FileNotFoundError(errno.ENOENT, "No such file", path)
        return self._file(["cat", "--", path], path).stdout

    def write(self, path: str, data: bytes, *, mode: Optional[int] = None,
              owner: Optional[Tuple[int, int]] = None) -> None:
        self._file(["sh", "-c", _WRITE, "sh", path, "%o" % mode if mode is not None else "",
                    "%d:%d" % owner if owner else "", secrets.token_hex(6)], path, data)

    def list(self, path: str) -> List[str]:
        seen = self._seen(path)
        if seen is not None and seen.names is not None:
            return sorted(seen.names, key=os.fsencode)
        if seen is not None and seen.stat is None:
            raise FileNotFoundError(errno.ENOENT, "No such directory", path)
        names = self._file(["find", path + "/", "-mindepth", "1", "-maxdepth", "1",
                            "-printf", "%f\\0"], path).stdout.split(b"\0")
        return [os.fsdecode(name) for name in sorted(names) if name]

    def stat(self, path: str, follow: bool = True) -> Optional[Stat]:
        seen = self._seen(path) if follow else None
        if seen is not None:
            return seen.stat
        try:
            text = self._file(["stat", *(["-L"] if follow else []), "-c", "%F|%a|%u|%g|%s|%Y",
                               "--", path], path).text
        except OSError as error:
            if error.errno in NO_FILE:
                return None
            raise
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


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    return next((line for line in reversed(lines) if line), "ssh gave no reason")
