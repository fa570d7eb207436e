"""Edits of settings files: collected, and shown without secrets."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from typing import Any, Dict, Iterator, List, Set

from snftools.settings import masked
from snftools.settings.directory import SettingsDir
from snftools.settings.rules import Rules
from snftools.settings.source import Source, parse


@dataclass(frozen=True)
class Edit:
    """Bytes start to end of a file (offsets in its text) become `new`."""

    file: str
    line: int
    start: int
    end: int
    new: str
    rule: str
    name: str
    before: str = ""        # what a person may see of the old and the new
    after: str = ""

    def as_dict(self, path: str) -> Dict[str, Any]:
        return {"file": path, "line": self.line, "rule": self.rule, "name": self.name,
                "old": self.before, "new": self.after}


@dataclass
class EditSet:
    """All edits of one node's settings (live while the rules add to it)."""

    directory: SettingsDir
    rules: Rules
    edits: List[Edit] = field(default_factory=list)
    _known: Set[Edit] = field(default_factory=set)

    def add(self, edit: Edit) -> None:
        """One more edit; the same one twice is one."""
        if edit not in self._known:
            self._known.add(edit)
            self.edits.append(edit)

    def changed(self) -> Dict[str, List[Edit]]:
        """The edits by file."""
        result: Dict[str, List[Edit]] = {}
        for edit in self.edits:
            result.setdefault(edit.file, []).append(edit)
        return result

    def settle(self) -> None:
        """A name in a value that is replaced goes with it: its own edit is none any more."""
        inner = {edit for edits in self.changed().values() for edit in _inner(edits)}
        self.edits = [edit for edit in self.edits if edit not in inner]

    def contents(self) -> Dict[str, bytes]:
        """The files that change, by name, as they will be."""
        result = {}
        for name, edits in sorted(self.changed().items()):
            source = self.directory.source(name)
            old = source.text if source else ""
            new = _applied(old, edits)
            if source is None or new != old:
                result[name] = new.encode("latin-1")
        return result

    def stage(self) -> SettingsDir:
        """The settings as they will be."""
        return replace(self.directory.replaced(self.contents()), watched=frozenset())

    def diff(self) -> List[str]:
        """A unified diff with the secrets masked."""
        lines: List[str] = []
        for name, data in self.contents().items():
            path = self.directory.file_path(name)
            old = self.directory.source(name) or parse(name, b"")
            lines += difflib.unified_diff(
                _shown(old, self.rules), _shown(parse(name, data), self.rules),
                path, path + " (new)", lineterm="")
        return lines


def _inner(edits: List[Edit]) -> Iterator[Edit]:
    """The edits that lie in a wider one; what is inserted lies in none."""
    start = end = 0
    for edit in sorted(edits, key=lambda item: (item.start, -item.end)):
        if edit.start < edit.end <= end and (edit.start, edit.end) != (start, end):
            yield edit
        elif edit.end > end:
            start, end = edit.start, edit.end


def _applied(text: str, edits: List[Edit]) -> str:
    parts, position = [], 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        if edit.start < position:
            raise ValueError("two edits of the same place: %s" % edit.file)
        parts += [text[position:edit.start], edit.new]
        position = edit.end
    return "".join(parts) + text[position:]


def _shown(source: Source, rules: Rules) -> List[str]:
    text = masked.shown(source, rules).encode("latin-1").decode("utf-8", "backslashreplace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
