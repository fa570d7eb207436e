"""Which run is spoken of: the newest of this site and release that is still open."""

from __future__ import annotations

import os
import time
from typing import Optional

from snftools.errors import Refused
from snftools.state import State, new_id, wait_until
from snftools.upgrade import resume
from snftools.upgrade.journal import Journal


def journal_path(state: State, run_id: str) -> str:
    """Where a run's journal lies."""
    return os.path.join(state.run_dir(run_id), "journal.jsonl")


def newest(state: State, site: str, release: str) -> Optional[Journal]:
    """The journal of the newest open run of this site and release, or None."""
    for run_id in reversed(state.runs()):
        journal = Journal.read(journal_path(state, run_id), run_id)
        if not journal.records or (journal.site, journal.release) != (site, release):
            continue
        if journal.is_open:
            return journal
    return None


def last(state: State, site: str, release: str) -> Optional[Journal]:
    """The newest open run, else the newest of all: what can be told of one that has ended."""
    found = newest(state, site, release)
    for run_id in reversed(state.runs()) if found is None else ():
        journal = Journal.read(journal_path(state, run_id), run_id)
        if journal.records and (journal.site, journal.release) == (site, release):
            return journal
    return found


def open_run(state: State, site: str, release: str, target: str) -> Journal:
    """The newest open run, or a new one (with nothing on disk yet).

    Refused (3) when the open run has another target, or a rollback of it has begun.
    """
    _refuse_other(state, site, release)
    found = newest(state, site, release)
    if found is None:
        run_id = _unused_id(state)
        return Journal(journal_path(state, run_id), run_id, site, release)
    if found.undo_stands:
        raise Refused("going back has begun in run %s and has not ended" % found.run,
                      unchanged="everything", next="snf-upgrade rollback")
    attempt = found.last("", "begun")
    before = attempt.proof.get("target", target) if attempt else target
    if before != target:
        raise Refused("run %s goes to %s, site.conf now says %s"
                      % (found.run, before or "the newest in range",
                         target or "the newest in range"),
                      unchanged="everything", next="put target back in site.conf")
    return found


def _refuse_other(state: State, site: str, release: str) -> None:
    """Refused (3) while a run of another site or release is unfinished here."""
    for run_id in state.runs():
        journal = Journal.read(journal_path(state, run_id), run_id)
        if not journal.records or (journal.site, journal.release) == (site, release):
            continue
        if journal.is_open and not is_finished(journal):
            raise Refused("run %s of %s to %s is not finished"
                          % (run_id, journal.site, journal.release), unchanged="everything",
                          why="it lies in the same state directory %s" % state.directory,
                          next="finish it, go back or close it, with its own site.conf")


def is_finished(journal: Journal) -> bool:
    """Whether every step of the last attempt's plan is done, found or accepted."""
    attempt = journal.last("", "begun")
    planned = (attempt.proof.get("plan") or {}) if attempt else {}
    return bool(planned) and not journal.undo_stands and all(
        journal.state(step) in (resume.DONE, resume.FOUND) for step in planned)


def _unused_id(state: State) -> str:
    """An id that no run has: one made within the same second is waited out."""
    wait_until(time.monotonic() + 5, lambda: not os.path.exists(state.run_dir(new_id())))
    return new_id()
