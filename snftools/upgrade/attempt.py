"""One attempt of a run: assess, check before, ask, make, tell."""

from __future__ import annotations

import os
import sys
import textwrap
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Sequence, Set

from snftools.errors import Refused
from snftools.output.text import clock, finding_lines, human_size, human_time
from snftools.report import Finding
from snftools.state import RunToken
from snftools.upgrade import accept, artefact, assess, estimate, facts, resume, schedule
from snftools.upgrade.checks import run_checks
from snftools.upgrade.downtime import downtime
from snftools.upgrade.journal import Journal
from snftools.upgrade.judge import judged
from snftools.upgrade.plan import Plan
from snftools.upgrade.runner import PATIENCE, Runner
from snftools.upgrade.screens import failure, final
from snftools.upgrade.screens.run import RunScreen, opening
from snftools.upgrade.signals import Stopping
from snftools.upgrade.silent import findings
from snftools.upgrade.step import RECORD, Step


@dataclass(frozen=True)
class Wish:
    """What the command line asked for."""

    until: str = ""
    only: str = ""
    redo: str = ""
    accept: str = ""
    why: str = ""
    patience: float = PATIENCE
    nodes: Sequence[str] = field(default_factory=tuple)


class Attempt:
    """One attempt (live)."""

    def __init__(self, up: Any, journal: Journal, lock: int, screen: RunScreen,
                 asked: Stopping, wish: Wish) -> None:
        self.up = up
        self.journal = journal
        self.screen = screen
        self.asked = asked
        self.wish = wish
        self.run_dir = up.state.run_dir(journal.run)
        self.token = RunToken(journal.run, lock)
        self.changed = False
        self.wrote_users = False
        self.problems: List[Finding] = []
        self.facts: Dict[str, Any] = {}
        self._answers: Dict[str, assess.Answer] = {}
        self._use(up.plan(journal.run))

    def _use(self, plan: Plan) -> None:
        self.plan = plan
        self.screen.plan, self.screen.journal = plan, self.journal
        self.runner = Runner(plan, self.journal, os.path.join(self.run_dir, "log"), self.token,
                             self.screen, self.asked, self._prove)
        self.runner.patience = self.wish.patience

    # -- the attempt -----------------------------------------------------------------------

    def make(self, confirm: Callable[[str], None]) -> int:
        """Make what is due and chosen; the exit status."""
        chosen = self._chosen()
        found = self._assess()
        if self.asked.exit:
            return self.asked.exit
        if self.wish.accept:
            accept.accept(self.plan, self.journal, found, self.wish.accept, self.wish.why,
                          confirm)
            found = self._assess()
        code = self._judge(found, chosen)
        if code:
            return code
        schedule.check_order(self.plan, chosen, found.done)
        self._keep_found(found)
        due = [step for step in self.plan.steps
               if step.id in chosen and step.id not in found.done]
        if not due:
            return self._nothing(found, chosen)
        if schedule.wants_check_before(self.plan, chosen, found.done):
            self._check_before(found, chosen)
        self._open(due, found, confirm)
        code = self._go(found, chosen)
        self.journal.append("", "failed" if code else "done", exit=code)
        return self._close(code)

    def _chosen(self) -> Set[str]:
        redo = {step.id for step in self.plan.select(self.wish.redo)} if self.wish.redo else set()
        named = [step.id for step in self.plan.steps if assess.is_named(self.journal, step)]
        return schedule.chosen(self.plan, self.wish.until, self.wish.only, self.wish.nodes,
                               named) | redo

    def _assess(self) -> assess.Assessment:
        redo = [step.id for step in self.plan.select(self.wish.redo)] if self.wish.redo else []
        return assess.assess(self.plan, self.journal, self._ask, redo)

    def _ask(self, steps: Sequence[Step]) -> Dict[str, assess.Answer]:
        """Each --check once an attempt; a start whose line has changed is asked again."""
        new = [step for step in steps if " ".join(step.check) not in self._answers]
        for step_id, answer in self.runner.ask(new).items():
            self._answers[" ".join(self.plan.step(step_id).check)] = answer
        return {step.id: self._answers[" ".join(step.check)] for step in steps}

    def _judge(self, found: assess.Assessment, chosen: Set[str]) -> int:
        """What an earlier look forbids: the exit status, 0 when nothing does."""
        for step_id, decision in found.stops():
            if step_id in chosen:
                self.problems += judged(self.plan.step(step_id), decision, self.journal,
                                        found.answers[step_id][1])
        if not self.problems:
            return 0
        for problem in self.problems:
            self.screen.say([*finding_lines(problem), ""], always=True)
        self.screen.say(["Nothing was started, nothing is changed.  Mend it, then go on: "
                         "snf-upgrade run"], always=True)
        codes = {decision.exit for step_id, decision in found.stops() if step_id in chosen}
        return next((code for code in (78, 1, 3, 4) if code in codes), 1)

    def _keep_found(self, found: assess.Assessment) -> None:
        """What somebody else did gets its way back from the survey, before it is noted."""
        ids = [step_id for step_id, decision in found.decisions.items()
               if decision.what == resume.NOTE_FOUND]
        if ids:
            from snftools.upgrade import bysurvey
            bysurvey.keep(self.up, self.plan, self.journal, ids)

    def _check_before(self, found: assess.Assessment, chosen: Set[str]) -> None:
        """The preflight checks; Refused (3) when an error is not waived."""
        checked = run_checks(self.up, self.plan, found)
        waived = [finding for finding in checked.errors
                  if finding.waivable and finding.check in self.up.site.waive]
        bad = [finding for finding in checked.errors if finding not in waived]
        for finding in checked.findings:
            self.screen.say([*finding_lines(finding), ""],
                            always=finding in bad)
        for finding in waived:
            self.journal.append("", "waived", node=finding.node,
                                proof={"check": finding.check, "what": finding.what})
        if bad:
            raise Refused("%d problem%s must be mended first: %s" % (
                len(bad), "" if len(bad) == 1 else "s",
                ", ".join(sorted({finding.check for finding in bad}))),
                unchanged="everything", next="snf-upgrade check --site %s" % self.up.site.path)

    def _open(self, due: Sequence[Step], found: assess.Assessment,
              confirm: Callable[[str], None]) -> None:
        """Say what will be done, ask, and write that the attempt begins."""
        self.screen.say(opening(self.up.headline(), self.plan, self.journal.run,
                                self.run_dir))
        last = self.journal.last("", "begun")
        diff = self.plan.diff(last.proof.get("plan") or {}) if last else []
        if diff:
            self.screen.say(["The plan differs from the last attempt's:"] +
                            ["  " + line for line in diff])
        size = facts.database_size(self.up)
        if any(step.kind != "proof" for step in due):
            users = self._first_point_of_no_return(due)
            self.screen.say(users)
            confirm("About %s without service, at most %s of backups.  Go on?" % (
                human_time(estimate.without_service(self.plan, size, found.done)),
                human_size(size * estimate.sets(self.plan))))
        self.journal.append("", "begun", argv=sys.argv, proof={
            "target": self.up.site.target, "plan": self.plan.words(), "diff": diff,
            "forecast": estimate.forecast(self.plan, size, due),
            "rows": [row.name for row in self.plan.rows], "offline": list(self.plan.offline)})
        if self.wrote_users:
            self.journal.append("", "accepted", proof={"what": "users write from the start on"})

    def _first_point_of_no_return(self, due: Sequence[Step]) -> List[str]:
        """Said (and with the question asked) once a run: from where users write."""
        starts = {step.id for step in self.plan.starts("site")}
        named = [step.row for step in due if step.id in starts]
        if not named or self.journal.last("", "accepted") is not None:
            return []
        self.wrote_users = True
        return ["Point of no return: %s.  From then on users write; going back loses what they"
                % named[0], "have written.  To stop before it: run --until %s" % self._before(
                    named[0])]

    def _before(self, row: str) -> str:
        names = [one.name for one in self.plan.rows]
        return names[max(names.index(row) - 1, 0)]

    def _go(self, found: assess.Assessment, chosen: Set[str]) -> int:
        """The survey first: what it sees is written into the plan's start lines."""
        surveys = {step.id for step in self.plan.steps if step.kind == RECORD
                   and not step.label and step.id in chosen and step.id not in found.done}
        if surveys:
            code = self.runner.run(assess.Assessment(done=set(found.done)), surveys)
            if code:
                return code
            self._use(self.up.plan(self.journal.run))
            found = self._assess()
            found.done |= surveys
            chosen = self._chosen()
        self.changed = True
        return self.runner.run(found, chosen)

    def _nothing(self, found: assess.Assessment, chosen: Set[str]) -> int:
        """Everything that was asked for is done, and its state steps were proven now."""
        self.runner.run(found, set())
        self.screen.say(["%s: nothing to do." % self.up.headline(),
                         "%d command lines are done; the end states of %d are proven now by "
                         "--check." % (len(chosen), sum(step_id in chosen
                                                        for step_id in found.answers))])
        return 0

    def _close(self, code: int) -> int:
        """The last screen; the exit status, which what it finds unproven spoils."""
        down = downtime(self.plan, self.journal)
        if self.runner.failures:
            self.screen.say(failure.ending(self.runner.failures, self.plan,
                                           sorted(self.runner.done), down, self.up.site.path),
                            always=True)
        elif code:
            self.screen.say(["Stopped as asked; nothing runs.  Go on: snf-upgrade run --site %s"
                             % self.up.site.path], always=True)
        elif all(step.id in self.runner.done for step in self.plan.steps):
            self.facts = facts.collect(self.up, self.plan, self.journal, self.run_dir)
            self.screen.say(final.lines(self.up, self.facts, down))
            return 4 if final.unproven(self.facts) else code
        else:
            left = [row.name for row in self.plan.rows if any(
                step.id not in self.runner.done for step in self.plan.of_row(row.name))]
            self.screen.say(["", *textwrap.wrap("Done as far as asked.  Left: %s."
                                                % ", ".join(left), 79, break_on_hyphens=False)])
            if down.since and down.until is None:
                self.screen.say(["Services are down since %s." % clock(down.seconds)])
            self.screen.say(["Next: snf-upgrade run --site %s" % self.up.site.path])
        return code

    def left_out(self, silent: Mapping[str, str]) -> int:
        """Name the nodes that the run went on without: 1 when there are any."""
        for problem in findings(dict(silent), self.up.site.path, "error"):
            self.problems.append(problem)
            self.screen.say([*finding_lines(problem), ""], always=True)
        return 1 if silent else 0

    # -- what came of it -------------------------------------------------------------------

    def failures(self) -> List[Finding]:
        """What failed, as findings."""
        found = list(self.problems)
        for item in self.runner.failures:
            error = item.answer.get("error") or {}
            found.append(Finding(item.step.id, "error", str(error.get("what") or item.why or
                         "exit %d" % item.exit), node=item.step.where, code=item.exit))
        return found

    def result(self) -> Dict[str, Any]:
        """`result` of the JSON document."""
        down = downtime(self.plan, self.journal)
        return {"run": self.journal.run, "log": os.path.join(self.run_dir, "log"),
                "done": sorted(self.runner.done), "facts": self.facts,
                "without_service": round(down.seconds, 1)}

    def _prove(self, step: Step, answer: Mapping[str, Any]) -> Dict[str, Any]:
        """What a record step's journal line names, proven to be there."""
        named = artefact.named_by(step, answer)
        nodes = [node.name for node in self.up.site.nodes if not node.offline]
        artefact.prove(step, named, self.up.site.backup_dir, nodes)
        return named
