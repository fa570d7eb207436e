"""The kinds of migration steps: for each, whether it is due and what forbids it.

A kind is named in migrations.conf; its function reads the state of the database and nothing
else, so it may be asked at any time, with any packages installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from snftools.migrations import south
from snftools.migrations.alembic import Alembic
from snftools.migrations.state import DatabaseState
from snftools.report import Finding


@dataclass(frozen=True)
class Step:
    """A row of [steps]: a command of a role's node, and the kind that guards it."""

    name: str
    role: str
    kind: str
    apps: Tuple[str, ...]
    program: str
    words: Tuple[str, ...]
    tables: Tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The command as an administrator would type it."""
        return " ".join((self.program,) + self.words) if self.program else "SQL"


@dataclass(frozen=True)
class Plan:
    """The migrations part of a release, as objects."""

    order: Tuple[str, ...]
    apps: Mapping[str, south.App]
    alembic: Alembic
    steps: Tuple[Step, ...]
    content_types: Mapping[str, str]
    preflight: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, part: Mapping[str, Any]) -> "Plan":
        """From the validated content of migrations.conf."""
        steps = tuple(Step(name, row["role"], row["kind"], tuple(row["apps"]), row["program"],
                           tuple(row["words"]), tuple(row["tables"]))
                      for name, row in part["steps"].items())
        return cls(tuple(part["order"]), south.apps(part), Alembic.of(part), steps,
                   dict(part["content_types"]), part["preflight"])

    def steps_of(self, role: str) -> List[Step]:
        """The steps of one role, in order."""
        return [step for step in self.steps if step.role == role]

    def history(self, app: str, state: DatabaseState) -> south.History:
        """An application's history in a database."""
        return south.History(self.apps[app], state)

    def histories(self, role: str, state: DatabaseState) -> List[south.History]:
        """The histories of all applications of a role."""
        return [south.History(app, state) for app in self.apps.values() if app.role == role]

    def missing_types(self, step: Step, state: DatabaseState) -> List[str]:
        """The content types of the step's applications that lack themselves or a permission."""
        return [label for label in self.content_types
                if label.partition(".")[0] in step.apps and missing_rows(label, state)]


def missing_rows(label: str, state: DatabaseState) -> int:
    """How many rows of app.model are missing: its content type and its three permissions."""
    model = label.partition(".")[2]
    missing = sum((label, "%s_%s" % (action, model)) not in state.permissions
                  for action in ACTIONS)
    return missing + (label not in state.content_types)


# Django's permissions of a model.
ACTIONS = ("add", "change", "delete")


def due(plan: Plan, step: Step, state: DatabaseState) -> bool:
    """Whether the step has anything to do in this database."""
    return _DUE[step.kind](plan, step, state)


def _django_sync(plan: Plan, step: Step, state: DatabaseState) -> bool:
    """syncdb changes nothing of its own in this release: it belongs to what follows it."""
    return any(due(plan, other, state) for other in plan.steps_of(step.role)
               if other.kind not in ("django-sync", "django-permissions"))


def _south_initial_fake(plan: Plan, step: Step, state: DatabaseState) -> bool:
    """The tables stand and the history is empty: once, and never again (SOURCE 4.2)."""
    return (not any(state.applied(app) for app in step.apps)
            and all(state.has(table) for table in step.tables))


def _south_app(plan: Plan, step: Step, state: DatabaseState) -> bool:
    """Some migration of its applications is not applied."""
    return any(plan.history(app, state).missing for app in step.apps)


def _django_permissions(plan: Plan, step: Step, state: DatabaseState) -> bool:
    """Rows that Django makes after a migration are missing (OBSERVED B.1).

    Only once the history is complete: before that the migration itself makes them.
    """
    return bool(plan.missing_types(step, state)) and not _south_app(plan, step, state)


def _alembic(plan: Plan, step: Step, state: DatabaseState) -> bool:
    """The revision is not the head."""
    return not plan.alembic.at_head(state)


_DUE: Dict[str, Callable[[Plan, Step, DatabaseState], bool]] = {
    "django-sync": _django_sync,
    "south-initial-fake": _south_initial_fake,
    "south-app": _south_app,
    "south-all": _south_app,
    "django-permissions": _django_permissions,
    "alembic": _alembic,
}


def refusals(plan: Plan, role: str, state: DatabaseState) -> List[Finding]:
    """What forbids the role's migrations, whatever is done before (exit 3 each)."""
    if role == plan.alembic.role:
        return _alembic_refusals(plan, state)
    if not state.has_django:
        return [_refused("database-empty", state.name,
                         "database %s has none of Synnefo's tables: it is empty or the wrong "
                         "one" % state.name,
                         "syncdb would fill it and ask for a superuser (never on a site that "
                         "is upgraded)", "DATABASES in /etc/synnefo must name the site's "
                         "database: snf-settings-check")]
    found: List[Finding] = []
    for history in plan.histories(role, state):
        found += _south_refusals(history)
    return found


def _south_refusals(history: south.History) -> List[Finding]:
    """What forbids to migrate one application."""
    app, name = history.app, history.state.name
    if history.unknown:
        return [_refused("database-newer", name, "%s has migrations of %s that this release "
                         "does not know: %s" % (name, app.name, ", ".join(history.unknown)),
                         "the database belongs to a later release", "")]
    if not history.at_source:
        return [_refused("database-source", name, "%s lacks %s %s, the last migration before "
                         "this release" % (name, app.name, app.source),
                         "the database is not that of a site of the release before", "")]
    problems = history.contradictions() + [
        "%s is not in the history, though later ones are" % hole for hole in history.holes]
    if not problems:
        return []
    return [damaged(history, problems)]


def damaged(history: south.History, problems: List[str]) -> Finding:
    """The finding for a history that contradicts the tables, with the line that mends it."""
    app = history.app
    if history.looks_finished():
        remedy = "snf-manage migrate %s %s --fake --noinput" % (app.name, app.number)
        why = ("the tables are those of %s: only the history went back, as a repeated "
               "migrate --fake does" % app.head)
    else:
        remedy = "snf-restore-db pre-upgrade --check"
        why = "neither the tables nor the history are those of one migration"
    return _refused("history-damaged", history.state.name,
                    "the history of %s is damaged: %s" % (app.name, "; ".join(problems[:3])),
                    why, remedy)


def _alembic_refusals(plan: Plan, state: DatabaseState) -> List[Finding]:
    """What forbids pithos-migrate: no revision, an unknown one, objects that contradict it."""
    if plan.alembic.unstamped(state):
        return [_refused("alembic-unstamped", state.name,
                         "%s was never stamped with a revision" % state.name,
                         "upgrade would start from the first revision and fail",
                         "pithos-migrate stamp %s" % plan.alembic.source)]
    if state.revision not in (plan.alembic.source, plan.alembic.head):
        return [_refused("alembic-unknown", state.name,
                         "%s has the revision %s; this release goes from %s to %s"
                         % (state.name, state.revision, plan.alembic.source,
                            plan.alembic.head), "", "")]
    problems = plan.alembic.contradictions(state)
    if problems:
        return [_refused("history-damaged", state.name, "; ".join(problems), "",
                         "snf-restore-db pre-upgrade --check")]
    return []


def order_refusal(plan: Plan, role: str, state: DatabaseState,
                  doing: Tuple[str, ...]) -> Optional[Finding]:
    """A role that comes earlier has not migrated this same database yet (OBSERVED H).

    `doing`: the roles that are migrated by this very command, earlier ones first.
    """
    for earlier in plan.order[:plan.order.index(role)]:
        if earlier in doing or earlier == plan.alembic.role:
            continue
        for history in plan.histories(earlier, state):
            if history.present and history.missing:
                return _refused(
                    "migration-order", state.name, "%s lacks migrations of %s, which come "
                    "first in a shared database" % (state.name, history.app.name),
                    "a bare migrate would run them without their preparation and fail",
                    "snf-migrate-db --node all, or first the node with the role %s" % earlier)
    return None


def _refused(check: str, where: str, what: str, why: str, remedy: str) -> Finding:
    return Finding(check, "error", what, where=where, why=why, remedy=remedy, code=3)
