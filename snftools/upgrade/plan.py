"""A plan is the ordered steps of one site: rows of steps.conf times nodes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Collection, Dict, List, Mapping, Optional, Sequence, Tuple

from snftools.errors import Usage
from snftools.site import NodeEntry, Site
from snftools.upgrade.step import STATE, WINDOW, Row, Step, fill


@dataclass(frozen=True)
class Seen:
    """What was seen of the 0.13 site, as far as a plan needs it.

    `services` by node: those that the start line names.  `source` says where they are from:
    "survey" (ran then) or "enabled" (no survey: all that are enabled).  `masters` are the
    nodes that are Ganeti masters.
    """

    services: Mapping[str, Tuple[str, ...]] = field(default_factory=dict)
    source: str = "enabled"
    masters: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The ordered steps; `offline` names the nodes that were left out."""

    rows: Tuple[Row, ...]
    steps: Tuple[Step, ...]
    offline: Tuple[str, ...] = ()
    seen: Seen = Seen()

    @classmethod
    def build(cls, site: Site, rows: Sequence[Row], seen: Seen, bin_dir: str,
              run_id: str = "RUN") -> "Plan":
        """The plan of a site.  Pure: opens no node, reads no file."""
        maker = _Maker(site, rows, seen, bin_dir, run_id)
        steps = tuple(step for row in rows for step in maker.steps(row))
        return cls(tuple(row for row in rows if any(step.row == row.name for step in steps)),
                   tuple(_protecting(step, steps, rows) for step in steps),
                   tuple(node.name for node in site.nodes if node.offline), seen)

    def step(self, step_id: str) -> Step:
        """The step of that id; Usage (2) when there is none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise Usage("no step %s in the plan" % step_id, next="snf-upgrade plan -v")

    def select(self, text: str) -> Tuple[Step, ...]:
        """The steps that a command line's STEP names: one id, or a row with all its nodes."""
        chosen = tuple(step for step in self.steps if text in (step.id, step.row))
        if not chosen:
            raise Usage("no step %s; the plan has: %s"
                        % (text, ", ".join(row.name for row in self.rows)),
                        next="snf-upgrade plan -v")
        return chosen

    def of_row(self, row: str) -> Tuple[Step, ...]:
        """The steps of a row."""
        return tuple(step for step in self.steps if step.row == row)

    def until(self, text: str) -> Tuple[Step, ...]:
        """All steps of the plan up to the named one, which is among them."""
        last = max(self.steps.index(step) for step in self.select(text))
        return self.steps[:last + 1]

    def number(self, step: Step) -> int:
        """Which row of the plan a step belongs to, counted from 1."""
        return [row.name for row in self.rows].index(step.row) + 1

    def ready(self, done: Collection[str]) -> Tuple[Step, ...]:
        """The steps that are not done and whose needs all are."""
        return tuple(step for step in self.steps
                     if step.id not in done and all(need in done for need in step.needs))

    def words(self) -> Dict[str, List[str]]:
        """The command line of each step, as the journal keeps it."""
        return {step.id: list(step.argv) for step in self.steps}

    def diff(self, words: Mapping[str, Sequence[str]]) -> List[str]:
        """How this plan differs from the command lines of an earlier attempt."""
        mine = self.words()
        lines = []
        for step_id in list(words) + [key for key in mine if key not in words]:
            old, new = _typed(words.get(step_id)), _typed(mine.get(step_id))
            if old and old != new:
                lines.append("-%s  %s" % (step_id, old))
            if new and old != new:
                lines.append("+%s  %s" % (step_id, new))
        return lines

    def window_states(self, window: str) -> Tuple[Step, ...]:
        """The state steps that lie in a window."""
        return tuple(step for step in self.steps
                     if step.kind == STATE and step.window == window)

    def starts(self, window: str = "") -> Tuple[Step, ...]:
        """The steps that end a window (all windows without a name): users write from there."""
        return tuple(step for step in self.steps
                     if step.kind == WINDOW and step.window == (window or step.window)
                     and any(row.name == step.row and row.users_write for row in self.rows))

    def stops(self, window: str) -> Tuple[Step, ...]:
        """The steps that open a window (stop, quiet)."""
        starts = self.starts(window)
        return tuple(step for step in self.steps if step.kind == WINDOW
                     and step.window == window and step not in starts)


def _typed(words: Optional[Sequence[str]]) -> str:
    """A line as it is typed: where our own programs lie makes no difference."""
    return " ".join([os.path.basename(words[0]), *words[1:]]) if words else ""


class _Maker:
    """Makes the steps of one row after the other."""

    def __init__(self, site: Site, rows: Sequence[Row], seen: Seen, bin_dir: str,
                 run_id: str) -> None:
        self.site = site
        self.rows = {row.name: row for row in rows}
        self.seen = seen
        self.bin_dir = bin_dir
        self.run_id = run_id
        self.made: Dict[str, List[Step]] = {}

    def steps(self, row: Row) -> List[Step]:
        """The steps of a row, in the order of roles, then of site.conf."""
        made: List[Step] = []
        for node in self._nodes(row):
            step = self._step(row, node)
            if step is None:
                continue
            if row.serial and step.window == "site":
                before = [other.id for other in made if other.window == "site"]
                step = replace(step, needs=step.needs + tuple(before[-1:]))
            made.append(step)
        self.made[row.name] = made
        return made

    def _nodes(self, row: Row) -> Sequence["NodeEntry | None"]:
        if row.nodes == "site":
            return [None]
        chosen: List[NodeEntry] = []
        for role in row.roles:
            found = self.site.with_role(role)
            for node in found[:1] if row.nodes == "first" else found:
                if node not in chosen:
                    chosen.append(node)
        own = [node for node in chosen if self._window(node) != "site"]
        return [node for node in chosen if node not in own] + (own if row.own_window else [])

    def _window(self, node: "NodeEntry | None") -> str:
        """Ganeti nodes without another role that are not the master have a window each."""
        if node is None or set(node.roles) != {"ganeti"}:
            return "site"
        masters = self.seen.masters or tuple(n.name for n in self.site.with_role("ganeti")[:1])
        return "site" if node.name in masters else node.name

    def _step(self, row: Row, node: "NodeEntry | None") -> "Step | None":
        values = self._values(row, node)
        if "{services}" in row.command and not values["services"]:
            return None
        argv = self._line(row.command, values)
        step_id = row.name + ("." + node.name if node else "")
        window = self._window(node)
        return Step(
            id=step_id, row=row.name, kind=row.kind, nodes=(node.name,) if node else (),
            argv=argv, check=argv if row.kind == "proof" or row.asks_only
            else argv + ("--check",),
            needs=self._needs(row, window), undo=self._undo(row, values),
            window=window, label=row.label, seconds=row.seconds,
            seconds_per_gb=row.seconds_per_gb)

    def _values(self, row: Row, node: "NodeEntry | None") -> Dict[str, Tuple[str, ...]]:
        services: Tuple[str, ...] = ()
        if node is not None:
            services = tuple(self.seen.services.get(node.name, ()))
            master = "ganeti" in node.roles and (
                node.name in self.seen.masters or
                not self.seen.masters and node in self.site.with_role("ganeti")[:1])
            if row.starts and master and row.starts not in services:
                services += (row.starts,)
        return {"node": (node.name,) if node else (), "services": services,
                "email": ("--email",) if self.site.email else (), "run": (self.run_id,)}

    def _undo(self, row: Row, values: Mapping[str, Sequence[str]]) -> Tuple[str, ...]:
        """No line where nothing ran: a line that names no service would start all."""
        if "{services}" in row.undo and not values["services"]:
            return ()
        return self._line(row.undo, values)

    def _line(self, words: Sequence[str], values: Mapping[str, Sequence[str]]
              ) -> Tuple[str, ...]:
        filled = fill(words, values)
        if not filled:
            return ()
        return (os.path.join(self.bin_dir, filled[0]),) + filled[1:] + ("--site",
                                                                       self.site.path)

    def _needs(self, row: Row, window: str) -> Tuple[str, ...]:
        """All steps of the needed rows in the same window, or before every window."""
        found: List[str] = []
        for need in row.needs:
            steps = [step for step in self.made[need] if step.window == window]
            if window != "site" and not steps and not self.rows[need].needs:
                steps = self.made[need]
            found += [step.id for step in steps]
            if not steps:
                found += self._needs(self.rows[need], window)
        return tuple(dict.fromkeys(found))


def _protecting(step: Step, steps: Sequence[Step], rows: Sequence[Row]) -> Step:
    """A record with the ids of the steps that it protects."""
    row = next(row for row in rows if row.name == step.row)
    if not row.protects:
        return step
    return replace(step, protects=tuple(other.id for other in steps
                                        if other.row == row.protects))
