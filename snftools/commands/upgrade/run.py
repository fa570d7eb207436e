"""snf-upgrade run - make the steps that are due, each proved"""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any, List

from snftools import cli
from snftools.commands.upgrade.common import Ended, Upgrade, say_aside
from snftools.errors import SnfError, Usage
from snftools.node import node_locks
from snftools.report import Report
from snftools.upgrade import run as runs
from snftools.upgrade.attempt import Attempt, Wish
from snftools.upgrade.orphans import run_lock
from snftools.upgrade.screens.run import RunScreen
from snftools.upgrade.signals import stopping


def act(args: Any) -> Report:
    """Hold the site and its nodes, make one attempt."""
    if bool(args.accept) != bool((args.why or "").strip()):
        raise Usage("--accept STEP and --why TEXT go together")
    up = Upgrade(args)
    screen = RunScreen(args.quiet, args.json, sys.stderr.isatty())
    say = say_aside(up.ctx.command)
    with run_lock(up.state, up.ctx.command, say) as lock:
        journal = runs.open_run(up.state, up.site.name, up.release.name, up.site.target)
        for notice in journal.notices:
            say(notice)
        wanted = _nodes(up, args.node)
        silent = up.leave_out_silent(wanted)
        nodes = up.ctx.all_nodes()
        with node_locks(nodes, up.ctx.command), stopping() as asked:
            wish = Wish(args.until or "", args.only or "", args.redo or "",
                        args.accept or "", args.why or "", args.patience * 60, wanted)
            attempt = Attempt(up, journal, lock, screen, asked, wish)
            try:
                code = attempt.make(lambda question: cli.confirm(args, question))
                if code in (0, 1):
                    code = attempt.left_out(silent) or code
            finally:
                if not journal.records:  # refused before it began: a run that never was
                    shutil.rmtree(up.state.run_dir(journal.run), ignore_errors=True)
    if screen.broken is not None:
        raise screen.broken
    if code and args.json:
        raise _error(attempt, code)
    return Ended(changed=attempt.changed, result=attempt.result(), exit=code)


def _nodes(up: Upgrade, names: List[str]) -> List[str]:
    """The nodes of --node; none means all."""
    return [] if "all" in names else [up.site.node(name).name for name in names]


def _error(attempt: Attempt, code: int) -> SnfError:
    """The run's end as the one error of its JSON document."""
    failed = attempt.failures()
    error = SnfError(failed[0].what if failed else "the run was ended by a signal",
                     node=failed[0].node if failed else "",
                     why="; ".join(finding.what for finding in failed[1:]),
                     next="snf-upgrade run --site %s" % os.path.abspath(attempt.up.site.path))
    error.code = code
    return error
