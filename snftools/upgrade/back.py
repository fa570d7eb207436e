"""The way back as a plan: the lines that undo what was done, strictly in reverse (DESIGN 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Dict, List, Mapping, Sequence, Tuple

from snftools.upgrade import resume
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import PROOF, STATE, WINDOW, Row, Step

RESTORE = "restore"


@dataclass(frozen=True)
class Back:
    """The undo lines as a plan; `undoes` names the run's steps that each of them undoes.

    `to` is the step that stays done ("": none, the whole way), `sets` the databases of each
    backup set that is put back.
    """

    plan: Plan
    undoes: Mapping[str, Tuple[str, ...]]
    to: str
    sets: Mapping[str, Tuple[str, ...]]


def touched(journal: Journal, step: Step) -> bool:
    """Whether the journal has the step begun, done or found, and not undone by an earlier
    way back (what this one has undone already is still part of it)."""
    if journal.state(step.id) != resume.NONE:
        return True
    return journal.undo_stands and \
        journal.position(step.id, "undone") > journal.position("", "undo-begun")


def after(plan: Plan, to: str) -> Tuple[Step, ...]:
    """The steps that are to be undone when `to` stays done; all without one."""
    return plan.steps[len(plan.until(to)):] if to else plan.steps


def data_steps(plan: Plan, journal: Journal, to: str = "") -> List[Step]:
    """The steps among those that changed databases, and that only a restore undoes."""
    rows = {row.name for row in plan.rows if row.undo_word == RESTORE}
    return [step for step in after(plan, to) if step.row in rows and touched(journal, step)]


def way_back(plan: Plan, journal: Journal, to: str, sets: Mapping[str, Tuple[str, ...]],
             proof: Sequence[str]) -> Back:
    """The undo lines.  `sets`: what is put back (nothing: no data is to be undone); `proof`:
    the line that proves the whole way back."""
    maker = _Maker(plan, journal, to)
    maker.close_windows()
    maker.restore(sets)
    maker.undo_states()
    maker.open_windows()
    if proof:
        maker.add("proof", "proof", PROOF, "site", tuple(proof), tuple(proof), ())
    rows = tuple(_row(name, steps, plan) for name, steps in maker.by_row().items())
    return Back(Plan(rows, tuple(maker.steps), plan.offline, plan.seen), maker.undoes, to, sets)


class _Maker:
    """Collects undo steps (live); every one needs what was collected before it in its window."""

    def __init__(self, plan: Plan, journal: Journal, to: str) -> None:
        self.plan = plan
        self.journal = journal
        self.to = to
        self.steps: List[Step] = []
        self.undoes: Dict[str, Tuple[str, ...]] = {}
        self.goal = [step for step in after(plan, to) if touched(journal, step)]
        starts = plan.starts()
        self.windows = list(dict.fromkeys(step.window for step in self.goal
                                          if step.kind == STATE or step in starts))

    def by_row(self) -> Dict[str, List[Step]]:
        """The collected steps by their rows, in order."""
        found: Dict[str, List[Step]] = {}
        for step in self.steps:
            found.setdefault(step.row, []).append(step)
        return found

    def add(self, step_id: str, row: str, kind: str, window: str, argv: Tuple[str, ...],
            check: Tuple[str, ...], undoes: Sequence[str], seconds: int = 0,
            per_gb: int = 0) -> None:
        """Collect one; the site's data and proof wait for every window's stop."""
        needs = tuple(step.id for step in self.steps if step.row != row and
                      (step.window == window or kind == PROOF))
        node = step_id.partition(".")[2]
        self.steps.append(Step(step_id, row, kind, (node,) if node else (), argv, check, needs,
                               window=window, seconds=seconds, seconds_per_gb=per_gb))
        self.undoes[step_id] = tuple(undoes)

    def close_windows(self) -> None:
        """Stop what runs and make sure that the site is quiet, as before the steps."""
        starts = self.plan.starts()
        for window in self.windows:
            for stop in self.plan.stops(window):
                undone = [step.id for step in starts if step in self.goal
                          and step.nodes == stop.nodes]
                self.add(stop.id, stop.row, WINDOW, window, stop.argv, stop.check, undone,
                         stop.seconds)

    def restore(self, sets: Mapping[str, Tuple[str, ...]]) -> None:
        """All steps that changed data are undone together, by the sets."""
        steps = data_steps(self.plan, self.journal, self.to)
        for number, (name, databases) in enumerate(sorted(sets.items()), 1):
            undo = steps[-1].undo
            options = tuple(word for one in databases for word in ("--database", one))
            site = undo[undo.index("--site"):]
            argv = (undo[0], name) + options + site
            step_id = RESTORE + ("-%d" % number if len(sets) > 1 else "")
            backup = [row for row in self.plan.rows if row.label]
            self.add(step_id, RESTORE, STATE, "site", argv, argv + ("--check",),
                     [step.id for step in reversed(steps)], backup[0].seconds if backup else 0,
                     backup[0].seconds_per_gb if backup else 0)

    def undo_states(self) -> None:
        """Settings, then packages: the undo line of each row, the last row first."""
        data = {row.name for row in self.plan.rows if row.undo_word == RESTORE}
        for row in reversed(self.plan.rows):
            if row.kind != STATE or row.name in data:
                continue
            for step in self.goal:
                if step.row == row.name and step.undo:
                    self.add(step.id, step.row, STATE, step.window, step.undo,
                             step.undo + ("--check",), [step.id], step.seconds)

    def open_windows(self) -> None:
        """Start what ran before, where it was stopped (now, or by the run) and is not to stay
        stopped."""
        starts = self.plan.starts()
        chosen = after(self.plan, self.to)
        for step in chosen:
            opens = step.kind == WINDOW and step not in starts and step.check != step.argv
            if opens and (step in self.goal or step.window in self.windows) and step.undo:
                node = step.id.partition(".")[2]
                self.add("start" + ("." + node if node else ""), "start", WINDOW, step.window,
                         step.undo, step.undo + ("--check",), [step.id], step.seconds)


def _row(name: str, steps: Sequence[Step], plan: Plan) -> Row:
    """A row for the undo steps of one name, for screens."""
    model = plan.rows[0]
    needs = tuple(dict.fromkeys(need.partition(".")[0] for step in steps
                                for need in step.needs[-1:]))
    return replace(model, name=name, kind=steps[0].kind, needs=needs, command=(), undo=(),
                   undo_word="-", label="", protects="", starts="", users_write=False,
                   serial=False, seconds=steps[0].seconds,
                   seconds_per_gb=steps[0].seconds_per_gb)
