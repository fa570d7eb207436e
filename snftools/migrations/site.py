"""The migrations of several nodes: who is looked at, in which order, checked and run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Sequence, Tuple

from snftools.migrations import guards, preflight, run, sessions, state
from snftools.migrations.guards import Plan
from snftools.migrations.run import Done, Target
from snftools.migrations.state import DatabaseState
from snftools.output.text import table
from snftools.report import Finding, Report

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.node.base import Node


@dataclass(frozen=True)
class Looked:
    """A target, what its database says, and what forbids its migrations."""

    target: Target
    state: DatabaseState
    due: bool
    refusals: Tuple[Finding, ...]


def targets(nodes: Sequence["Node"], databases: Sequence["Database"], plan: Plan,
            for_component: Callable[[Sequence["Database"], str], "Database"]) -> List[Target]:
    """One target a role, on its first node, in the release's order (DESIGN: Order)."""
    found = []
    for role in plan.order:
        node = next((node for node in nodes if role in node.roles), None)
        if node is not None:
            found.append(Target(role, node, for_component(databases, role)))
    return found


def read_state(database: "Database") -> DatabaseState:
    """Ask a database, as its owner."""
    from snftools.database import connect
    with connect.connect(database) as connection:
        return state.read(connection, database.name)


def look(every: Sequence[Target], plan: Plan) -> List[Looked]:
    """What each target's database says; roles migrated here count as done for later ones."""
    looked = []
    for target in every:
        now = read_state(target.database)
        refused = guards.refusals(plan, target.role, now)
        looked.append(Looked(target, now, run.is_due(plan, target.role, now), tuple(refused)))
    return looked


def check(every: Sequence[Target], plan: Plan) -> Report:
    """The end state by SQL alone: 0 it is there, 5 it would change, 3 it would be refused."""
    looked = look(every, plan)
    findings = [finding for item in looked for finding in item.refusals]
    for item in looked:
        if item.due and not item.refusals:
            findings += _as_notes(_preconditions(item, plan, ()))
    return Report(changed=any(item.due for item in looked), findings=tuple(findings),
                  result=_result(looked, plan, []), lines=tuple(_lines(looked, plan)))


def migrate(every: Sequence[Target], plan: Plan, way_back: Callable[[List["Database"]], None],
            waive: Sequence[str], tell: Callable[..., None]) -> Report:
    """Migrate what is due, after everything that could forbid it was looked at.

    `way_back` gets the databases that have none of this release's migrations yet, before
    the first change; it raises Refused.  `tell(node=, text=)` tells the progress.
    """
    looked = look(every, plan)
    doing = tuple(item.target.role for item in looked)
    findings = [finding for item in looked for finding in item.refusals]
    for item in looked:
        if item.due and not item.refusals:
            findings += _waived(_preconditions(item, plan, doing), waive)
    if any(finding.severity == "error" for finding in findings):
        return Report(findings=tuple(findings), result=_result(looked, plan, []),
                      lines=("Nothing was changed.",))
    untouched = [item.database for item in _untouched(looked, plan)]
    if untouched:
        way_back(untouched)
    done: List[Done] = []
    for item in looked:
        done += _migrate_one(item.target, plan, tell)
    after = look(every, plan)
    findings += [finding for item in after for finding in item.refusals]
    return Report(changed=bool(done), findings=tuple(findings),
                  result=_result(after, plan, done),
                  lines=tuple(_done_lines(done) + _lines(after, plan)))


def _migrate_one(target: Target, plan: Plan, tell: Callable[..., None]) -> List[Done]:
    """Run one role's steps."""
    return run.migrate(target, plan, lambda: read_state(target.database),
                       lambda text: tell(node=target.node.name, text=text))


def without_any(every: Sequence[Target], plan: Plan) -> List["Database"]:
    """The databases that are due and have none of this release's migrations, each once."""
    return [target.database for target in _untouched(look(every, plan), plan)]


def _untouched(looked: Sequence[Looked], plan: Plan) -> List[Target]:
    """A target for each such database."""
    found: Dict[str, Target] = {}
    for item in looked:
        if item.due and not run.started(plan, item.state):
            found.setdefault(item.state.name, item.target)
    return list(found.values())


def _preconditions(item: Looked, plan: Plan, doing: Tuple[str, ...]) -> List[Finding]:
    """What must hold when the migrations begin: order, data, no session in the way."""
    from snftools.database import connect
    found = []
    order = guards.order_refusal(plan, item.target.role, item.state, doing)
    if order:
        found.append(order)
    with connect.connect(item.target.database) as connection:
        found += preflight.findings(plan, item.target.role, item.state, connection)
    return found + sessions.findings(item.target.database)


def _as_notes(found: Sequence[Finding]) -> List[Finding]:
    """With --check preconditions are told, not judged (DESIGN 3.1)."""
    return [Finding(f.check, "note" if f.severity == "error" else f.severity, f.what, f.node,
                    f.where, f.why, f.remedy, f.code, f.waivable) for f in found]


def _waived(found: Sequence[Finding], waive: Sequence[str]) -> List[Finding]:
    """Errors that site.conf waives become warnings."""
    return [Finding(f.check, "warning", f.what, f.node, f.where, f.why, f.remedy, f.code, True)
            if f.waivable and f.severity == "error" and f.check in waive else f for f in found]


def _result(looked: Sequence[Looked], plan: Plan, done: Sequence[Done]) -> Dict[str, Any]:
    """For --json: the heads of each database, and the steps that ran."""
    databases: Dict[str, Any] = {}
    for item in looked:
        row = databases.setdefault(item.state.name, {"heads": {}, "missing": {}})
        for head, now, missing in _heads(item, plan):
            row["heads"][head] = now
            row["missing"][head] = missing
    steps = [{"step": item.step.name, "node": item.node, "database": item.database,
              "line": item.step.line, "applied": list(item.applied)} for item in done]
    return {"databases": databases, "steps": steps}


def _heads(item: Looked, plan: Plan) -> List[Tuple[str, str, int]]:
    """(application, where it stands, how many migrations are missing) of a target."""
    if item.target.role == plan.alembic.role:
        there = plan.alembic.at_head(item.state)
        return [("alembic", item.state.revision or "", 0 if there else 1)]
    found = []
    for history in plan.histories(item.target.role, item.state):
        last = history.applied[-1:] or ((history.app.source,) if history.at_source else ("",))
        found.append((history.app.name, last[0], len(history.missing)))
    return found


def _lines(looked: Sequence[Looked], plan: Plan) -> List[str]:
    """A table: node, database, application, where it stands."""
    rows = []
    for item in looked:
        for head, now, missing in _heads(item, plan):
            short = now if len(now) <= 24 else now[:4]
            rows.append((item.target.node.name, item.state.name, head, short or "-",
                         "%d to go" % missing if missing else "at the end"))
        for step in plan.steps_of(item.target.role):
            if step.kind == "django-permissions" and guards.due(plan, step, item.state):
                rows.append((item.target.node.name, item.state.name, "permissions", "-",
                             "rows are missing"))
    return table(rows, ("node", "database", "application", "at", ""))


def _done_lines(done: Sequence[Done]) -> List[str]:
    """What ran, one line a step."""
    if not done:
        return ["Nothing to migrate."]
    return ["%s: %s: done%s" % (item.node, item.step.line,
                                ", %d migrations" % len(item.applied)
                                if len(item.applied) > 1 else "") for item in done]
