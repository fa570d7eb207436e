"""What the subcommands of snf-upgrade share: the site, its run, its plan."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from snftools.commands.context import Context
from snftools.errors import Invalid
from snftools.report import Report
from snftools.site import Site
from snftools.upgrade import run as runs
from snftools.upgrade import silent, survey
from snftools.upgrade.journal import Journal
from snftools.upgrade.measured import Measured, measure
from snftools.upgrade.plan import Plan, Seen
from snftools.upgrade.rehearsal.record import Record
from snftools.upgrade.step import Row, rows_of


@dataclass(frozen=True)
class Ended(Report):
    """A report whose exit status is the run's own."""

    exit: int = 0

    def exit_code(self, check: bool = False) -> int:
        return self.exit


def say_aside(command: str) -> Callable[[str], None]:
    """What tells something beside the result: a line on standard error, lost with a terminal."""
    def say(text: str) -> None:
        try:
            sys.stderr.write("%s: %s\n" % (command, text))
            sys.stderr.flush()
        except OSError:
            pass
    return say


class Upgrade:
    """One `snf-upgrade` command's surroundings."""

    def __init__(self, args: Any) -> None:
        self.args = args
        self.ctx = Context(args, command="snf-upgrade " + args.action)
        if not self.ctx.site.path:
            raise Invalid("there is no site.conf", next="snf-upgrade init")
        self.ctx.waive(getattr(args, "waive", None) or ())
        self.release = self.ctx.release
        self.state = self.ctx.state
        self.measured = Measured()
        self.rows: Tuple[Row, ...] = rows_of(self.release.part("steps"))

    @property
    def site(self) -> Site:
        """The site, without the nodes that were left out."""
        return self.ctx.site

    @property
    def bin_dir(self) -> str:
        """The directory of our own launcher: the small commands lie beside it."""
        return os.path.dirname(os.path.realpath(sys.argv[0]))

    def leave_out_silent(self, wanted: Sequence[str] = ()) -> Dict[str, str]:
        """Go on without the Ganeti nodes that do not answer: why, by name."""
        found = silent.find(self.site.nodes, self.ctx.open, wanted)
        if found:
            self.ctx.leave_out(list(found))
        return found

    def newest(self) -> Optional[Journal]:
        """The run that is spoken of, or None."""
        return runs.newest(self.state, self.site.name, self.release.name)

    def seen(self, run_id: str = "") -> Seen:
        """From the run's survey what ran; for nodes without one what is enabled now."""
        names = [node.name for node in self.site.nodes if not node.offline]
        facts = survey.read(self.state.run_dir(run_id), names) if run_id else {}
        found = survey.seen(facts, "survey")
        missing = [name for name in names if name not in facts]
        if not missing:
            return found
        asked: Dict[str, Any] = {}
        for name in missing:
            asked[name] = survey.node_facts(self.ctx.open(self.site.node(name)), self.release)
        now = survey.seen(asked, "enabled")
        return Seen({**now.services, **found.services}, "enabled", found.masters + now.masters)

    def plan(self, run_id: str = "") -> Plan:
        """The plan as it stands now, with the times that this site was measured to take."""
        plan = Plan.build(self.site, self.rows, self.seen(run_id), self.bin_dir,
                          run_id or "RUN")
        self.measured = measure(plan, self.newest() if run_id else None, self.site.backup_dir,
                                Record(self.site.state_dir).values.get("measured") or {})
        return self.measured.apply(plan)

    def headline(self) -> str:
        """Site, source and target, as each screen begins."""
        return "%s  %s -> %s" % (self.site.name, self.release.source,
                                 self.site.target or self.release.name)
