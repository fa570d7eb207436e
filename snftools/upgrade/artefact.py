"""What a record step leaves: named by the journal, proved to be complete on disk."""

from __future__ import annotations

import hashlib
import os
from typing import Any, Dict, Mapping, Sequence

from snftools.errors import NotVerified, SnfError
from snftools.upgrade.step import Step


def named_by(step: Step, answer: Mapping[str, Any]) -> Dict[str, Any]:
    """The artefact that a record's JSON answer names: a backup set, or a survey's files."""
    result = answer.get("result") or {}
    if step.label:
        value = result.get("set") or ""
        return {"set": value.get("name", "") if isinstance(value, dict) else str(value)}
    return {"files": result.get("artefacts") or {}}


def prove(step: Step, artefact: Mapping[str, Any], backup_dir: str,
          nodes: Sequence[str] = ()) -> None:
    """NotVerified (4) when the artefact is not complete on disk."""
    if step.label:
        _prove_set(step, str(artefact.get("set") or ""), backup_dir)
        return
    files = artefact.get("files") or {}
    missing = [node for node in nodes if not any(key.partition("/")[0] == node
                                                 for key in files)]
    if missing:
        raise NotVerified("no survey of %s" % ", ".join(missing))
    for name, entry in files.items():
        if digest(str(entry.get("path"))) != entry.get("sha256"):
            raise NotVerified("the survey's %s is not what was written" % name,
                              why=str(entry.get("path")))


def is_whole(step: Step, artefact: Mapping[str, Any], backup_dir: str) -> bool:
    """Whether a set is complete on disk."""
    try:
        prove(step, artefact, backup_dir)
    except SnfError:
        return False
    return True


def _prove_set(step: Step, name: str, backup_dir: str) -> None:
    from snftools.backups import sets
    if not name:
        raise NotVerified("%s named no backup set" % step.id)
    found = sets.find(backup_dir, name)
    if not found.complete():
        raise NotVerified("the backup set %s is not complete" % name)


def digest(path: str) -> str:
    """The sha256 of a file, or nothing when it can't be read."""
    value = hashlib.sha256()
    try:
        with open(os.fspath(path), "rb") as stream:
            for chunk in iter(lambda: stream.read(1 << 20), b""):
                value.update(chunk)
    except OSError:
        return ""
    return value.hexdigest()
