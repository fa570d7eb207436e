"""A long program on another machine that outlives the line to it.

It is started detached (detached.py); its process id, output and exit status are kept in a
directory there.  We follow its output, come back to it after a break, and a later command
meets it still, unless nobody but us can want it: then a later one of ours clears it away.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Sequence, Tuple, TypeVar

from snftools import failpoint
from snftools.errors import Failed, Locked, SnfError
from snftools.holder import Holder
from snftools.node import detached
from snftools.node.base import Job, Result
from snftools.node.remote import UNKNOWN, Unknown, Unreachable

if TYPE_CHECKING:
    from snftools.node.ssh import SshNode

PARENT = "/var/lib/snf-upgrade/jobs"
PATIENCE_VARIABLE = "SNF_UPGRADE_COME_BACK"
_PATIENCE = 300.0  # seconds that we try to reach a node again, then it is for the next command
_TRIES = 2.0  # seconds between two of them

T = TypeVar("T")


class Kept:
    """One such program (live).  `owned`: only this process can want it."""

    def __init__(self, node: "SshNode", name: str, argv: Sequence[str], owned: bool = False
                 ) -> None:
        self.node = node
        self.name = name
        self.argv = tuple(argv)
        self.directory = "%s/%s" % (PARENT, name)
        self._id = secrets.token_hex(8)  # tells this one from what an earlier command left
        self._owner = json.dumps(Holder.here(name).as_dict()) if owned else ""
        self._got = 0
        self._partial = b""
        self._breaks = 0
        self._coming = threading.Lock()

    def start(self, words: Sequence[str], stdin: bytes) -> None:
        """Start it; Locked (75) when one of its name lives."""
        try:
            done = self._sh(detached.START, self._id, self._owner, *words, stdin=stdin)
        except Unknown:
            self.come_back()
            return
        if done.exit == 3:
            raise Locked("%s of an earlier command is still at work" % self.name,
                         node=self.node.name, unchanged="everything",
                         next="wait for its end, then the same line again")
        if not done.ok:
            raise Failed("%s can't be started" % self.name, node=self.node.name,
                         why=done.error_text.strip() or "exit %d" % done.exit)

    def follow(self, line: Optional[Callable[[bytes], None]]) -> Result:
        """Its end, after its output was given to `line`; comes back to it when the line breaks.

        Raises Unknown when the node can't be reached again in time, or lost it
        (a reboot); an interrupt ends the program.
        """
        out: List[bytes] = []
        try:
            failpoint.reach("kept.follow:" + self.name)
            ended = self.through(lambda: self._sh(
                detached.FOLLOW, str(self._got), stdout=self._taker(out, line)))
            if ended.ok:
                return self._end(out, line)
            raise Unknown("%s ended without telling how: the node went down" % self.name,
                          node=self.node.name, next="the same line again")
        except SnfError:
            raise  # it goes on there
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End it and what it started: TERM, then KILL."""
        self._sh(detached.END)

    def remove(self) -> None:
        """Remove what it left; where the node is away just now, a later start does it."""
        try:
            self.node.run(["rm", "-rf", self.directory])
        except SnfError:
            pass

    def bring(self, name: str, target: str) -> None:
        """Copy a file of its directory to a file here; a break goes on where it came.

        Raises Failed when it is not whole, OSError when it can't be written.
        """
        path = "%s/%s" % (self.directory, name)

        def more() -> Result:
            with open(target, "ab") as out:
                return self.node.run(["tail", "-c", "+%d" % (os.fstat(out.fileno()).st_size + 1),
                                      path], stdout=out)
        done = self.through(more)
        there = self.through(lambda: self.node.stat(path))
        if not done.ok or there is None or there.size != os.path.getsize(target):
            raise Failed("%s could not be brought over" % path, node=self.node.name,
                         why=done.error_text.strip() or "%d bytes here" % os.path.getsize(target))

    def through(self, work: Callable[[], T]) -> T:
        """The work's result; when the line breaks under it, again after we came back."""
        while True:
            try:
                return work()
            except (Unknown, Unreachable):
                self.come_back()

    def come_back(self) -> None:
        """Wait until the node answers and has the program still; else Unknown goes on."""
        seen = self._breaks
        with self._coming:
            if self._breaks == seen:  # else another thread of ours came back
                self._wait_for_node()
                self._breaks += 1

    def _wait_for_node(self) -> None:
        patience = comes_back()
        _say("%s: the line broke; what runs there goes on.  Trying to come back for %d s (%s)"
             % (self.node.name, patience, PATIENCE_VARIABLE))
        deadline = time.monotonic() + patience
        while True:
            time.sleep(_TRIES)
            try:
                there = self.node.exists("%s/id-%s" % (self.directory, self._id))
            except Failed as error:
                if time.monotonic() < deadline:
                    continue
                raise Unknown("the connection broke during %s: it goes on there"
                              % self.name, node=self.node.name, why=error.why,
                              next="the same line again, when the node answers")
            if there:
                return
            raise Unknown("%s is not there any more: how it ended is unknown"
                          % self.name, node=self.node.name, next="the same line again")

    def _taker(self, out: List[bytes], line: Optional[Callable[[bytes], None]]
               ) -> Callable[[bytes], None]:
        def take(data: bytes) -> None:
            if not data.endswith(b"\n"):  # the end, or the line broke here: it comes again
                self._partial = data
                return
            self._got += len(data)
            _give(data, out, line)
        return take

    def _end(self, out: List[bytes], line: Optional[Callable[[bytes], None]]) -> Result:
        """How it ended."""
        _give(self._partial, out, line)
        code = self.through(lambda: self.node.read(self.directory + "/exit")).strip()
        err = self.through(lambda: self.node.read(self.directory + "/err"))
        if not code.isdigit():
            raise Unknown("how %s ended could not be written down" % self.name, node=self.node.name,
                          why="is the disk with %s full?" % self.directory,
                          next="the same line again")
        return Result(self.argv, int(code), b"".join(out), err)

    def _sh(self, script: str, *words: str, **settings: Any) -> Result:
        return self.node.run(["sh", "-c", script, "sh", self.directory, *words], **settings)


class KeptJob(Job):
    """One that runs on while we do something else; its output is followed into a file here.

    Its files there are reached whatever happens to the line; then Unknown as with wait().
    """

    def __init__(self, kept: Kept, log: str) -> None:
        self.node = kept.node
        self.argv = kept.argv
        self.kept = kept
        self._log = log
        self._code: Optional[int] = None
        self._failure: Optional[BaseException] = None
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def poll(self) -> Optional[int]:
        return None if self._thread.is_alive() else self._code

    def wait(self, timeout: Optional[float] = None) -> int:
        """Raises Unknown too: the node was not reached again, or went down."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise Failed("%s did not end in %g s" % (self.kept.name, timeout or 0),
                         node=self.node.name)
        if self._failure is not None:
            raise self._failure
        return UNKNOWN if self._code is None else self._code

    def kill(self) -> None:
        """End it; where the node is away, a later command does."""
        try:
            self.kept.end()
        except SnfError:
            pass

    def remove(self) -> None:
        """Remove its directory (Kept.remove)."""
        self.kept.remove()

    def path(self, name: str) -> str:
        """Where a file of its directory is there."""
        return "%s/%s" % (self.kept.directory, name)

    def read(self, name: str) -> bytes:
        """The bytes of one; OSError when there is none."""
        return self.kept.through(lambda: self.node.read(self.path(name)))

    def put(self, name: str, data: bytes) -> None:
        """Write one."""
        self.kept.through(lambda: self.node.write(self.path(name), data, mode=0o600))

    def bring(self, name: str, target: str) -> None:
        """Copy one to a file here (Kept.bring)."""
        self.kept.bring(name, target)

    def _follow(self) -> None:
        try:
            with open(self._log, "ab", 0) as log:
                def write(data: bytes) -> None:
                    log.write(data)
                self._code = self.kept.follow(write).exit
        except BaseException as error:  # for who waits
            self._failure = error


def wait_for_all(node: "SshNode") -> None:
    """Wait for the programs that a broken line left at work on the node, saying so."""
    told: Tuple[str, ...] = ()
    while True:
        living = tuple(node.run(["sh", "-c", detached.LIVING, "sh", PARENT]).lines)
        if not living:
            return
        if living != told:
            _say("%s: waiting for what an earlier command began: %s"
                 % (node.name, "; ".join(living)[:60]))
            told = living
        time.sleep(_TRIES)


def clear_dead(node: "SshNode") -> None:
    """End and remove the owned programs of this machine's processes that are dead."""
    for row in node.run(["sh", "-c", detached.OWNED, "sh", PARENT]).lines:
        name, _, text = row.partition(" ")
        try:
            owner = Holder.from_dict(json.loads(text))
        except ValueError:
            continue
        if owner is not None and owner.is_dead_here():
            left = Kept(node, name, ())
            left.end()
            left.remove()


def comes_back() -> float:
    """Seconds to try to reach a node again."""
    text = os.environ.get(PATIENCE_VARIABLE, "")
    return float(text) if text.isdigit() else _PATIENCE


def _give(data: bytes, out: List[bytes], line: Optional[Callable[[bytes], None]]) -> None:
    if line is None:
        out.append(data)
    elif data:
        line(data)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
