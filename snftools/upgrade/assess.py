"""What is done and what is due, by the journal and by each state step's --check."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Collection, Dict, List, Mapping, Sequence, Set, Tuple

from snftools.upgrade import artefact, resume, schedule
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import PROOF, RECORD, STATE, WINDOW, Step

# An answer: exit status and JSON document of a --check.
Answer = Tuple[int, Mapping[str, Any]]
Ask = Callable[[Sequence[Step]], Dict[str, Answer]]


@dataclass
class Assessment:
    """The state of all steps before an attempt (live while the attempt goes on)."""

    decisions: Dict[str, resume.Decision] = field(default_factory=dict)
    answers: Dict[str, Answer] = field(default_factory=dict)
    done: Set[str] = field(default_factory=set)

    def stops(self) -> List[Tuple[str, resume.Decision]]:
        """The state steps that end the run before it begins."""
        return [(step_id, decision) for step_id, decision in self.decisions.items()
                if decision.what in (resume.STOP, resume.UNDONE)]

    def is_known(self, step_id: str) -> bool:
        """Whether a state step is done or found."""
        decision = self.decisions.get(step_id)
        return decision is not None and decision.is_done


def assess(plan: Plan, journal: Journal, ask: Ask, redo: Sequence[str] = ()) -> Assessment:
    """Ask every state step for its end state and say what is due."""
    accepted = {step.id for step in plan.steps if step.id not in redo
                and _is_accepted(plan, journal, step)}
    states = [step for step in plan.steps if step.kind == STATE]
    found = Assessment(answers=ask([step for step in states if step.id not in accepted]))
    for step in states:
        if step.id in accepted:
            found.decisions[step.id] = resume.Decision(resume.SKIP)
            continue
        word = resume.BEGUN if step.id in redo else journal.state(step.id)
        found.decisions[step.id] = resume.state_step(word, found.answers[step.id][0])
    found.done = {step.id for step in states if found.is_known(step.id)}
    _assess_starts(plan, journal, ask, redo, found)
    for step in plan.steps:
        if step.id not in found.decisions and step.id not in redo \
                and (step.id in accepted or not due(plan, journal, found, step)):
            found.done.add(step.id)
    return found


def pending(plan: Plan, journal: Journal, ask: Ask, backup_dir: str) -> List[str]:
    """The ids of the steps that a run would make now, in the plan's order.

    As a run does it, what is due is looked at first: stops that hold and artefacts that
    the journal names and that still stand are not made again.
    """
    found = assess(plan, journal, ask)
    due_now = [step for step in plan.steps if step.id not in found.done]
    answers = ask([step for step in due_now if step.id not in found.answers
                   and _may_hold(plan, journal, step)])
    held = {step.id for step in due_now if step.id in answers and answers[step.id][0] == 0
            and (step.kind == WINDOW or artefact_stands(journal, step, answers[step.id][1]))}
    held |= {step.id for step in due_now if is_overtaken(plan, journal, step, found.done)
             and artefact.is_whole(step, last_artefact(journal, step), backup_dir)}
    return [step.id for step in due_now if step.id not in held]


def _may_hold(plan: Plan, journal: Journal, step: Step) -> bool:
    """Whether a step that is due may turn out to be true already."""
    if step.kind == WINDOW:
        return step not in plan.starts(step.window)
    return is_named(journal, step)


def is_named(journal: Journal, step: Step) -> bool:
    """Whether the journal names an artefact of a record step."""
    return step.kind == RECORD and journal.last(step.id, "done") is not None


def artefact_stands(journal: Journal, step: Step, answer: Mapping[str, Any]) -> bool:
    """Whether the artefact that --check found is the one that this run's journal names."""
    if not is_named(journal, step) or not step.label:
        return is_named(journal, step)
    return bool(last_artefact(journal, step).get("set") == artefact.named_by(step, answer)["set"])


def last_artefact(journal: Journal, step: Step) -> Dict[str, Any]:
    """The artefact that the journal names, nothing when there is none."""
    last = journal.last(step.id, "done")
    return dict(last.proof) if last else {}


def is_overtaken(plan: Plan, journal: Journal, step: Step, done: Collection[str]) -> bool:
    """Whether a service was started again after the record was made for its start.

    Users write from then on: the databases are no longer what the set holds, and none can be
    taken that would be.
    """
    starts = [plan.step(other) for other in step.protects
              if plan.step(other) in plan.starts(step.window)]
    stopped = _last_stop(plan, journal, step.window)
    if any(state.id not in done for state in plan.window_states(step.window)):
        return False  # services are stopped again first
    return journal.position(step.id, "done") > stopped and any(
        other.id in done or journal.made(other.id, "begun", "done", "found") > stopped
        for other in starts)


def _is_accepted(plan: Plan, journal: Journal, step: Step) -> bool:
    """Accepted with `run --accept`; in a window only until its services were started."""
    if not journal.is_accepted(step.id):
        return False
    starts = plan.starts(step.window)
    if step.kind != WINDOW or step in starts:
        return True
    return journal.position(step.id, "accepted") > max(
        [journal.made(start.id, "begun", "done", "found") for start in starts] or [0])


def _assess_starts(plan: Plan, journal: Journal, ask: Ask, redo: Sequence[str],
                   found: Assessment) -> None:
    """A start that is due by the journal counts as done when its --check is 0."""
    asked = []
    for step in plan.steps:
        if step.kind == WINDOW and step in plan.starts(step.window) and step.id not in redo \
                and not _undone(plan, found, step.window):
            if due(plan, journal, found, step):
                asked.append(step)
            else:
                found.done.add(step.id)
    for step_id, answer in (ask(asked) if asked else {}).items():
        found.answers[step_id] = answer
        if answer[0] == 0:
            found.decisions[step_id] = resume.Decision(resume.NOTE_FOUND)
            found.done.add(step_id)


def due(plan: Plan, journal: Journal, found: Assessment, step: Step) -> bool:
    """Whether a step that is no state step is to be made (its own --check comes later)."""
    undone = _undone(plan, found, step.window)
    if step.kind == RECORD:
        return resume.record_due([_word(plan, journal, found, plan.step(other))
                                  for other in step.protects], False)
    if step.kind == WINDOW and step in plan.starts(step.window):
        return resume.start_due(undone, _last_stop(plan, journal, step.window),
                                journal.made(step.id, "done", "found", "accepted"))
    if step.kind == WINDOW:
        return resume.window_due(undone)
    assert step.kind == PROOF
    return proof_due(plan, journal, found, step)


def proof_due(plan: Plan, journal: Journal, found: Assessment, step: Step) -> bool:
    """Whether something that the proof speaks of changed since it was last made."""
    changes = [plan.step(need) for need in schedule.before(plan, step)]
    about = [other for other in changes
             if other.kind == STATE or other in plan.starts(other.window)]
    if any(other.id not in found.done for other in about):
        return True
    if any(found.decisions[other.id].what in (resume.NOTE_DONE, resume.NOTE_FOUND)
           for other in about if other.id in found.decisions):
        return True
    last = max([journal.position(other.id, "done", "found", "undone", "accepted")
                for other in about] or [0])
    return resume.proof_due(journal.position(step.id, "done", "accepted"), last)


def _undone(plan: Plan, found: Assessment, window: str) -> bool:
    return any(state.id not in found.done for state in plan.window_states(window))


def _word(plan: Plan, journal: Journal, found: Assessment, step: Step) -> str:
    """What is known of a protected step: a start counts from the last stop on."""
    if step.id in found.done:
        return resume.DONE
    if step.kind == STATE:
        return journal.state(step.id)
    begun = journal.made(step.id, "begun", "done", "found")
    since_stop = begun > _last_stop(plan, journal, step.window)
    return resume.BEGUN if since_stop and not _undone(plan, found, step.window) else resume.NONE


def _last_stop(plan: Plan, journal: Journal, window: str) -> int:
    return max([journal.position(stop.id, "begun", "done") for stop in plan.stops(window)
                if stop.check != stop.argv] or [0])
