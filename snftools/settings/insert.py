"""Where a new line goes: a setting that was missing, or the old value beside the new one."""

from __future__ import annotations

import re
from typing import Any, List, Optional, Tuple

from snftools.settings import masked
from snftools.settings.edits import Edit, EditSet
from snftools.settings.lexer import BOM, line_ends
from snftools.settings.rules import Rule, literal
from snftools.settings.scan import Place
from snftools.settings.source import Source

_FIRST_END = re.compile(r"\r\n|\n|\r")


def eol(source: Optional[Source]) -> str:
    """The line end that the file uses first."""
    found = _FIRST_END.search(source.text) if source else None
    return found.group() if found else "\n"


class Insert:
    """Adds lines to an EditSet."""

    def __init__(self, edits: EditSet) -> None:
        self.edits = edits
        self.directory = edits.directory

    def comment(self, place: Place, text: str, rule: Rule) -> None:
        """The old assignment as a comment on the lines above its statement."""
        assert place.bound is not None
        end = eol(place.source)
        lines = ["# before %s: " % self.edits.rules.release + line if not number else "#   " + line
                 for number, line in enumerate(_FIRST_END.split(text))]
        start = place.bound.statement.line_start
        if start == 0 and place.source.text.startswith(BOM):
            start = len(BOM)
        self._add(place.source, start, "".join(line + end for line in lines), rule)

    def line(self, source: Source, start: int, rule: Rule, value: Any) -> None:
        """`NAME = value` as a line of its own at an offset where a line starts."""
        text = source.text
        after_bom = start == len(BOM) and text.startswith(BOM)
        glue = (start > 0 and text[start - 1] not in "\r\n" and not after_bom
                and not any(edit.file == source.name and edit.start == edit.end == start
                            for edit in self.edits.edits))
        self._add(source, start, (eol(source) if glue else "")
                  + "%s = %s" % (rule.to, literal(value)) + eol(source), rule)

    def setting(self, rule: Rule, value: Any, olds: List[str]) -> None:
        """`NAME = value` where its neighbours stand, else in the file whose package owns it."""
        found = self._first_use([rule.to, *olds]) or self._neighbour(rule)
        if found is not None:
            self.line(found[0], found[1], rule, value)
            return
        name = rule.home(self.edits.rules.roles)
        home = self.directory.source(name)
        if home is not None:
            self.line(home, len(home.text), rule, value)
            return
        text = "%s = %s" % (rule.to, literal(value))
        self.edits.add(Edit(name, self._next_line(name), 0, 0, text + "\n", rule.id, rule.to,
                            "", self._shown(rule, text)))

    def _next_line(self, name: str) -> int:
        return 1 + sum(edit.file == name for edit in self.edits.edits)

    def _shown(self, rule: Rule, text: str) -> str:
        secret = rule.secret or self.edits.rules.is_secret(rule.to)
        return rule.to + " = '***'" if secret else masked.url(text)

    def _add(self, source: Source, start: int, text: str, rule: Rule) -> None:
        line = line_ends(source.text[:start]) + 1
        self.edits.add(Edit(source.name, line, start, start, text, rule.id, rule.to, "",
                            self._shown(rule, text.strip())))

    def _first_use(self, names: List[str]) -> Optional[Tuple[Source, int]]:
        """Before the first line that uses the value: it must be set by then."""
        used = [place for name in names for place in self.directory.uses(name)]
        if not used:
            return None
        order = {source.name: number for number, source in enumerate(self.directory.files)}
        first = min(used, key=lambda place: (order[place.source.name], place.token.start))
        before = [statement for statement in first.source.statements
                  if statement.line_start <= first.token.start and statement.depth == 0
                  and statement.tokens[0].text not in ("elif", "else", "except", "finally")]
        start = before[-1].line_start if before else 0
        return first.source, max(start, len(BOM) if first.source.text.startswith(BOM) else 0)

    def _neighbour(self, rule: Rule) -> Optional[Tuple[Source, int]]:
        for name in rule.near:
            for place in self.directory.bindings(name):
                if place.bound is not None and place.bound.simple:
                    return place.source, place.bound.statement.line_end
        return None
