"""What the upgrade left behind in settings: old names and addresses, fatal lines, stray files."""

from __future__ import annotations

import re
import shlex
from typing import Any, Iterable, Iterator, List, Mapping, Pattern, Sequence, Set

from snftools.report import Finding
from snftools.settings import masked
from snftools.settings.checks import Subject
from snftools.settings.checks.moved import Moved, anywhere
from snftools.settings.edits import EditSet
from snftools.settings.lexer import STRING, Token
from snftools.settings.removed import plan_removed
from snftools.settings.rules import REMOVED, RENAME, Rules, literal
from snftools.settings.values import Unknown, present, string_value

_BACKUP = re.compile(
    r"^\.|(^|[-_. (#])(bak|backup|bck|old|orig|original|save|saved|sav|copy|tmp|temp|rej|new|prev"
    r"|disabled|off|dpkg-\w+|ucf-\w+|rpm\w+|\d{8,}|\d{4}-\d\d-\d\d)([-_. )]|$)"
    r"|~|#|\(\d+\)|\.conf(\.|$)", re.I)


def check(subject: Subject) -> Iterator[Finding]:
    """Old names that are still bound or used, in code and in strings; backups that would run."""
    olds = {row.name: row.to for row in subject.rules.kind(RENAME)}
    for name, new in olds.items():
        yield from _name(subject, name, new)
    yield from _strings(subject, olds)
    yield from _backups(subject)
    found: List[Finding] = []
    plan_removed(EditSet(subject.directory, subject.rules), found, comment_out=False)
    for one in found:
        yield subject.finding(one.check.partition("-")[2], one.severity, one.what, "", one.why,
                              one.remedy.replace("snf-settings-rename", "RENAME"), one.where)


def _name(subject: Subject, name: str, new: str) -> Iterator[Finding]:
    used = subject.directory.uses(name)
    # Old names beside the new ones are common and harmless while nothing uses them.
    severity = "warning" if subject.directory.has(new) and not used else "error"
    for place in (used + subject.directory.bindings(name))[:1]:
        yield subject.finding(
            "old-name", severity, "%s is %s now: %s" % (
                name, new, masked.line(place.source.line_text(place.token.line), subject.rules)),
            "", "this line would stop every Synnefo program" if used and not
            subject.directory.has(name) else "it is ignored", "RENAME",
            subject.directory.file_path(place.where))


def holding(rules: Rules, conf: Mapping[str, Any]) -> Pattern[str]:
    """What a string must have in it for the settings to be read with; the rest is not looked at."""
    olds = [row.name for row in rules.kind(RENAME)]
    return re.compile("%s|%s|\\\\" % (_any_of(olds), anywhere(conf["moved_in_settings"])))


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words)) or r"\Z\w"


def _strings(subject: Subject, olds: Mapping[str, str]) -> Iterator[Finding]:
    """Strings are never edited, so what they hold is told."""
    told = _told_elsewhere(subject) | set(olds)
    moved = Moved(subject, subject.conf["moved_in_settings"])
    names = re.compile(r"(?<!\w)(%s)(?!\w)" % _any_of(olds))
    for file, statement, bound in subject.directory.scan.held:
        if bound and set(bound) <= told:
            continue
        for token in statement.tokens:
            if token.kind != STRING:
                continue
            place = subject.directory.file_path("%s:%d" % (file, token.line))
            holds = names.search(token.text)
            if holds:
                yield subject.finding("old-name", "warning", "a string holds %s" % holds.group(1),
                                      "", "strings are not edited",
                                      "look whether it names the setting", place)
            if not any(subject.rules.is_secret(name) for name in bound):
                yield from _addresses(subject, moved, bound, token, place)


def _addresses(subject: Subject, moved: Moved, bound: Sequence[str], token: Token,
               place: str) -> Iterator[Finding]:
    try:
        text = string_value(token.text)
    except Unknown:
        return
    for old, new in moved.found(text):
        better = "%s = %s" % (bound[0], literal(present(moved.replaced(text, old, new)))) if (
            new and len(bound) == 1 and subject.value(bound[0]) == present(text)) else ""
        yield subject.finding(
            "old-address", "warning", "%s holds %s: %s" % (
                ", ".join(bound) or "a string", old, present(text)), "",
            "that address is %s now" % new if new else "that address is gone", better, place)


def _told_elsewhere(subject: Subject) -> Set[str]:
    """Names whose addresses other checks look at, or that mean nothing any more."""
    names = {name for row in subject.rules.kind(REMOVED) for name in row.names}
    return names | set(subject.table()) | set(subject.conf["landing"])


def _backups(subject: Subject) -> Iterator[Finding]:
    for source in subject.directory.files:
        stem = source.name[:-len(".conf")]
        if not _BACKUP.search(stem):
            continue
        sets = sorted({bound.name for bound in source.bound() if
                       subject.directory.where(bound.name).startswith(source.name + ":")})
        path = subject.directory.file_path(source.name)
        yield subject.finding(
            "backup", "warning", "looks like a backup, but is executed", "",
            "it sets %s" % _some(sets) if sets else "every name that ends in .conf is",
            "mv %s %s" % (shlex.quote(path), shlex.quote(
                subject.directory.file_path(stem.replace(".conf", "") + ".conf.bak"))), path)


def _some(names: List[str]) -> str:
    return ", ".join(names[:3]) + (" and %d more" % (len(names) - 3) if len(names) > 3 else "")
