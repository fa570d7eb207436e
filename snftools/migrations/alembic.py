"""alembic's one revision: where the pithos database stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Tuple

from snftools.migrations.state import DatabaseState


@dataclass(frozen=True)
class Alembic:
    """The revisions of the release; `makes` maps an object to the revision that makes it."""

    role: str
    source: str
    head: str
    makes: Mapping[str, str]

    @classmethod
    def of(cls, part: Mapping[str, Any]) -> "Alembic":
        """The [alembic] section of migrations.conf."""
        row = part["alembic"]
        return cls(row["role"], row["source"], row["head"], dict(row["makes"]))

    def at_head(self, state: DatabaseState) -> bool:
        """Whether the database's revision is this release's."""
        return state.revision == self.head

    def unstamped(self, state: DatabaseState) -> bool:
        """Whether the database was never stamped: `upgrade head` would fail (OBSERVED C.10)."""
        return not state.revision

    def contradictions(self, state: DatabaseState) -> Tuple[str, ...]:
        """What the head makes and is not there (or there too early), in words."""
        found = []
        for thing in self.makes:
            if self.at_head(state) and not state.has(thing):
                found.append("%s is not there, though the revision is %s" % (thing, self.head))
            elif not self.at_head(state) and state.has(thing):
                found.append("%s is there, though the revision is %s"
                             % (thing, state.revision or "none"))
        return tuple(found)
