"""Running a role's migrations on its node, step by step, each proved by its database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, List, Optional, Tuple

from snftools.errors import Failed, Refused
from snftools.migrations import guards, permissions
from snftools.migrations.guards import Plan, Step
from snftools.migrations.state import DatabaseState
from snftools.migrations.watch import Watch
from snftools.synnefo import manage

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.node.base import Node


@dataclass(frozen=True)
class Target:
    """A role to be migrated: the node where its programs run, and the role's database."""

    role: str
    node: "Node"
    database: "Database"


@dataclass(frozen=True)
class Done:
    """A step that was run and proved; `applied` names the migrations that it added."""

    step: Step
    node: str
    database: str
    applied: Tuple[str, ...] = ()


def migrate(target: Target, plan: Plan, read: Callable[[], DatabaseState],
            tell: Callable[[str], None]) -> List[Done]:
    """Run what is due; `read` asks the database, `tell` gets each step's line and whoever
    blocks it.

    Raises Failed when a step left its database short of its end, whatever its exit status
    was, and Refused when the history turns out to be damaged.
    """
    finished: List[Done] = []
    before = read()
    for step in plan.steps_of(target.role):
        if not guards.due(plan, step, before):
            continue
        _check_fake(plan, step, before)
        tell(step.line)
        with Watch(target.database, lambda session, name=step.name: tell(  # type: ignore
                "%s waits for the session of %s" % (name, session.describe()))):
            said = _execute(target, plan, step, before)
        after = read()
        if step.kind != "django-sync" and guards.due(plan, step, after):
            raise _not_done(target, plan, step, after, finished, said)
        if step.kind == "django-sync":
            _check_sync(target, said)
        finished.append(Done(step, target.node.name, target.database.name,
                             _added(plan, step, before, after)))
        before = after
    return finished


def _check_fake(plan: Plan, step: Step, state: DatabaseState) -> None:
    """A last look at the history before a fake, which would run backwards on a full one."""
    if step.kind != "south-initial-fake":
        return
    for app in step.apps:
        if state.applied(app):
            raise Refused("%s already has a history of %s: it is not faked again"
                          % (state.name, app))


def _execute(target: Target, plan: Plan, step: Step, state: DatabaseState
             ) -> Optional[manage.Answer]:
    """Run the step's command, or its SQL; None when it was SQL."""
    if step.kind == "django-permissions":
        permissions.complete(target.database, plan, step, state)
        return None
    return manage.run(target.node, [step.program, *step.words], keep="migrate")


def _check_sync(target: Target, said: Optional[manage.Answer]) -> None:
    """syncdb leaves no trace that can be asked for, so here the answer itself is judged."""
    if said is None:
        return
    if said.says(manage.SUPERUSER_QUESTION):
        raise Failed("%s made Django's tables anew" % " ".join(said.argv),
                     node=target.node.name, why="its settings name an empty or wrong database",
                     next="snf-settings-check --node %s" % target.node.name)
    if said.exit:
        raise Failed(said.describe(), node=target.node.name)


def _not_done(target: Target, plan: Plan, step: Step, state: DatabaseState,
              finished: List[Done], said: Optional[manage.Answer]) -> Failed:
    """The error for a step that is still due after it ran."""
    missing = [name for app in step.apps for name in plan.history(app, state).missing]
    where = " in " + missing[0] if missing else ""
    lied = said is not None and said.exit == 0
    what = (said.describe() if said else step.line) + where
    if lied:
        what = "%s: exit 0, but %s has not got %s" % (
            step.line, state.name, missing[0] if missing else "its head")
    done = ", ".join(item.step.line for item in finished) or "nothing"
    return Failed(what, node=target.node.name,
                  why="done before it, each committed by itself: %s" % done,
                  unchanged="settings, packages, all other databases; a migration that "
                            "failed was rolled back by PostgreSQL",
                  next="mend it, then: snf-migrate-db --node %s" % target.node.name)


def _added(plan: Plan, step: Step, before: DatabaseState, after: DatabaseState
           ) -> Tuple[str, ...]:
    """The migrations that are in the history now and were not before."""
    if step.kind == "alembic":
        return (str(after.revision),)
    return tuple("%s %s" % (app, name) for app in step.apps
                 for name in plan.history(app, after).applied
                 if name not in plan.history(app, before).applied)


def started(plan: Plan, state: DatabaseState) -> bool:
    """Whether any migration of this release is in the database's history already.

    One that is only adopted changes nothing: somebody who typed the runbook's --fake line
    beforehand has not taken the way back away (RUNBOOK 2.2, OBSERVED C 1).
    """
    if state.revision is not None and plan.alembic.at_head(state):
        return True
    return any(len(plan.history(app, state).applied) > (app in _adopted(plan))
               for app in plan.apps)


def _adopted(plan: Plan) -> List[str]:
    """The applications whose first migration is faked, for its tables stand already."""
    return [app for step in plan.steps if step.kind == "south-initial-fake" for app in step.apps]


def is_due(plan: Plan, role: str, state: DatabaseState) -> bool:
    """Whether any step of the role has something to do."""
    return any(guards.due(plan, step, state) for step in plan.steps_of(role))
