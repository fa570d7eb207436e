"""The crash matrix: where it fails, how, and while which step is made.

A case is the row of the plan that is made, the failpoint, and what happens there.  CUT stops
the process there, ends every session of the databases, and lets it go on.
"""

from __future__ import annotations

import os
from typing import Any, List, NamedTuple, Sequence

PART = os.environ.get("SNF_CRASH", "")  # K/N
KILL, SPACE, IO, CUT = "SIGKILL", "ENOSPC", "EIO", "CUT"


class Case(NamedTuple):
    """One of them; `back`: while the whole way back is gone, from the end of all rows."""

    row: str
    point: str
    action: str
    back: bool = False

    @property
    def name(self) -> str:
        """For pytest: no character that a shell would mind."""
        words = "%s%s-%s-%s" % ("back-" if self.back else "", self.row, self.point, self.action)
        return "".join(c if c.isalnum() or c in "-.#" else "_" for c in words)


def asked_part(things: Sequence[Any]) -> Sequence[Any]:
    """The K-th of N parts: neighbours, which climb the same rungs of the ladder."""
    number, count = map(int, PART.split("/"))
    assert 1 <= number <= count, PART
    return things[len(things) * (number - 1) // count:len(things) * number // count]


# -- the master: before the effect, after it, after the journal has it -------------------------

MASTER = [Case(row, "%s:%s" % (point, name), KILL) for row, name in (
    ("survey", "survey"), ("stop", "stop.*"), ("quiet", "quiet"),
    ("backup-before", "backup-before"), ("install", "install.*"), ("versions", "versions.*"),
    ("settings", "settings.*"), ("settings-proof", "settings-proof.*"),
    ("migrate", "migrate.*"), ("backup-migrate", "backup-migrate"), ("register", "register"),
    ("verify", "verify"), ("quota", "quota"), ("backup-quota", "backup-quota"),
    ("start", "start.*"), ("proof", "proof"))
    for point in ("step.begun", "step.run-ended", "step.done")
    # What only looks is asked once: its line is its own proof.
    if not (row == "quiet" and point == "step.begun")]

SECOND = [Case(row, "step.run-ended:%s.*#2" % row, KILL)
          for row in ("stop", "install", "settings", "migrate", "start")]

PROOFS = [Case(row, "step.proof-ended:%s" % name, KILL) for row, name in (
    ("stop", "stop.*"), ("install", "install.*"), ("settings", "settings.*"),
    ("migrate", "migrate.*"), ("register", "register"), ("quota", "quota"),
    ("start", "start.*"))]

JOURNAL = [Case(row, "line.%s:*/journal.jsonl#%d" % (point, number), action)
           for row in ("survey", "install", "migrate", "register", "start")
           for point, number, action in (("before", 2, SPACE), ("written", 2, IO),
                                         ("written", 3, KILL))]


# -- the small commands ------------------------------------------------------------------------

def files(row: str, pattern: str, actions: Sequence[str] = (KILL, SPACE, IO)) -> List[Case]:
    """Every place inside the writing of a file."""
    return [Case(row, "file.%s:%s" % (point, pattern), action)
            for point in ("before", "written", "synced", "renamed") for action in actions]


def lines(row: str, pattern: str) -> List[Case]:
    """Every place inside the appending of a line."""
    return [Case(row, "line.%s:%s" % (point, pattern), action)
            for point in ("before", "written") for action in (KILL, SPACE, IO)]


def programs(row: str, *words: str) -> List[Case]:
    """Before and after a program of Synnefo."""
    return [Case(row, "program.%s:%s" % (point, word), action) for word in words
            for point in ("before", "after") for action in (KILL, IO)]


FILES = [
    *files("survey", "*/survey/astakos.tar"),
    *files("backup-before", "*/set.json"),
    *files("backup-before", "*/manifest.json"),
    *files("install", "*/undo/*/files/*"),
    *files("install", "*/undo/*/packages.json"),
    *files("settings", "*/etc/synnefo/20-*"),
    *files("settings", "*/undo/*/settings-wrote.json"),
    *[Case("settings", "file.renamed:*/etc/synnefo/*#2", action) for action in (KILL, SPACE)],
    *lines("backup-before", "*/verified.jsonl"),
    *lines("migrate", "*/marks.jsonl"),
]

PROGRAMS = [
    *programs("migrate", "snf-manage syncdb*", "snf-manage migrate *", "pithos-migrate *"),
    *programs("register", "snf-manage component-*", "snf-manage service-import*"),
    *programs("quota", "snf-manage resource-modify*", "*astakos-migrate*"),
]

OTHERS = [
    *[Case(row, "service.%s:*" % point, action) for row in ("stop", "start")
      for point in ("before", "after") for action in (KILL, IO)],
    *[Case("install", "apt.%s" % point, action) for point in (
        "before:*", "line:Unpacking*", "line:Setting up*", "line:Setting up*#3", "after:*")
      for action in (KILL, IO)],
    *[Case(row, "dump.%s:*" % point, action) for row in ("backup-before", "backup-migrate")
      for point, action in (("running", KILL), ("running", IO), ("running", CUT),
                            ("done", KILL), ("done", IO))],
    *[Case(row, "lock.made:astakos", KILL) for row in ("install", "quota")],
]

BACK = [Case("start", point, action, True) for point, action in (
    ("line.written:*/journal.jsonl", KILL), ("line.before:*/journal.jsonl#3", SPACE),
    ("step.begun:restore", KILL), ("step.run-ended:restore", KILL),
    ("step.done:restore", KILL), ("step.done:stop.*#2", KILL),
    ("step.begun:settings.*", KILL), ("step.run-ended:settings.*#2", KILL),
    ("step.begun:install.*#2", KILL), ("step.run-ended:install.*", KILL),
    ("step.run-ended:start.*", KILL), ("step.done:start.*#4", KILL),
    ("step.run-ended:proof", KILL), ("service.after:* stop", KILL),
    ("swap.copied:*", KILL), ("swap.copied:*#2", CUT), ("swap.inside:*", CUT),
    ("swap.copied:*", IO),
    ("swap.inside:*", KILL), ("swap.inside:*#2", KILL), ("swap.inside:*#3", IO),
    ("swap.done:*", KILL), ("swap.done:*", IO),
    ("file.written:*/restore-db.json", SPACE), ("file.renamed:*/restore-db.json#2", KILL),
    ("file.written:*/etc/synnefo/*", KILL), ("file.renamed:*/etc/synnefo/*#2", KILL),
    ("file.written:*/etc/synnefo/*", SPACE), ("apt.before:*", KILL),
    ("apt.line:Unpacking*", KILL), ("apt.line:Setting up*#2", KILL), ("apt.after:*", IO),
    ("service.before:* start", KILL))]

ALL: List[Case] = list(dict.fromkeys(
    [*MASTER, *SECOND, *PROOFS, *JOURNAL, *FILES, *PROGRAMS, *OTHERS, *BACK]))
