"""snf-upgrade rollback - go back to the old release, in reverse order, proved"""

from __future__ import annotations

import sys
from typing import Any

from snftools import cli
from snftools.commands.upgrade.common import Ended, Upgrade, say_aside
from snftools.errors import Refused, SnfError
from snftools.node import node_locks
from snftools.report import Report
from snftools.upgrade import bysurvey
from snftools.upgrade.journal import Journal
from snftools.upgrade.orphans import run_lock
from snftools.upgrade.rollback import Rollback
from snftools.upgrade.screens import plan as plan_screen
from snftools.upgrade.screens.run import RunScreen
from snftools.upgrade.signals import stopping


def act(args: Any) -> Report:
    """Show the way back, or go it."""
    up = Upgrade(args)
    if args.check:
        return _check(up, args)
    screen = RunScreen(args.quiet, args.json, sys.stderr.isatty())
    with run_lock(up.state, up.ctx.command, say_aside(up.ctx.command)) as lock:
        journal = _open(up)
        for notice in journal.notices:
            say_aside(up.ctx.command)(notice)
        with node_locks(up.ctx.all_nodes(), up.ctx.command), stopping() as asked:
            back = Rollback(up, journal, lock, screen, asked, args.to or "")
            code = back.make(lambda question: cli.confirm(args, question),
                             args.discard_new_data)
    if screen.broken is not None:
        raise screen.broken
    if code and args.json:
        raise _error(back, code)
    return Ended(changed=back.changed, result=back.result(), exit=code)


def _open(up: Upgrade) -> Journal:
    journal = up.newest()
    if journal is None:
        raise Refused("there is no run to go back from", unchanged="everything",
                      next="snf-upgrade status")
    return journal


def _check(up: Upgrade, args: Any) -> Report:
    """The plan of the way back: literal lines, expected times, what would be lost."""
    journal = _open(up)
    journal.looks_only = True
    with stopping() as asked:
        back = Rollback(up, journal, None, RunScreen(True, True, False), asked, args.to or "")
        found = back.look()
    due = back.due(found)
    size = back.size()
    lines = plan_screen.back_lines(up.headline(), back.back.plan, due, size, journal.run,
                                   back.to)
    lines += back.loss_lines()
    if due:
        lines.append("Next: %s%s" % (back.line(), " --discard-new-data" if back.lossy else ""))
    result = {**back.result(), **plan_screen.result(back.back.plan, size,
                                                    [step.id for step in due])}
    gone = bysurvey.not_to_be_had(up, back.forward, journal, back.others)
    return Report(changed=bool(due), findings=(*back.problems, *gone), lines=tuple(lines),
                  result=result)


def _error(back: Rollback, code: int) -> SnfError:
    """The end as the one error of a JSON document."""
    what = [problem.what for problem in back.problems] + [
        str((item.answer.get("error") or {}).get("what") or item.why or "exit %d" % item.exit)
        for item in back.runner.failures]
    error = SnfError(what[0] if what else "it was ended by a signal", why="; ".join(what[1:]),
                     next=back.line())
    error.code = code
    return error
