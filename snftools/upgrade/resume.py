"""What is to be done with a step, by what the journal and its --check say (DESIGN 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Collection

# What the journal says of a step.
NONE, BEGUN, DONE, FOUND = "none", "begun", "done", "found"

# What is to be done with it.
RUN, SKIP, NOTE_DONE, NOTE_FOUND, UNDONE, STOP = (
    "run", "skip", "note-done", "note-found", "undone", "stop")


@dataclass(frozen=True)
class Decision:
    """What to do with a step; `exit` is the run's exit status for UNDONE and STOP."""

    what: str
    exit: int = 0

    @property
    def is_done(self) -> bool:
        """Whether the step needs nothing more."""
        return self.what in (SKIP, NOTE_DONE, NOTE_FOUND)


def state_step(journal: str, code: int) -> Decision:
    """The resume table for a state step, `code` being its --check's exit status.

    Codes that no table has count as failure (exit 1).
    """
    if code == 0:
        return Decision({NONE: NOTE_FOUND, BEGUN: NOTE_DONE}.get(journal, SKIP))
    if code == 5:
        return Decision(UNDONE, 4) if journal in (DONE, FOUND) else Decision(RUN)
    return Decision(STOP, code if code in (1, 2, 3, 4, 75, 78, 130, 143) else 1)


def record_due(protected: Collection[str], artefact: bool) -> bool:
    """Whether a record is to be taken (again).

    `protected`: what is known of the steps that it protects; `artefact`: this run's journal
    names one that is complete and still true.
    """
    if all(state != NONE for state in protected):
        return False
    return not artefact


def window_due(undone: bool) -> bool:
    """Whether stop and quiet are to be made true (again): a state step is undone."""
    return undone


def start_due(undone: bool, last_stop: int, last_start: int) -> bool:
    """Whether a start step is due: not done since the last stop (positions in the journal,
    0 for never), or about to be stopped again."""
    return undone or last_start <= last_stop


def proof_due(last_proof: int, last_change: int) -> bool:
    """Whether a proof is to be made: never made since what it proves last changed."""
    return last_proof == 0 or last_proof < last_change
