"""The screen of a run: one finished line a step, the running ones below on a terminal."""

from __future__ import annotations

import sys
from typing import Any, List, Mapping, Optional, Sequence

from snftools.output import mask
from snftools.output.text import clock, human_time, local_time
from snftools.upgrade.downtime import downtime
from snftools.upgrade.job import Failure, Job
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.screens import failure as failure_screen
from snftools.upgrade.screens.live import Live, job_lines
from snftools.upgrade.screens.summary import summary
from snftools.upgrade.step import Step


class RunScreen:
    """What is printed while a run goes on (live).

    Lines go to standard output as they are finished; when that is gone the run goes on, and
    `broken` is raised at the end.
    """

    def __init__(self, quiet: bool, silent: bool, terminal: bool) -> None:
        self.quiet = quiet or silent
        self.silent = silent
        self.live_lines = Live(terminal and not self.quiet)
        self.broken: Optional[OSError] = None
        self.plan: Optional[Plan] = None
        self.forward: Optional[Plan] = None  # on the way back: the plan of the run itself
        self.journal: Optional[Journal] = None
        self.stopping = False

    def say(self, lines: Sequence[str], always: bool = False) -> None:
        """Print finished lines."""
        if self.silent or (self.quiet and not always):
            return
        self.live_lines.clear()
        try:
            sys.stdout.write("".join(mask.clean(line) + "\n" for line in lines))
            sys.stdout.flush()
        except OSError as error:
            self.broken = self.broken or error
            self.silent = True

    def begun(self, step: Step) -> None:
        """A step has begun: only the live lines tell."""

    def done(self, step: Step, seconds: float, answer: Mapping[str, Any], how: str) -> None:
        """A step is done, or was found done."""
        self.say([step_line(step, how, seconds, summary(step, answer, how))])

    def failed(self, failure: Failure) -> None:
        """A step failed."""
        assert self.plan is not None
        self.say([step_line(failure.step, "FAILED", failure.seconds, ""), "",
                  *failure_screen.lines(failure, self.plan), ""], always=True)

    def no_sign(self, job: Job, seconds: float) -> None:
        """A step shows no sign of life."""
        self.say(["%s  no sign of life of %s for %s; its log: %s" % (
            local_time(None, "%H:%M:%S"), job.step.id, human_time(seconds), job.child.log),
            "          Ctrl-C twice ends it.  (--patience MINUTES: when this is told)"],
            always=True)

    def live(self, running: Sequence[Job]) -> None:
        """What runs now."""
        if not self.live_lines.on or not running:
            return
        assert self.plan is not None and self.journal is not None
        number = max(self.plan.number(job.step) for job in running)
        down = downtime(self.forward or self.plan, self.journal)
        text = "without service %s    " % clock(down.seconds) if down.since else ""
        self.live_lines.draw([*job_lines(running), "step %d of %d    %s%s" % (
            number, len(self.plan.rows), text, "stopping: these end, nothing new starts"
            if self.stopping else "Ctrl-C: end these, then stop cleanly")])


def step_line(step: Step, how: str, seconds: float, text: str) -> str:
    """02:04:18  stop  node1  done  2 s  ..."""
    return ("%s  %-14s  %-8s  %-6s%5s  %s" % (
        local_time(None, "%H:%M:%S"), step.row, step.where, how,
        human_time(seconds) if seconds else "", text)).rstrip()


def opening(headline: str, plan: Plan, run_id: str, log_dir: str) -> List[str]:
    """The first lines of a run."""
    found = ["%s   %d steps, run %s" % (headline, len(plan.rows), run_id),
             "Log: %s/        times: %s" % (log_dir.rstrip("/"), local_time(None, "%Z (UTC%z)"))]
    if plan.offline:
        found.append("Left out (offline): %s" % ", ".join(plan.offline))
    return found
