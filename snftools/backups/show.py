"""How sets are shown: the table of `snf-backup-db list`, and their JSON."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import Any, Dict, Iterable, List, Sequence

from snftools.backups import manifest
from snftools.backups.sets import BackupSet
from snftools.output.text import age, human_size, table

HEADERS = ("SET", "DATABASE", "SIZE", "PROVEN BY", "STATE")


def rows(one: BackupSet) -> List[Sequence[str]]:
    """A set's rows, one a database."""
    state = "DAMAGED" if one.damaged() else "INCOMPLETE" if not one.complete() else " ".join(sorted(
        {"way-back" if mark.get("mark") == "way-back" else "hold" for mark in one.marks()}))
    found: List[Sequence[str]] = []
    for number, name in enumerate(one.databases or ("-",)):
        size = _size(one, name)
        found.append(("" if number else one.name, name,
                      human_size(size) if size else "-", _proven(one, name), state))
    return found


def lines(every: List[BackupSet], backup_dir: str) -> List[str]:
    """The whole list with its summary."""
    if not every:
        return ["no backup set in %s" % backup_dir, "Make one: snf-backup-db create --label L"]
    complete = [one for one in every if one.complete()]
    broken = len([one for one in every if not one.complete() and not one.damaged()])
    shown = table([row for one in every for row in rows(one)], HEADERS, indent=0, right=(2,))
    facts = os.statvfs(backup_dir)
    shown += ["", "%d set%s%s" % (
        len(complete), "" if len(complete) == 1 else "s",
        ", and %d INCOMPLETE that never counts (snf-backup-db prune removes it)." % broken
        if broken else ".")]
    shown.append("%s in %s, %s free." % (human_size(sum(one.size() for one in every)), backup_dir,
                                         human_size(facts.f_bavail * facts.f_frsize)))
    good = [one for one in complete if "DAMAGED" not in [_proven(one, name)
                                                         for name in one.databases]]
    if good:
        shown.append("Put one back: snf-restore-db %s --check" % good[-1].name)
    if complete:
        shown.append("A copy elsewhere: rsync -a %s HOST:" % backup_dir)
    return shown


def as_dict(one: BackupSet) -> Dict[str, Any]:
    """A set as JSON tells it."""
    return {"name": one.name, "path": one.path, "label": one.label, "complete": one.complete(),
            "whole": one.whole, "run": one.values.get("run", ""), "marks": one.marks(),
            "databases": [{"name": name, "size": _size(one, name), "level": one.level(name),
                           "proven": _last(one, name).get("time", "")}
                          for name in one.databases]}


def taken(one: BackupSet) -> List[str]:
    """What is said of a set that was just made."""
    shown = ["set %s in %s" % (one.name, os.path.dirname(one.path))]
    shown += table([row[1:] for row in rows(one)], HEADERS[1:], right=(1,))
    return shown + ["Put it back: snf-restore-db %s" % one.name,
                    "A copy elsewhere: rsync -a %s HOST:" % one.path]


def summary(every: Iterable[BackupSet]) -> Dict[str, Any]:
    """The result of `list`."""
    return {"sets": [as_dict(one) for one in every]}


def _size(one: BackupSet, database: str) -> int:
    """Bytes of one database's backup."""
    directory = one.directory(database)
    return sum(os.path.getsize(os.path.join(directory, path))
               for path in manifest.paths_below(directory))


def _last(one: BackupSet, database: str) -> Dict[str, Any]:
    """The newest good proof at the level that counts."""
    level = one.level(database)
    good = [proof for proof in one.proofs(database) if proof.get("ok")
            and proof.get("level") == level]
    return good[-1] if good else {}


def _proven(one: BackupSet, database: str) -> str:
    """"restore, 3 min ago", "damaged" or "-"."""
    proofs = one.proofs(database)
    if proofs and not proofs[-1].get("ok"):
        return "DAMAGED"
    last = _last(one, database)
    if not last:
        return "-"
    moment = datetime.strptime(last["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return "%s, %s" % (last["level"], age(moment.timestamp()))
