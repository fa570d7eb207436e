"""Going back: look, tell what would be lost, ask, undo in reverse, prove."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Set

from snftools.errors import NotVerified, Refused, SnfError
from snftools.output.text import finding_lines, human_time
from snftools.report import Finding
from snftools.state import RunToken
from snftools.upgrade import assess, backdata, estimate, outside, resume
from snftools.upgrade.back import touched, way_back
from snftools.upgrade.journal import Journal
from snftools.upgrade.judge import judged
from snftools.upgrade.plan import Plan
from snftools.upgrade.runner import Runner
from snftools.upgrade.screens import failure
from snftools.upgrade.screens.run import RunScreen
from snftools.upgrade.signals import Stopping
from snftools.upgrade.step import STATE, Step

_EVENTS = {"begun": "undo-begun", "done": "undone", "found": "undone", "failed": "failed"}
_SHOWN = 12  # lines of what would be lost


class BackRunner(Runner):
    """Runs undo lines; the journal gets what they mean for the run's own steps (live)."""

    undoes: Mapping[str, Sequence[str]] = {}

    def _write(self, step: Step, event: str, argv: Sequence[str] = (),
               code: Optional[int] = None, proof: Optional[Mapping[str, Any]] = None) -> None:
        for step_id in self.undoes.get(step.id, ()):
            self.journal.append(step_id, _EVENTS[event], node=step.where if step.nodes else "",
                                argv=argv, exit=code, proof=proof)


class Rollback:
    """One attempt to go back (live)."""

    def __init__(self, up: Any, journal: Journal, lock: Optional[int], screen: RunScreen,
                 asked: Stopping, to: str = "") -> None:
        self.up = up
        self.journal = journal
        self.screen = screen
        self.run_dir = up.state.run_dir(journal.run)
        self.asked = asked
        self.forward: Plan = up.plan(journal.run)
        self.to = self._checked(to)
        token = RunToken(journal.run, lock) if lock is not None else None
        self.others = self._find_others(token)
        self.sets = backdata.sets_for(up, self.forward, journal, self.to)
        self.back = way_back(self.forward, journal, self.to, self.sets, self._proof())
        self.lossy = backdata.is_lossy(self.forward, journal, self.sets)
        self.lost = backdata.losses(up, self.forward, journal) if self.lossy else []
        screen.plan, screen.journal, screen.forward = self.back.plan, journal, self.forward
        self.runner = self._runner(self.back.plan, token)
        self.runner.undoes = self.back.undoes
        self.problems: List[Finding] = []
        self.changed = False

    def _runner(self, plan: Plan, token: Optional[RunToken]) -> BackRunner:
        return BackRunner(plan, self.journal, os.path.join(self.run_dir, "back"), token,
                          self.screen, self.asked, lambda step, answer: {})

    def _find_others(self, token: Optional[RunToken]) -> Set[str]:
        """What somebody else did since; a rollback that has begun keeps to its plan."""
        if self.journal.undo_stands:
            return set()
        return outside.note(self.up, self.forward, self.journal,
                            self._runner(self.forward, token).ask)

    def _checked(self, to: str) -> str:
        """The STEP of --to; Refused (3) when a rollback to another place has begun."""
        if to:
            self.forward.select(to)
        begun = self.journal.last("", "undo-begun")
        if self.journal.undo_stands and begun is not None and to:
            before = str(begun.proof.get("to") or "")
            if before != to:
                raise Refused("going back %s has begun" % ("to %s" % before if before
                                                           else "the whole way"),
                              unchanged="everything", next=self.line(before))
        return to

    def _proof(self) -> Sequence[str]:
        """The line that compares the site with its survey, where there is one."""
        if self.to or self.journal.last("survey", "done") is None:
            return ()
        return (os.path.join(self.up.bin_dir, "snf-upgrade"), "survey", "--compare", "--site",
                self.up.site.path)

    def line(self, to: Optional[str] = None) -> str:
        """The command line that goes on with this."""
        step = self.to if to is None else to
        return "snf-upgrade rollback%s --site %s" % (" --to " + step if step else "",
                                                     self.up.site.path)

    # -- looking ---------------------------------------------------------------------------

    def look(self) -> assess.Assessment:
        """What is undone already, by the journal or by the undo line's own --check."""
        found = assess.Assessment()
        states = [step for step in self.back.plan.steps if step.kind == STATE]
        known = [step for step in states if self._is_undone(step)]
        found.done = {step.id for step in known}
        asked = [step for step in states if step not in known
                 and not (self.journal.looks_only and step.id in self.others)]
        found.answers = self.runner.ask(asked)
        for step in asked:
            decision = resume.state_step(resume.BEGUN, found.answers[step.id][0])
            found.decisions[step.id] = decision
            if decision.is_done:
                found.done.add(step.id)
            elif decision.what == resume.STOP:
                self.problems += judged(step, decision, self.journal, found.answers[step.id][1])
        return found

    def _is_undone(self, step: Step) -> bool:
        """Undone by this rollback: what was written since is not to be lost by doing it again."""
        since = self.journal.position("", "undo-begun") if self.journal.undo_stands else 0
        ids = self.back.undoes[step.id]
        return bool(since) and all(self.journal.position(one, "undone") > since
                                   for one in ids)

    def due(self, found: assess.Assessment) -> List[Step]:
        """The undo steps that would be made."""
        return [step for step in self.back.plan.steps if step.id not in found.done]

    def loss_lines(self) -> List[str]:
        """What would be lost, by digest."""
        if not self.lossy:
            return []
        found = ["Services ran on the new release.  Going back loses what was written since:"]
        found += ["  " + line for line in self.lost[:_SHOWN]] or ["  nothing so far, by digest"]
        if len(self.lost) > _SHOWN:
            found.append("  and %d more" % (len(self.lost) - _SHOWN))
        return found

    # -- doing -----------------------------------------------------------------------------

    def make(self, confirm: Callable[[str], None], discard: bool) -> int:
        """Go back; the exit status."""
        found = self.look()
        if self.asked.exit:
            return self.asked.exit
        if self.problems:
            return self._refuse()
        if self.lossy and not discard and not self.journal.undo_stands:
            self.screen.say(self.loss_lines(), always=True)
            raise Refused("going back would lose what users have written since the start",
                          why="; ".join(self.lost[:3]) or "nothing so far, by digest",
                          unchanged="everything", next=self.line() + " --discard-new-data")
        self._open(found, confirm)
        self.changed = True
        code = self.runner.run(found, {step.id for step in self.back.plan.steps})
        if code == 0 and self.to:
            self._prove_rest()
        return self._close(code)

    def _refuse(self) -> int:
        for problem in self.problems:
            self.screen.say([*finding_lines(problem), ""], always=True)
        self.screen.say(["Nothing was started, nothing is changed.  Mend it, then: "
                         + self.line()], always=True)
        codes = {problem.code for problem in self.problems}
        return next((code for code in (78, 1, 3, 4) if code in codes), 1)

    def _open(self, found: assess.Assessment, confirm: Callable[[str], None]) -> None:
        due = self.due(found)
        self.screen.say(["%s   going back%s, %d lines, run %s" % (
            self.up.headline(), " to after " + self.to if self.to else "", len(due),
            self.journal.run), *self.loss_lines()])
        if due and not self.journal.undo_stands:
            confirm("About %s.  Go back?" % human_time(
                estimate.in_order(self.back.plan, self.size(), found.done)))
        if not self.journal.undo_stands or self.to != self._begun_to():
            self.journal.append("", "undo-begun", proof={
                "to": self.to, "sets": {name: list(which) for name, which in self.sets.items()},
                "plan": self.back.plan.words(), "lost": self.lost[:_SHOWN]})

    def _begun_to(self) -> str:
        begun = self.journal.last("", "undo-begun")
        return str(begun.proof.get("to") or "") if begun else ""

    def size(self) -> int:
        """The bytes of all databases; 0 where nobody can tell: it is for the forecast alone."""
        from snftools.upgrade import facts
        try:
            return facts.database_size(self.up)
        except SnfError:
            return 0

    def _prove_rest(self) -> None:
        """What stays done must still be there: the --check of each state step up to STEP."""
        kept = [step for step in self.forward.until(self.to)
                if step.kind == STATE and touched(self.journal, step)]
        for step_id, (code, _) in self.runner.ask(kept).items():
            if code != 0:
                raise NotVerified("%s is to stay done, but its --check ends with %d"
                                  % (step_id, code), next="snf-upgrade run --redo " + step_id)

    def _close(self, code: int) -> int:
        if self.runner.failures:
            self.journal.append("", "failed", exit=code)
            self.screen.say(failure.back_ending(self.runner.failures, self.line()), always=True)
            return code
        if code:
            self.screen.say(["Stopped as asked; nothing runs.  Go on: " + self.line()],
                            always=True)
            return code
        self.journal.append("", "undone", proof={"to": self.to})
        if self.to:
            self.screen.say(["", "Back to after %s, proven.  Next: snf-upgrade run --site %s" % (
                self.to, self.up.site.path)])
            return 0
        self.journal.append("", "closed", proof={"how": "rolled back"})
        proven = "Proven by its survey." if self._proof() else \
            "There is no survey to prove it by: look at it yourself."
        self.screen.say(["", "%s is back at Synnefo %s.  %s" % (
            self.up.site.name, self.up.release.source, proven),
            "The run %s is closed.  A new one: snf-upgrade run --site %s" % (
                self.journal.run, self.up.site.path),
            "What was kept: snf-upgrade close --check --site %s" % self.up.site.path])
        return 0

    def result(self, found: Optional[assess.Assessment] = None) -> Dict[str, Any]:
        """`result` of the JSON document."""
        return {"run": self.journal.run, "to": self.to, "lost": self.lost,
                "needs_discard": self.lossy,
                "sets": {name: list(which) for name, which in self.sets.items()}}
