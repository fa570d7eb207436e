"""What a Node is: the methods that every kind of machine has."""

from __future__ import annotations

import errno
import os
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import (TYPE_CHECKING, Any, Callable, ContextManager, Dict, IO, Iterable, List,
                    Mapping, Optional, Sequence, Tuple, Union)

from snftools import files
from snftools.errors import Failed
from snftools.node import pump, shell
from snftools.output import trace

if TYPE_CHECKING:
    from snftools.node.kept import KeptJob

NO_FILE = frozenset([errno.ENOENT, errno.ENOTDIR, errno.ELOOP])     # what stat() calls none

Stdin = Union[bytes, str, IO[bytes]]
Stdout = Union[None, str, IO[bytes], Callable[[bytes], None]]


@dataclass(frozen=True)
class Result:
    """How a program ended; `exit` is 128+N when signal N ended it, as a shell says it."""

    argv: Tuple[str, ...]
    exit: int
    stdout: bytes = b""
    stderr: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether it exited 0: what Synnefo's programs do on failure too (OBSERVED A)."""
        return self.exit == 0

    @property
    def text(self) -> str:
        """Standard output as text; bytes that are no UTF-8 are kept as escapes."""
        return self.stdout.decode("utf-8", "backslashreplace")

    @property
    def error_text(self) -> str:
        """Standard error as text."""
        return self.stderr.decode("utf-8", "backslashreplace")

    @property
    def lines(self) -> List[str]:
        """Standard output's lines, without their ends (also of \\r\\n)."""
        return self.text.splitlines()


@dataclass(frozen=True)
class Stat:
    """Facts of a file; `kind` is file, dir, link (only when asked not to follow) or other."""

    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int


@dataclass(frozen=True)
class Process:
    """A row of the process list."""

    pid: int
    ppid: int
    user: str
    args: str


class Job:
    """A program that runs on while we do something else."""

    def __init__(self, node: "Node", process: Any, argv: Sequence[str]) -> None:
        self.node = node
        self.argv = tuple(argv)
        self.id = process.pid
        self._process = process

    def poll(self) -> Optional[int]:
        """The exit status, or None while it runs."""
        code = self._process.poll()
        return None if code is None else pump.shell_code(code)

    def wait(self, timeout: Optional[float] = None) -> int:
        """Wait for the end (seconds); raises Failed when it takes longer."""
        return pump.wait(self._process, self.argv, self.node.name, timeout)

    def kill(self) -> None:
        """End it and what it started: TERM, then KILL."""
        pump.end_group(self._process)


class Node:
    """One machine of the site (live).  Subclasses say how a process starts and where files lie."""

    def __init__(self, name: str, roles: Sequence[str], root: str = "", address: str = "local",
                 become: str = "") -> None:
        self.name = name
        self.roles = tuple(roles)
        self.root = root
        self.address = address
        self.become = become

    def __repr__(self) -> str:
        return "<%s %s>" % (type(self).__name__, self.name)

    # -- programs ------------------------------------------------------------------------

    def run(self, argv: Sequence[str], *, stdin: Stdin = b"", stdout: Stdout = None,
            env: Optional[Mapping[str, str]] = None, cwd: Optional[str] = None,
            timeout: Optional[float] = None, keep: str = "") -> Result:
        """Run a program to its end.

        `stdin`: bytes, the path of a local file, or a file.  `stdout`: None collects it, a
        path or file takes it, a function gets each line.  `env` is added; `timeout` is in
        seconds.  A program that is not there gives exit 127.  Raises Failed on a timeout;
        an interrupt ends the program and all that it started.  `keep` is a name under which
        it outlives a broken line to another machine (then: no timeout, no file as stdin).
        """
        argv = tuple(argv)
        opened: List[IO[bytes]] = []
        begun = time.monotonic()
        try:
            pump.go_on(self.name)
            source, data = _source(stdin, opened)
            target, line = _target(stdout, opened)
            process = self._popen(self._words(argv, env, cwd), source, target)
            code, out, err = pump.communicate(process, data, line, argv, self.name, timeout)
        finally:
            for stream in opened:
                stream.close()
        trace.program(self.name, argv, code, time.monotonic() - begun)
        return self._result(Result(argv, code, out, err), process)

    def start(self, argv: Sequence[str], *, stdin: Stdin = b"", stdout: str = os.devnull,
              stderr: str = "", env: Optional[Mapping[str, str]] = None,
              cwd: Optional[str] = None) -> Job:
        """Start a program and go on; its output goes to local files (both streams to one).

        On this machine it ends when we do, even by SIGKILL.
        """
        argv = tuple(argv)
        opened: List[IO[bytes]] = []
        try:
            source = _source(b"", opened)[0] if stdin == b"" else _source(stdin, opened)[0]
            opened.append(open(stdout, "ab"))
            target = opened[-1]
            if stderr:
                opened.append(open(stderr, "ab"))
            process = self._popen(self._words(argv, env, cwd), source, target, opened[-1],
                                  ends_with_us=True)
        finally:
            for stream in opened:
                stream.close()
        if process.stdin is not None:
            process.stdin.close()
        return Job(self, process, argv)

    keeps_in = ""  # the directory there for the programs that outlive the line

    def keep(self, name: str, argv: Sequence[str], *, log: str,
             env: Optional[Mapping[str, str]] = None) -> "KeptJob":
        """Start a program that outlives the line to another machine and that only this command
        wants: whatever it leaves there a later command clears away.

        `SNF_JOB` tells it a directory there for its files, `SNF_PATIENCE` for how many seconds
        we would try to come back; its standard output comes into the local file `log` by and
        by.  `name` must be ours alone.
        """
        raise NotImplementedError

    def _words(self, argv: Tuple[str, ...], env: Optional[Mapping[str, str]],
               cwd: Optional[str], around: Optional[Callable[[str], str]] = None) -> List[str]:
        """The arguments of `sh` that run argv here."""
        program = (self.path(argv[0]),) + argv[1:] if argv[0].startswith("/") else argv
        exports: Dict[str, str] = {"LC_ALL": "C"}
        exports.update(self._environment())
        exports.update(env or {})
        return shell.words(program, exports, self.path(cwd) if cwd else None, self.become,
                           around)

    def _environment(self) -> Dict[str, str]:
        """What this kind of node adds to every program's environment."""
        return {}

    def _popen(self, words: Sequence[str], stdin: Any, stdout: Any, stderr: Any = None,
               ends_with_us: bool = False) -> Any:
        """Start `sh` with these arguments; a Popen-like object.

        `ends_with_us`: where the kind of node can see to it, the kernel ends it after our end.
        """
        raise NotImplementedError

    def _result(self, result: Result, process: Any) -> Result:
        """A place for a kind of node to judge its own transport's exit codes."""
        return result

    # -- files ---------------------------------------------------------------------------

    def path(self, path: str) -> str:
        """How a program of this node must be told the path (below the root, if it has one)."""
        return path

    def read(self, path: str) -> bytes:
        """The bytes of a file; raises FileNotFoundError, PermissionError, IsADirectoryError."""
        raise NotImplementedError

    def write(self, path: str, data: bytes, *, mode: Optional[int] = None,
              owner: Optional[Tuple[int, int]] = None) -> None:
        """Replace or make a file so that a crash leaves the old or the new one, whole.

        Owner (uid, gid) and mode are the old file's if not given; a symlink's target is
        edited.  Raises OSError.
        """
        raise NotImplementedError

    def list(self, path: str) -> List[str]:
        """The names in a directory, sorted by bytes; raises FileNotFoundError and its kind."""
        raise NotImplementedError

    def stat(self, path: str, follow: bool = True) -> Optional[Stat]:
        """Facts of a file, or None when there is none; raises PermissionError."""
        raise NotImplementedError

    def remove(self, path: str) -> None:
        """Remove a file; one that is not there is fine."""
        raise NotImplementedError

    def mkdir(self, path: str, mode: int = 0o755, parents: bool = True) -> None:
        """Make a directory; raises FileExistsError when `parents` is off and it is there."""
        raise NotImplementedError

    def rmdir(self, path: str) -> None:
        """Remove an empty directory; one that is not there is fine."""
        raise NotImplementedError

    def rename(self, old: str, new: str) -> None:
        """Rename a file over another one."""
        raise NotImplementedError

    def glance(self, paths: Iterable[str]) -> ContextManager[None]:
        """Inside, read, stat and list may answer as these files, and the entries of these
        directories, were at its begin: for many questions about one moment.

        Nothing is written inside.  On another machine it is one request instead of many.
        """
        return nullcontext()

    def exists(self, path: str) -> bool:
        """Whether there is anything by that name (a dangling link is not)."""
        return self.stat(path) is not None

    def sweep(self, directory: str) -> None:
        """Remove what a killed write left in a directory; for who holds the node's lock."""
        try:
            names = self.list(directory)
        except FileNotFoundError:
            return
        for name in names:
            if name.endswith(files.TEMPORARY_SUFFIX):
                self.remove(directory + "/" + name)

    # -- the rest ------------------------------------------------------------------------

    def processes(self) -> List[Process]:
        """The process list of this node; raises Failed when it can't be had."""
        result = self.run(["ps", "-eo", "pid,ppid,user,args"])
        if not result.ok:
            raise Failed("ps: exit %d: %s" % (result.exit, result.error_text.strip()),
                         node=self.name)
        return [process for process in map(_process, result.lines[1:]) if process]

    def forward(self, host: str, port: int) -> Tuple[str, int]:
        """Where a client on this machine reaches the address that the node knows."""
        return host, port

    def settle(self) -> None:
        """Wait for what an earlier command began here and a broken line left at work."""

    def close(self) -> None:
        """Let go of connections."""


def _process(line: str) -> Optional[Process]:
    """A line of `ps -eo pid,ppid,user,args`."""
    words = line.split(None, 3)
    if len(words) < 3 or not words[0].isdigit():
        return None
    return Process(int(words[0]), int(words[1]), words[2], words[3] if len(words) > 3 else "")


def _source(stdin: Stdin, opened: List[IO[bytes]]) -> Tuple[Any, bytes]:
    """What Popen gets as standard input, and the bytes to write to it."""
    if isinstance(stdin, bytes):
        return pump.PIPE, stdin
    if isinstance(stdin, str):
        opened.append(open(stdin, "rb"))
        return opened[-1], b""
    return stdin, b""


def _target(stdout: Stdout, opened: List[IO[bytes]]
            ) -> Tuple[Any, Optional[Callable[[bytes], None]]]:
    """What Popen gets as standard output, and the function for each line."""
    if stdout is None:
        return pump.PIPE, None
    if isinstance(stdout, str):
        opened.append(open(stdout, "wb"))
        return opened[-1], None
    if callable(stdout):
        return pump.PIPE, stdout
    return stdout, None
