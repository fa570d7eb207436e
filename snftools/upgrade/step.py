"""A step is one command line; a row of steps.conf times nodes makes steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from snftools.errors import Invalid

RECORD, WINDOW, STATE, PROOF = "record", "window", "state", "proof"

# The fields of a command template; DESIGN 5: each word is literal or one field.
FIELDS = ("node", "services", "email", "run")


@dataclass(frozen=True)
class Row:
    """A row of steps.conf: what steps of one name have in common."""

    name: str
    kind: str
    nodes: str
    roles: Tuple[str, ...]
    own_window: bool
    serial: bool
    asks_only: bool
    users_write: bool
    needs: Tuple[str, ...]
    command: Tuple[str, ...]
    undo: Tuple[str, ...]
    undo_word: str
    label: str
    protects: str
    starts: str
    seconds: int
    seconds_per_gb: int


@dataclass(frozen=True)
class Step:
    """One command line of a plan.

    `id` is the row's name, followed by ".NODE" where the row goes by nodes.  `window` names
    the window that the step lies in: "site", or the node for a Ganeti node of its own.
    `argv` and `undo` are complete (absolute program, --site); `check` proves the step.
    """

    id: str
    row: str
    kind: str
    nodes: Tuple[str, ...]
    argv: Tuple[str, ...]
    check: Tuple[str, ...]
    needs: Tuple[str, ...] = ()
    undo: Tuple[str, ...] = ()
    window: str = "site"
    protects: Tuple[str, ...] = ()
    label: str = ""
    seconds: int = 0
    seconds_per_gb: int = 0

    @property
    def where(self) -> str:
        """The node's name, or "site"."""
        return self.nodes[0] if len(self.nodes) == 1 and "." in self.id else "site"


def rows_of(part: Mapping[str, Mapping[str, Any]]) -> Tuple[Row, ...]:
    """The rows of a release's steps, checked: Invalid (78) names what can't be."""
    rows: List[Row] = []
    known: Dict[str, Row] = {}
    for name, value in part.items():
        fields = {key: tuple(item) if isinstance(item, list) else item
                  for key, item in value.items()}
        fields["needs"] = tuple(need for need in fields["needs"] if need)
        row = Row(name=name, **fields)
        for need in row.needs:
            if need not in known:
                raise Invalid("steps.conf: %s needs %s, which is no step before it"
                              % (name, need))
        for word in row.command + row.undo:
            _check_word(name, word)
        known[name] = row
        rows.append(row)
    for row in rows:
        if row.protects and row.protects not in known:
            raise Invalid("steps.conf: %s protects %s, which is no step" % (row.name,
                                                                            row.protects))
    return tuple(rows)


def _check_word(name: str, word: str) -> None:
    if "{" in word and (word[0] + word[-1] != "{}" or word[1:-1] not in FIELDS):
        raise Invalid("steps.conf: %s: a word is literal or one of %s: %s"
                      % (name, ", ".join("{%s}" % field for field in FIELDS), word))


def fill(words: Sequence[str], values: Mapping[str, Sequence[str]]) -> Tuple[str, ...]:
    """The template's words with each field replaced by its (none, one or more) words."""
    filled: List[str] = []
    for word in words:
        if word.startswith("{"):
            filled.extend(values[word[1:-1]])
        elif word:
            filled.append(word)
    return tuple(filled)
