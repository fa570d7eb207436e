"""Old names where they are no names: in comments and strings, which are never edited."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Dict, Iterable, List, Optional, Pattern, Tuple

from snftools.settings import masked
from snftools.settings.lexer import COMMENT, NAME, STRING, Token
from snftools.settings.names import NAMESPACES
from snftools.settings.scan import Place
from snftools.settings.source import Source
from snftools.settings.statements import Statement

if TYPE_CHECKING:
    from snftools.settings.plan import Plan

OWN_COMMENT = re.compile(r"# (?:before|removed in) [0-9.]+: ")
_CODE = frozenset(["exec", "eval", "execfile"]) | NAMESPACES
_LINES = 12        # line numbers that a finding lists


def look(plan: "Plan") -> None:
    """Notes on comments and strings; a refusal where a string is used as a name or as code."""
    directory, rules = plan.edits.directory, plan.edits.rules
    pattern = re.compile(r"\b(%s)\b" % "|".join(sorted(rules.old_names()) or [r"\Z."]))
    wanted = re.compile(pattern.pattern.encode())
    for source in directory.files:
        if wanted.search(source.data):
            _note(plan, source, pattern)
            _refuse_code(plan, source, pattern)
    for place in directory.scan.opaque:
        plan.find("opaque", "note", "this line may set any name: %s"
                  % masked.source_line(place.source, place.token.line, rules),
                  place.where, "what it executes is not looked at", "")


def _note(plan: "Plan", source: Source, pattern: Pattern[str]) -> None:
    found: Dict[Tuple[str, str], List[int]] = {}
    for token in source.tokens:
        if token.kind in (COMMENT, STRING) and not OWN_COMMENT.match(token.text):
            for name in sorted(set(pattern.findall(token.text))):
                found.setdefault((token.kind, name), []).append(token.line)
    for (kind, name), lines in found.items():
        plan.find("mentioned", "note", "%s still say %s in line %s" % (
            "comments" if kind == COMMENT else "strings", name, _listed(lines)),
            "%s:%d" % (source.name, lines[0]), "they are not edited", "")


def _refuse_code(plan: "Plan", source: Source, pattern: Pattern[str]) -> None:
    known = {finding.where for finding in plan.findings if finding.severity == "error"}
    for statement in source.statements:
        string = _as_code(statement, pattern)
        if string is None:
            continue
        place = Place(source, string)
        if plan.edits.directory.file_path(place.where) not in known:
            plan.refuse("a string with %s is used as code or as a name"
                        % pattern.findall(string.text)[0], place,
                        "this can't be followed safely", "write the name itself, then run again")


def _listed(lines: Iterable[int]) -> str:
    every = sorted(set(lines))
    more = " and %d more" % (len(every) - _LINES) if len(every) > _LINES else ""
    return ", ".join(map(str, every[:_LINES])) + more


def _as_code(statement: Statement, pattern: Pattern[str]) -> Optional[Token]:
    """The string with an old name in a statement that reaches names by strings."""
    if not any(token.kind == NAME and token.text in _CODE for token in statement.tokens):
        return None
    return next((token for token in statement.tokens
                 if token.kind == STRING and pattern.search(token.text)), None)
