"""Starts each step's command line as a child, believes it only after the proof."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Set

from snftools import failpoint
from snftools.errors import SnfError
from snftools.state import RunToken
from snftools.upgrade import quiet, resume, schedule
from snftools.upgrade.assess import (Answer, Assessment, artefact_stands, is_named, is_overtaken,
                                     last_artefact)
from snftools.upgrade.child import Child, error_of
from snftools.upgrade.job import Failure, Job, Screen
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.signals import Stopping
from snftools.upgrade.step import PROOF, RECORD, WINDOW, Step

PARALLEL = 16
POLL = 0.05
GRACE = 10.0  # seconds that a child has to end after a second Ctrl-C
PATIENCE = 600.0  # seconds without a sign of life until it is told
QUIET_HOLDS = 3.0  # seconds for which a look at the whole site counts, among one row's steps
_EXITS = (78, 1, 3, 4, 2, 75)


class Runner:
    """One attempt (live)."""

    def __init__(self, plan: Plan, journal: Journal, log_dir: str, token: Optional[RunToken],
                 screen: Screen, asked: Stopping,
                 prove: Callable[[Step, Mapping[str, Any]], Dict[str, Any]]) -> None:
        self.plan = plan
        self.journal = journal
        self.log_dir = log_dir
        self.token = token
        self.screen = screen
        self.asked = asked
        self.prove = prove
        self.jobs: Dict[str, Job] = {}
        self.failures: List[Failure] = []
        self.done: Set[str] = set()
        self.patience = PATIENCE
        self._quiet_at = 0.0
        self._quiet_for = ""

    # -- looking ---------------------------------------------------------------------------

    def ask(self, steps: Sequence[Step]) -> Dict[str, Answer]:
        """The --check of each step, many at a time."""
        waiting, running = list(steps), {}  # type: ignore[var-annotated]
        answers: Dict[str, Answer] = {}
        while waiting or running:
            while waiting and len(running) < PARALLEL and not self.asked.count:
                step = waiting.pop(0)
                running[step.id] = Child(step.check, self._log(step) + ".check", self.token)
            if self.asked.count:
                waiting.clear()
            self._end_at_once(list(running.values()))
            for step_id, child in list(running.items()):
                code = child.poll()
                if code is not None:
                    answers[step_id] = (code, child.answer() or _said(child, code))
                    del running[step_id]
            time.sleep(POLL)
        for step in steps:
            answers.setdefault(step.id, (self.asked.exit or 1, {}))
        return answers

    # -- doing -----------------------------------------------------------------------------

    def run(self, found: Assessment, chosen: Set[str]) -> int:
        """Make what is chosen and due; the exit status of the attempt (0, or the worst)."""
        self.done = set(found.done)
        try:
            self._note(found)
            self._work(chosen)
        finally:
            self._settle()
        return self._exit()

    def _settle(self) -> None:
        """No child stays behind, also when the journal can't be written any more."""
        while any(job.child.poll() is None for job in self.jobs.values()):
            self._end_at_once([job.child for job in self.jobs.values()])
            time.sleep(POLL)

    def _work(self, chosen: Set[str]) -> None:
        while True:
            if not self.asked.count:
                failed = {failure.step.id for failure in self.failures}
                for step in schedule.may_start(self.plan, chosen, self.done, self.jobs, failed):
                    if len(self.jobs) < PARALLEL and not self._is_asked(step):
                        self._begin(step)
            if not self.jobs:
                break
            self._end_at_once([job.child for job in self.jobs.values()])
            for job in list(self.jobs.values()):
                code = job.child.poll()
                if code is not None:
                    self._ended(job, code)
            self.screen.live(list(self.jobs.values()))
            self._tell_silent()
            time.sleep(POLL)

    def _tell_silent(self) -> None:
        """A child that shows no sign of life is told of, once; nobody but a person ends it."""
        for job in self.jobs.values():
            if not job.told and job.child.silent() > self.patience:
                job.told = True
                self.screen.no_sign(job, job.child.silent())

    def _note(self, found: Assessment) -> None:
        """Write into the journal what was found done."""
        for step in self.plan.steps:
            decision = found.decisions.get(step.id)
            if decision is None or decision.what not in (resume.NOTE_DONE, resume.NOTE_FOUND):
                continue
            event = "done" if decision.what == resume.NOTE_DONE else "found"
            self._write(step, event, step.check, 0, {"check": 0})
            self.screen.done(step, 0.0, found.answers[step.id][1], event)

    def _begin(self, step: Step) -> None:
        """Start a step; a record that stands needs no quiet site, services may be up again."""
        self.screen.begun(step)
        if step.kind == RECORD and step.check != step.argv and is_named(self.journal, step):
            self._child(step, "before", step.check)
        else:
            self._guarded(step)

    def _guarded(self, step: Step) -> None:
        """What needs a quiet site asks first whether it still is."""
        guard = quiet.guard(self.plan, self.journal, step, self.done)
        if guard is None or self._is_quiet(step):
            self._start(step)
        else:
            self._child(step, "window", guard.argv)

    def _child(self, step: Step, phase: str, argv: Sequence[str]) -> None:
        self.jobs[step.id] = Job(step, phase, Child(argv, self._log(step, phase), self.token))

    def _is_asked(self, step: Step) -> bool:
        """Whether another step of the row asks whether the site is quiet: for this one too."""
        return any(job.phase == "window" and job.step.row == step.row
                   for job in self.jobs.values())

    def _is_quiet(self, step: Step) -> bool:
        """Whether the last look still counts; the first step of each row looks anew."""
        return step.row == self._quiet_for and time.monotonic() - self._quiet_at < QUIET_HOLDS

    def _start(self, step: Step) -> None:
        """The step's own first child: window steps are looked at first."""
        if step.kind == WINDOW and step.check != step.argv:
            self._child(step, "before", step.check)
        else:
            self._make(step)

    def _make(self, step: Step) -> None:
        """The step itself, written down first."""
        self._write(step, "begun", step.argv)
        failpoint.reach("step.begun:" + step.id)
        self._child(step, "run", step.argv)

    def _ended(self, job: Job, code: int) -> None:
        """A child has ended: the next phase, or the end of the step."""
        step = job.step
        failpoint.reach("step.%s-ended:%s" % (job.phase, step.id))
        answer = job.child.answer()
        if job.phase == "window" and code == 0:
            self._quiet_at, self._quiet_for = time.monotonic(), step.row
            self._start(step)
        elif job.phase == "window":
            self._fail(job, code, answer, quiet.why(answer))
        elif job.phase == "before" and code == 0 and step.kind != RECORD:
            self._finish(job, "found", answer, {"check": 0})
        elif job.phase == "before" and code == 0 and artefact_stands(self.journal, step, answer):
            self._finish(job, "done", answer, last_artefact(self.journal, step))
        elif job.phase == "before" and step.kind == RECORD:
            self._again(job, answer)
        elif job.phase == "before":
            self._make(step)
        elif code != 0:
            self._fail(job, code, answer)
        elif job.phase == "run" and step.check != step.argv and step.kind != RECORD:
            # A step that began is brought to its proof also after the first Ctrl-C.
            job.answer = answer
            job.phase = "proof"
            job.child = Child(step.check, self._log(step, "proof"), self.token)
        else:
            self._prove(job, answer)

    def _again(self, job: Job, answer: Mapping[str, Any]) -> None:
        """A record whose databases have changed: taken again, unless it is users who wrote."""
        named = last_artefact(self.journal, job.step)
        if is_overtaken(self.plan, self.journal, job.step, self.done):
            try:
                self.prove(job.step, {"result": named})
            except SnfError:
                pass
            else:
                self._finish(job, "done", answer, named)
                return
        self._guarded(job.step)

    def _prove(self, job: Job, answer: Mapping[str, Any]) -> None:
        """The last word: a state or window step's --check was 0; a record's artefact is there."""
        step = job.step
        proof: Dict[str, Any] = {"check" if step.kind != PROOF else "proof": 0}
        if step.kind == RECORD:
            try:
                proof = self.prove(step, answer)
            except SnfError as error:
                self._fail(job, error.code, answer, str(error))
                return
        self._finish(job, "done", job.answer or answer, proof)

    def _finish(self, job: Job, event: str, answer: Mapping[str, Any],
                proof: Mapping[str, Any]) -> None:
        step = job.step
        argv = step.check if event == "found" else step.argv
        self._write(step, event, argv, 0, proof)
        failpoint.reach("step.done:" + step.id)
        del self.jobs[step.id]
        self.done.add(step.id)
        self.screen.done(step, time.monotonic() - job.started, answer, event)

    def _fail(self, job: Job, code: int, answer: Mapping[str, Any], why: str = "") -> None:
        step = job.step
        if job.phase == "proof":
            why = "its command ended well, but --check says %d: not proven" % code
        if job.phase in ("proof", "window"):
            code = 1 if code in (0, 5) else code
        error = error_of(answer)
        self._write(step, "failed", step.argv, code,
                    {"phase": job.phase, "what": str(error.get("what") or why)})
        del self.jobs[step.id]
        failure = Failure(step, code, time.monotonic() - job.started, answer,
                          job.child.last_lines(), job.child.log, why)
        self.failures.append(failure)
        self.screen.failed(failure)

    def _write(self, step: Step, event: str, argv: Sequence[str] = (),
               code: Optional[int] = None, proof: Optional[Mapping[str, Any]] = None) -> None:
        self.journal.append(step.id, event, node=step.where if step.nodes else "", argv=argv,
                            exit=code, proof=proof)

    def _log(self, step: Step, phase: str = "run") -> str:
        suffix = "" if phase == "run" else ".check"
        return os.path.join(self.log_dir, step.id + suffix)

    def _end_at_once(self, children: List[Child]) -> None:
        """After a second Ctrl-C: TERM to what runs, KILL after a while."""
        if not self.asked.at_once:
            return
        for child in children:
            child.end(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while any(child.poll() is None for child in children):
            if time.monotonic() > deadline:
                for child in children:
                    child.end(signal.SIGKILL)
            time.sleep(POLL)

    def _exit(self) -> int:
        if self.asked.exit:
            return self.asked.exit
        codes = {failure.exit for failure in self.failures}
        return next((code for code in _EXITS if code in codes), 1 if codes else 0)


def _said(child: Child, code: int) -> Dict[str, Any]:
    """What a child that gave no JSON answer said on standard error (usage errors are text)."""
    return {"error": {"code": code, "what": " ".join(child.last_lines(2))
                      or "it ended with %d and said nothing" % code}}
