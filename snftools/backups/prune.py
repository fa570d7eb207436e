"""What may be removed: never the newest proven set, a held, a way-back or an unfinished run's."""

from __future__ import annotations

import os
import re
import shutil
from datetime import datetime, timedelta, timezone
from typing import Collection, Iterable, List, Optional

from snftools import files
from snftools.backups.sets import BackupSet
from snftools.errors import Usage

_AGE = re.compile(r"^(\d{1,5})([dh]?)$")


def choose(every: List[BackupSet], keep: Optional[int] = None,
           older_than: Optional[timedelta] = None, runs: Collection[str] = (),
           now: Optional[datetime] = None) -> List[BackupSet]:
    """The sets to remove: every INCOMPLETE one, and of the others those that rules allow.

    A DAMAGED one, that was complete once, is nothing that a rule may judge: it stays.
    `keep`: all but the newest N; `older_than`: begun before that; both: both must hold.
    `runs`: the ids of unfinished runs.  Without a rule only INCOMPLETE sets go.
    """
    complete = [one for one in every if one.complete()]
    chosen = [one for one in every if not one.complete() and not one.damaged()]
    if keep is None and older_than is None:
        return chosen
    oldest = complete[:-keep] if keep else complete
    moment = now or datetime.now(timezone.utc)
    for one in oldest:
        old = older_than is None or moment - one.time > older_than
        if old and not protected(one, complete, runs):
            chosen.append(one)
    return chosen


def protected(one: BackupSet, complete: List[BackupSet], runs: Collection[str] = ()) -> str:
    """Why a complete set must stay, or ""."""
    marks = {mark.get("mark") for mark in one.marks()}
    if marks:
        return ", ".join(sorted(str(mark) for mark in marks))
    if one.values.get("run") and one.values["run"] in runs:
        return "run %s is not finished" % one.values["run"]
    proven = [other for other in complete if other.proven("files")]
    return "the newest proven" if proven and proven[-1] == one else ""


def remove(chosen: Iterable[BackupSet]) -> None:
    """Remove sets; one is renamed away first, so that a kill leaves no half of it in the list."""
    for one in chosen:
        away = os.path.join(os.path.dirname(one.path), ".removing-" + one.name)
        os.rename(one.path, away)
        shutil.rmtree(away)
        files.fsync_directory(os.path.dirname(one.path))


def remove_leftovers(backup_dir: str) -> None:
    """Finish removals that a kill cut short."""
    for name in os.listdir(backup_dir):
        if name.startswith(".removing-"):
            shutil.rmtree(os.path.join(backup_dir, name))


def age(text: Optional[str]) -> Optional[timedelta]:
    """The value of --older-than: days (30d, 30) or hours (12h); Usage (2) for others."""
    if text is None:
        return None
    match = _AGE.match(text)
    if not match:
        raise Usage("--older-than wants a number of days (30d) or hours (12h)")
    number = int(match.group(1))
    return timedelta(hours=number) if match.group(2) == "h" else timedelta(days=number)
