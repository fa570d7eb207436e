"""Old names where they are no names: in comments and strings, which are never edited."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Dict, Iterable, List, Pattern, Tuple

from snftools.settings import masked
from snftools.settings.lexer import COMMENT
from snftools.settings.scan import Place

if TYPE_CHECKING:
    from snftools.settings.plan import Plan

OWN_COMMENT = re.compile(r"# (?:before|removed in) [0-9.]+: ")
_LINES = 12        # line numbers that a finding lists


def look(plan: "Plan") -> None:
    """Notes on comments and strings; a refusal where a string is used as a name or as code."""
    scan, rules = plan.edits.directory.scan, plan.edits.rules
    pattern = re.compile(r"\b(%s)\b" % "|".join(sorted(rules.old_names()) or [r"\Z."]))
    _note(plan, scan.quoted, pattern)
    _refuse(plan, scan.coded, pattern)
    for place in scan.opaque:
        plan.find("opaque", "note", "this line may set any name: %s"
                  % masked.source_line(place.source, place.token.line, rules),
                  place.where, "what it executes is not looked at", "")


def _note(plan: "Plan", quoted: Iterable[Place], pattern: Pattern[str]) -> None:
    found: Dict[Tuple[str, str, str], List[int]] = {}
    for place in quoted:
        token = place.token
        if not OWN_COMMENT.match(token.text):
            for name in sorted(set(pattern.findall(token.text))):
                found.setdefault((place.source.name, token.kind, name), []).append(token.line)
    for (file, kind, name), lines in found.items():
        plan.find("mentioned", "note", "%s still say %s in line %s" % (
            "comments" if kind == COMMENT else "strings", name, _listed(lines)),
            "%s:%d" % (file, lines[0]), "they are not edited", "")


def _refuse(plan: "Plan", coded: Iterable[Place], pattern: Pattern[str]) -> None:
    known = {finding.where for finding in plan.findings if finding.severity == "error"}
    for place in coded:
        names = pattern.findall(place.token.text)
        if names and plan.edits.directory.file_path(place.where) not in known:
            plan.refuse("a string with %s is used as code or as a name" % names[0], place,
                        "this can't be followed safely", "write the name itself, then run again")


def _listed(lines: Iterable[int]) -> str:
    every = sorted(set(lines))
    more = " and %d more" % (len(every) - _LINES) if len(every) > _LINES else ""
    return ", ".join(map(str, every[:_LINES])) + more
