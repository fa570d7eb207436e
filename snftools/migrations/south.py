"""South's histories: what is applied, what is missing, and whether a history is damaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

from snftools.migrations.state import DatabaseState


@dataclass(frozen=True)
class App:
    """A Django application of the release, as migrations.conf describes it.

    `source` is the last migration of the release before, "" when it was not under South;
    `makes` and `drops` map a table or table.column to the migration that does it.
    """

    name: str
    role: str
    source: str
    migrations: Tuple[str, ...]
    makes: Mapping[str, str]
    drops: Mapping[str, str]

    @property
    def head(self) -> str:
        """The last migration."""
        return self.migrations[-1] if self.migrations else self.source

    @property
    def number(self) -> str:
        """The head's number, as a command line takes it: 0007."""
        return self.head.partition("_")[0]


@dataclass(frozen=True)
class History:
    """An application's history in one database."""

    app: App
    state: DatabaseState

    @property
    def applied(self) -> Tuple[str, ...]:
        """This release's migrations that are applied, in the release's order."""
        done = set(self.state.applied(self.app.name))
        return tuple(name for name in self.app.migrations if name in done)

    @property
    def missing(self) -> Tuple[str, ...]:
        """This release's migrations that are not applied; () at the head."""
        done = set(self.state.applied(self.app.name))
        return tuple(name for name in self.app.migrations if name not in done)

    @property
    def at_source(self) -> bool:
        """Whether the release before is complete: this release can start from it."""
        return not self.app.source or self.app.source in self.state.applied(self.app.name)

    @property
    def present(self) -> bool:
        """Whether the database has the application at all (rows, or what the release drops)."""
        return bool(self.state.applied(self.app.name)) or any(
            self.state.has(thing) for thing in self.app.drops)

    @property
    def unknown(self) -> Tuple[str, ...]:
        """Applied migrations after this release's head: the database is newer."""
        return tuple(name for name in self.state.applied(self.app.name)
                     if name > self.app.head and name not in self.app.migrations)

    @property
    def holes(self) -> Tuple[str, ...]:
        """Missing migrations before an applied one; South would not run such a history."""
        if not self.applied:
            return ()
        last = self.app.migrations.index(self.applied[-1])
        return tuple(name for name in self.app.migrations[:last] if name in self.missing)

    def contradictions(self) -> List[str]:
        """Where history and tables disagree, in words; [] for a sound history.

        A table that a migration makes is there before it, or not there after it; a table
        that it drops is there after it.  A repeated fake leaves this (OBSERVED C.1).
        """
        done = set(self.applied)
        found = []
        for thing, migration in self.app.makes.items():
            if self.state.has(thing) and migration not in done:
                found.append("%s is there, but %s, which makes it, is not in the history"
                             % (thing, migration))
            elif not self.state.has(thing) and migration in done:
                found.append("%s is not there, but %s, which makes it, is in the history"
                             % (thing, migration))
        for thing, migration in self.app.drops.items():
            if self.state.has(thing) and migration in done:
                found.append("%s is there, but %s, which drops it, is in the history"
                             % (thing, migration))
        return found

    def looks_finished(self) -> bool:
        """Whether the tables are those of the head, whatever the history says."""
        return (all(self.state.has(thing) for thing in self.app.makes)
                and not any(self.state.has(thing) for thing in self.app.drops))


def apps(part: Mapping[str, Any]) -> Dict[str, App]:
    """The applications of migrations.conf by name."""
    return {name: App(name, row["role"], row["source"], tuple(row["migrations"]),
                      dict(row["makes"]), dict(row["drops"]))
            for name, row in part["apps"].items()}
