"""The journal of a run: append-only JSON lines, one fsync a record, each covering the last."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from snftools import files
from snftools.errors import Failed
from snftools.upgrade import resume

SCHEMA = 1
EVENTS = ("begun", "done", "failed", "found", "waived", "accepted", "undo-begun", "undone",
          "closed")

# What an event makes of its step, for the resume table.
_MEANS = {"begun": resume.BEGUN, "failed": resume.BEGUN, "done": resume.DONE,
          "accepted": resume.DONE, "found": resume.FOUND, "undo-begun": resume.BEGUN,
          "undone": resume.NONE}


@dataclass(frozen=True)
class Record:
    """One line.  `step` is empty for what concerns the whole run (an attempt, its end)."""

    seq: int
    time: str
    run: str
    site: str
    release: str
    step: str
    node: str
    event: str
    argv: Tuple[str, ...] = ()
    exit: Optional[int] = None
    proof: Mapping[str, Any] = field(default_factory=dict)

    @property
    def moment(self) -> datetime:
        """When, in UTC."""
        return datetime.strptime(self.time, "%Y-%m-%dT%H:%M:%S.%fZ").replace(
            tzinfo=timezone.utc)


class Journal:
    """A run's journal file (live): read once, then appended to by one process.

    One that `looks_only` keeps in memory what is appended: a dry run writes nothing.
    """

    def __init__(self, path: str, run: str, site: str = "", release: str = "") -> None:
        self.path = path
        self.run = run
        self.site = site
        self.release = release
        self.records: List[Record] = []
        self.notices: List[str] = []
        self.looks_only = False
        self._sum = ""
        self._length = 0

    @classmethod
    def read(cls, path: str, run: str) -> "Journal":
        """Read and prove a journal: a torn last line is dropped with a notice.

        Raises Failed naming the first damaged line; a file that is not there is empty.
        """
        journal = cls(path, run)
        try:
            with open(path, "rb") as stream:
                data = stream.read()
        except FileNotFoundError:
            return journal
        except OSError as error:
            raise Failed("can't read the journal %s: %s" % (path, error.strerror))
        whole, _, torn = data.rpartition(b"\n")
        if torn:
            journal.notices.append("%s: its last line was cut off and is dropped" % path)
        lines = whole.split(b"\n") if whole else []
        for number, line in enumerate(lines, 1):
            journal._take(line, number)
        journal._length = len(data) - len(torn)
        if journal.records:
            journal.site = journal.records[-1].site
            journal.release = journal.records[-1].release
        return journal

    def append(self, step: str, event: str, *, node: str = "", argv: Sequence[str] = (),
               exit: Optional[int] = None, proof: Optional[Mapping[str, Any]] = None) -> Record:
        """Append one record and make it durable before returning."""
        if event not in EVENTS:
            raise ValueError(event)
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        record = Record(len(self.records) + 1, now, self.run, self.site, self.release, step,
                        node, event, tuple(argv), exit, dict(proof or {}))
        if not self.looks_only:
            self._keep(record)
        self.records.append(record)
        return record

    def _keep(self, record: Record) -> None:
        line, checksum = _line(record, self._sum)
        try:
            if not self.records:
                files.make_private_directory(os.path.dirname(self.path))
            if os.path.exists(self.path) and os.path.getsize(self.path) != self._length:
                os.truncate(self.path, self._length)
            files.append_line(self.path, line)
        except OSError as error:
            raise Failed("can't write the journal %s: %s" % (self.path, error.strerror))
        self._sum = checksum
        self._length += len(line)

    def state(self, step: str) -> str:
        """What the journal says of a step: none, begun, done or found."""
        for record in reversed(self.records):
            if record.step == step and record.event in _MEANS:
                return _MEANS[record.event]
        return resume.NONE

    def last(self, step: str, *events: str) -> Optional[Record]:
        """The newest record of a step with one of the events."""
        for record in reversed(self.records):
            if record.step == step and record.event in events:
                return record
        return None

    def position(self, step: str, *events: str) -> int:
        """The sequence number of that record, 0 when there is none."""
        record = self.last(step, *events)
        return record.seq if record else 0

    def is_accepted(self, step: str) -> bool:
        """Whether an administrator's word stands for the step's proof."""
        last = self.last(step, *_MEANS)
        return last is not None and last.event == "accepted"

    def made(self, step: str, *events: str) -> int:
        """The position of that record, 0 when the step was undone since."""
        place = self.position(step, *events)
        return 0 if self.position(step, "undone") > place else place

    @property
    def is_open(self) -> bool:
        """Whether the run is neither rolled back nor closed."""
        return not any(record.step == "" and (record.event == "closed" or
                       record.event == "undone" and not record.proof.get("to"))
                       for record in self.records)

    @property
    def undo_stands(self) -> bool:
        """Whether a rollback has begun and not ended."""
        return self.position("", "undo-begun") > self.position("", "undone")

    def _take(self, line: bytes, number: int) -> None:
        damage = Failed("the journal is damaged: %s, line %d" % (self.path, number),
                        unchanged="everything", next="snf-upgrade status")
        try:
            value = json.loads(line.decode("ascii"))
            schema, checksum = value.pop("schema"), value.pop("sum")
            value["argv"] = tuple(value["argv"])
            record = Record(**value)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise damage
        if schema != SCHEMA or record.seq != number or record.run != self.run:
            raise damage
        if checksum != _sum(record, self._sum):
            raise damage
        self.records.append(record)
        self._sum = checksum


def _body(record: Record) -> Dict[str, Any]:
    value = asdict(record)
    value["argv"] = list(record.argv)
    value["proof"] = dict(record.proof)
    return value


def _sum(record: Record, before: str) -> str:
    """The checksum of a record, which covers the one before it."""
    text = json.dumps(_body(record), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256((before + text).encode("ascii")).hexdigest()


def _line(record: Record, before: str) -> Tuple[bytes, str]:
    checksum = _sum(record, before)
    value = {"schema": SCHEMA, **_body(record), "sum": checksum}
    return json.dumps(value, ensure_ascii=True).encode("ascii") + b"\n", checksum
