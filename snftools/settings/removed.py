"""Settings that the release no longer knows: listed, commented out, or refused where used."""

from __future__ import annotations

import re
from typing import Dict, Iterable, Iterator, List, Set, Tuple

from snftools.report import Finding
from snftools.settings import masked
from snftools.settings.edits import Edit, EditSet
from snftools.settings.rules import REMOVED
from snftools.settings.scan import Place
from snftools.settings.statements import Statement

_Key = Tuple[str, int]       # file, offset of a logical line


def plan_removed(edits: EditSet, findings: List[Finding], comment_out: bool) -> None:
    """Adds the edits and findings about names which the release removed."""
    notes = {name: row.note for row in edits.rules.kind(REMOVED)
             for name in _names(row.names, edits)}
    work = _Removed(edits, findings, notes)
    if comment_out:
        work.comment_out()
    work.report()


def _names(patterns: Iterable[str], edits: EditSet) -> Iterator[str]:
    for pattern in patterns:
        if "*" in pattern:
            yield from sorted(edits.directory.scan.words(pattern))
        else:
            yield pattern


class _Removed:
    def __init__(self, edits: EditSet, findings: List[Finding], notes: Dict[str, str]) -> None:
        self.edits, self.findings, self.notes = edits, findings, notes
        self.names = list(notes)
        self.directory = edits.directory
        self.order = {source.name: n for n, source in enumerate(self.directory.files)}
        self.out: Dict[_Key, Tuple[Place, str]] = {}

    def comment_out(self) -> None:
        """Choose the lines until nothing changes, then comment them out."""
        for name in self.names:
            for place in self.directory.bindings(name):
                self._choose(place, name)
            for place in self.directory.uses(name):
                if not self._set_before(place, name):
                    self._choose_user(place, name)
        self._spare_those_used()
        for place, name in self.out.values():
            self._comment(place, name)

    def _choose(self, place: Place, name: str) -> None:
        bound = place.bound
        if bound is not None and bound.simple and bound.statement.alone:
            self.out[(place.source.name, bound.statement.line_start)] = (place, name)

    def _choose_user(self, use: Place, name: str) -> None:
        """A line that would stop Synnefo goes as well when nothing else needs what it sets."""
        for place in self._bound_by(use):
            bound = place.bound
            if bound is not None and not self.directory.uses(bound.name):
                self._choose(place, name)

    def _bound_by(self, use: Place) -> List[Place]:
        return [Place(use.source, bound.token, bound) for bound in use.source.bound()
                if use.token in bound.statement.tokens]

    def _spare_those_used(self) -> None:
        changed = True
        while changed:
            changed = False
            for key, (place, _) in list(self.out.items()):
                assert place.bound is not None
                if any(self._key(use) not in self.out
                       for use in self.directory.uses(place.bound.name)):
                    del self.out[key]
                    changed = True

    def _key(self, place: Place) -> _Key:
        statement = place.bound.statement if place.bound else self._statement(place)
        return place.source.name, statement.line_start if statement else -1

    def _statement(self, place: Place) -> "Statement | None":
        return next((statement for statement in place.source.statements
                     if place.token in statement.tokens), None)

    def _comment(self, place: Place, name: str) -> None:
        bound = place.bound
        assert bound is not None
        source, statement = place.source, bound.statement
        text = source.text[statement.line_start:statement.line_end]
        head = "# removed in %s: " % self.edits.rules.release
        starts: Set[int] = {0} | {m.end() for m in re.finditer(r"\r\n|\n|\r", text)}
        starts.discard(len(text))
        # What the line was to become does not matter any more.
        self.edits.edits = [edit for edit in self.edits.edits if edit.file != source.name
                            or not statement.line_start <= edit.start < statement.line_end
                            or _is_line_before(edit, statement)]
        for number, offset in enumerate(sorted(starts)):
            at = statement.line_start + offset
            shown = masked.source_line(source, statement.line, self.edits.rules)
            self.edits.add(Edit(source.name, statement.line + number, at, at,
                                head if not number else "#   ", "comment-removed", name,
                                shown if not number else "",
                                head + shown if not number else ""))

    def report(self) -> None:
        for name in self.names:
            for place in self.directory.uses(name):
                if self._key(place) in self.out or self._set_before(place, name):
                    continue
                self.findings.append(Finding(
                    "settings-leftover", "error",
                    masked.source_line(place.source, place.token.line, self.edits.rules),
                    self.directory.node, self.directory.file_path(place.where),
                    "%s does not define %s: this line would stop every Synnefo program"
                    % (self.edits.rules.release, name),
                    "snf-settings-rename --comment-removed --diff --check", 3))
        kept = [place for name in self.names for place in self.directory.bindings(name)
                if self._key(place) not in self.out]
        for place in kept:
            note = self.notes[place.token.text] if place.token.text in self.notes else ""
            if note:
                self.findings.append(Finding(
                    "settings-note", "warning", "%s means nothing in %s" % (
                        place.token.text, self.edits.rules.release), self.directory.node,
                    self.directory.file_path(place.where), note))
        if kept:
            self.findings.append(Finding(
                "settings-ignored", "note", "%s ignores %d settings that are still set: %s" % (
                    self.edits.rules.release, len(kept),
                    ", ".join(sorted({str(place.bound and place.bound.name) for place in kept}))),
                self.directory.node, self.directory.file_path(kept[0].where), "harmless",
                "snf-settings-rename --comment-removed"))

    def _set_before(self, use: Place, name: str) -> bool:
        at = (self.order[use.source.name], use.token.start)
        return any((self.order[place.source.name], place.token.start) < at
                   and self._key(place) != self._key(use)
                   for place in self.directory.bindings(name))


def _is_line_before(edit: Edit, statement: Statement) -> bool:
    """A setting added between the line before and this one."""
    return edit.start == edit.end == statement.line_start and not edit.new.startswith("#")
