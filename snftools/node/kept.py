"""A long program on another machine that outlives the line to it.

It is started detached; its process id, output and exit status are kept in a directory there.
We follow its output, come back to it after a break, and a later command meets it still.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from typing import TYPE_CHECKING, Callable, List, Optional, Sequence, Tuple, Type

from snftools import failpoint
from snftools.errors import Failed, Locked, SnfError
from snftools.node.base import Result

if TYPE_CHECKING:
    from snftools.node.ssh import SshNode

PARENT = "/var/lib/snf-upgrade/jobs"
PATIENCE_VARIABLE = "SNF_UPGRADE_COME_BACK"
_PATIENCE = 300.0  # seconds that we try to reach a node again, then it is for the next command
_TRIES = 2.0  # seconds between two of them

_HEAD = """
umask 077
d=$1
# By its words too: after a reboot another process may have that number.
alive() { [ -s "$d/pid" ] && ps -o args= -p "$(cat "$d/pid")" | grep -q -F -e " $d "; }
"""
# 0: started; 3: one of that name is alive.
_START = _HEAD + """
shift
mkdir -p "$d" || exit 126
[ -e "$d/exit" ] || ! alive || exit 3
rm -f "$d"/*
: >"$d/id-$1" || exit 126
shift
cat >"$d/in" && : >"$d/out" && : >"$d/err" || exit 126
setsid sh -c '
    d=$1
    shift
    echo $$ >"$d/pid.new" && mv -f "$d/pid.new" "$d/pid"
    "$@" <"$d/in" >>"$d/out" 2>>"$d/err"
    echo $? >"$d/exit.new"
    mv -f "$d/exit.new" "$d/exit"
' sh "$d" "$@" </dev/null >/dev/null 2>&1 &
n=0
until [ -s "$d/pid" ] || [ -e "$d/exit" ]; do
    n=$((n + 1))
    [ $n -lt 100 ] || exit 126
    sleep 0.1 2>/dev/null || sleep 1
done
"""
# Prints what comes after the first $2 bytes of output; 0: ended, 4: gone without a status.
_FOLLOW = _HEAD + """
done=$2
while :; do
    ended=
    if [ -e "$d/exit" ]; then ended=0; elif ! alive; then ended=4; fi
    [ -e "$d/out" ] || exit 4
    size=$(wc -c <"$d/out")
    if [ "$size" -gt "$done" ]; then
        tail -c +$((done + 1)) "$d/out" | head -c $((size - done))
        done=$size
    fi
    if [ -n "$ended" ]; then
        [ ! -e "$d/exit" ] || ended=0
        exit $ended
    fi
    sleep 0.2 2>/dev/null || sleep 1
done
"""
_END = _HEAD + """
alive || exit 0
pid=$(cat "$d/pid")
kill -s TERM -- "-$pid"
n=0
while kill -s 0 -- "-$pid" 2>/dev/null && [ $n -lt 25 ]; do
    n=$((n + 1))
    sleep 0.2 2>/dev/null || sleep 1
done
kill -s KILL -- "-$pid" 2>/dev/null || :
"""
# One line for each that lives: its name.
_LIVING = _HEAD + """
for d in "$1"/*; do
    [ -e "$d/exit" ] || ! alive || basename "$d"
done
exit 0
"""


class Kept:
    """One such program (live)."""

    def __init__(self, node: "SshNode", name: str, argv: Sequence[str]) -> None:
        self.node = node
        self.name = name
        self.argv = tuple(argv)
        self.directory = "%s/%s" % (PARENT, name)
        self._id = secrets.token_hex(8)  # tells this one from what an earlier command left
        self._got = 0
        self._partial = b""

    def start(self, words: Sequence[str], stdin: bytes) -> None:
        """Start it; Locked (75) when one of its name lives."""
        try:
            done = self._sh(_START, self._id, *words, stdin=stdin)
        except _unknown():
            self._come_back()
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
            while True:
                failpoint.reach("kept.follow:" + self.name)
                try:
                    ended = self._sh(_FOLLOW, str(self._got), stdout=self._taker(out, line))
                except _unknown():
                    self._come_back()
                    continue
                if ended.ok:
                    return self._end(out, line)
                raise _unknown()("%s ended without telling how: the node went down"
                                 % self.name, node=self.node.name,
                                 next="the same line again")
        except SnfError:
            raise  # it goes on there
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End it and what it started: TERM, then KILL."""
        self._sh(_END)

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
        """What it left, which is then removed."""
        _give(self._partial, out, line)
        code = int(self.node.read(self.directory + "/exit"))
        err = self.node.read(self.directory + "/err")
        self.node.run(["rm", "-rf", self.directory])
        return Result(self.argv, code, b"".join(out), err)

    def _come_back(self) -> None:
        """Wait until the node answers and has the program still; else Unknown goes on."""
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
                raise _unknown()("the connection broke during %s: it goes on there"
                                 % self.name, node=self.node.name, why=error.why,
                                 next="the same line again, when the node answers")
            if there:
                return
            raise _unknown()("%s is not there any more: how it ended is unknown"
                             % self.name, node=self.node.name,
                             next="the same line again")

    def _sh(self, script: str, *words: str, **settings: object) -> Result:
        return self.node.run(["sh", "-c", script, "sh", self.directory, *words],
                             **settings)  # type: ignore[arg-type]


def wait_for_all(node: "SshNode") -> None:
    """Wait for the programs that a broken line left at work on the node, saying so."""
    told: Tuple[str, ...] = ()
    while True:
        living = tuple(node.run(["sh", "-c", _LIVING, "sh", PARENT]).lines)
        if not living:
            return
        if living != told:
            _say("%s: waiting for what an earlier command began: %s"
                 % (node.name, "; ".join(living)[:60]))
            told = living
        time.sleep(_TRIES)


def comes_back() -> float:
    """Seconds to try to reach a node again."""
    text = os.environ.get(PATIENCE_VARIABLE, "")
    return float(text) if text.isdigit() else _PATIENCE


def _unknown() -> Type[Failed]:
    """The error for a broken line (ssh imports this module)."""
    from snftools.node.ssh import Unknown
    return Unknown


def _give(data: bytes, out: List[bytes], line: Optional[Callable[[bytes], None]]) -> None:
    if line is None:
        out.append(data)
    elif data:
        line(data)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
