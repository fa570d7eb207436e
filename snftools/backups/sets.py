"""The sets in a backup directory: which there are, complete or not, how far proven, on hold."""

from __future__ import annotations

import glob
import json
import os
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Collection, Dict, List, Tuple

from snftools import files
from snftools.backups import manifest
from snftools.errors import NotVerified, Refused, Usage

LEVELS = ("files", "archive", "restore")
_NAME = re.compile(r"^([0-9]{8}T[0-9]{6}Z)(?:-([0-9]+))?-(.+)$")
_LABEL = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$")


@dataclass(frozen=True)
class BackupSet:
    """A directory <UTC time>-<label> with one backup per database."""

    path: str
    values: Dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    @property
    def label(self) -> str:
        return str(self.values.get("label") or _NAME.sub(r"\3", self.name))

    @property
    def time(self) -> datetime:
        """When it was begun (UTC)."""
        match = _NAME.match(self.name)
        assert match is not None
        return datetime.strptime(match.group(1), "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)

    @property
    def databases(self) -> Tuple[str, ...]:
        return tuple(self.values.get("databases", ()))

    @property
    def whole(self) -> bool:
        """Whether it has all of the site's databases."""
        return bool(self.values.get("whole"))

    def directory(self, database: str) -> str:
        """Where one database's backup lies."""
        return os.path.join(self.path, file_name(database))

    def complete(self) -> bool:
        """Whether every database of it has its manifest."""
        return bool(self.databases) and all(
            os.path.isfile(os.path.join(self.directory(name), manifest.NAME))
            for name in self.databases)

    def damaged(self) -> bool:
        """Whether it was complete once and is so no more: what interrupted it left no trace of
        a proof or a mark, and its set.json, written first, can be read.  So is one of another
        user, that nobody can judge."""
        def below(name: str) -> List[str]:
            return glob.glob(os.path.join(glob.escape(self.path), "*", name))
        return not self.complete() and bool(
            not os.access(self.path, os.R_OK | os.X_OK) or self.marks()
            or below("verified.jsonl") or (not self.databases and below(manifest.NAME)))

    def manifest(self, database: str) -> Dict[str, Any]:
        """A database's manifest; NotVerified when damaged or of another database."""
        values = manifest.read(self.directory(database))
        if values["database"] != database or values["set"] != self.name:
            raise NotVerified("%s: the manifest of %s is another backup's" % (self.name, database))
        return values

    def proofs(self, database: str) -> List[Dict[str, Any]]:
        """The proofs of a database's backup, oldest first (a torn last line is ignored)."""
        return _lines(os.path.join(self.directory(database), "verified.jsonl"))

    def level(self, database: str) -> str:
        """The highest level at which its newest intact state was proven, or ""."""
        best = ""
        for proof in self.proofs(database):
            if not proof.get("ok"):
                best = ""
            elif not best or LEVELS.index(proof["level"]) > LEVELS.index(best):
                best = proof["level"]
        return best

    def proven(self, level: str) -> bool:
        """Whether all of its databases are proven at that level or a higher one."""
        return all(self.level(name) and LEVELS.index(self.level(name)) >= LEVELS.index(level)
                   for name in self.databases)

    def add_proof(self, database: str, proof: Dict[str, Any]) -> None:
        """Append a proof."""
        _append(os.path.join(self.directory(database), "verified.jsonl"), proof)

    def marks(self) -> List[Dict[str, Any]]:
        """The marks and holds in force."""
        kept: List[Dict[str, Any]] = []
        for line in _lines(os.path.join(self.path, "marks.jsonl")):
            kept = [] if line.get("mark") == "release" else kept + [line]
        return kept

    def add_mark(self, mark: Dict[str, Any]) -> None:
        """Append a mark: way-back, hold or release."""
        _append(os.path.join(self.path, "marks.jsonl"), mark)

    def size(self) -> int:
        """Bytes of all its files."""
        return sum(os.path.getsize(os.path.join(self.path, path))
                   for path in manifest.paths_below(self.path))


def check_label(label: str) -> str:
    """The label; Usage (2) when it can't be part of a directory's name."""
    if not _LABEL.match(label) or label == "latest" or _NAME.match(label + "-x"):
        raise Usage("not a label: %s (letters, digits, dots and dashes)" % label)
    return label


def list_sets(backup_dir: str) -> List[BackupSet]:
    """Every set, oldest first, INCOMPLETE ones too; none when there is no such directory.

    A link is none: a proof or a removal by another name would hit the set that it leads to.
    """
    try:
        names = sorted(filter(_NAME.match, os.listdir(backup_dir)), key=_order)
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise Refused("%s is no directory" % backup_dir, unchanged="everything",
                      next="name another with --backup-dir, or backup_dir in site.conf")
    paths = [os.path.join(backup_dir, name) for name in names]
    return [_open(path) for path in paths if os.path.isdir(path) and not os.path.islink(path)]


def _order(name: str) -> Tuple[str, int, str]:
    """Sets of one second carry a number from the second one on: 20131112T000411Z-2-LABEL."""
    match = _NAME.match(name)
    assert match
    return match.group(1), int(match.group(2) or 1), name


def find(backup_dir: str, text: str, having: Collection[str] = ()) -> BackupSet:
    """The complete set of that name, unique beginning or label, or "latest".

    A label and `latest` mean the newest complete set of all databases; `having`: of those that
    have one of these (no site.conf says which are all).  Refused (3) otherwise, NotVerified (4)
    when that set lost what made it complete.
    """
    if not text:
        raise Usage("which set?  snf-backup-db list shows them")
    every = [one for one in list_sets(backup_dir)
             if one.name == text or not having or set(having) & set(one.databases)]
    complete = [one for one in every if one.complete()]
    for one in every:
        if one.name == text:
            if one.damaged():
                raise NotVerified("set %s is damaged" % text, why=_lost(one),
                                  next="use another set, or a copy of this one")
            if not one.complete():
                raise _none(backup_dir, text, "it is INCOMPLETE and never counts")
            return one
    whole = [one for one in complete if one.whole and text in ("latest", one.label)]
    if whole:
        return whole[-1]
    begins = [one for one in complete if one.whole and one.name.startswith(text)]
    if len(begins) == 1:
        return begins[0]
    why = "it begins the names of %d" % len(begins) if begins else \
        "no complete set of all databases has that name, beginning or label"
    raise _none(backup_dir, text, why)


def create(backup_dir: str, label: str, values: Dict[str, Any]) -> BackupSet:
    """Make a new set's directory with its set.json, which is written first.

    The backup directory's lock is held: no other create looks for a name now.
    """
    check_label(label)
    now = moment()
    number = 1 + max([_order(name)[1] for name in os.listdir(backup_dir)
                      if name.startswith(now) and _NAME.match(name)] or [0])
    path = os.path.join(backup_dir, "%s%s-%s" % (now, "-%d" % number if number > 1 else "", label))
    os.mkdir(path, 0o700)
    values = dict(values, schema=manifest.SCHEMA, label=label)
    files.write_atomic(os.path.join(path, "set.json"),
                       (json.dumps(values, sort_keys=True, indent=1) + "\n").encode(), mode=0o600)
    files.fsync_directory(backup_dir)
    return BackupSet(path, values)


def file_name(database: str) -> str:
    """A database's name as a directory's."""
    return re.sub(r"[^A-Za-z0-9_.-]", lambda found: "%%%04x" % ord(found.group()),
                  database).replace("..", "%002e.") or "%"


def moment() -> str:
    """The UTC time as names have it: 20131112T000411Z."""
    return datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def now_text() -> str:
    """The UTC time as JSON has it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _open(path: str) -> BackupSet:
    """A set of a directory; what can't be read makes it incomplete."""
    try:
        with open(os.path.join(path, "set.json"), "rb") as stream:
            values = json.loads(stream.read().decode("utf-8"))
    except (OSError, ValueError):
        values = {}
    return BackupSet(path, values if isinstance(values, dict) else {})


def _lost(one: BackupSet) -> str:
    """What a damaged set has no more."""
    if not one.databases:
        return "%s can't be read" % os.path.join(one.path, "set.json")
    paths = [os.path.join(one.directory(name), manifest.NAME) for name in one.databases]
    return "\n".join("%s is missing" % path for path in paths if not os.path.isfile(path))


def _none(backup_dir: str, text: str, why: str) -> Refused:
    return Refused("no set %s in %s" % (text, backup_dir), why=why, unchanged="everything",
                   next="snf-backup-db list")


def _lines(path: str) -> List[Dict[str, Any]]:
    """The records of a file of JSON lines; a line torn by a crash is ignored."""
    try:
        with open(path, "rb") as stream:
            raw = stream.read().splitlines()
    except FileNotFoundError:
        return []
    return [value for value in map(_record, raw) if isinstance(value, dict)]


def _record(line: bytes) -> Any:
    try:
        return json.loads(line.decode("ascii"))
    except ValueError:
        return None


def _append(path: str, values: Dict[str, Any]) -> None:
    files.append_line(path, json.dumps(dict(values, time=now_text())).encode("ascii"))
