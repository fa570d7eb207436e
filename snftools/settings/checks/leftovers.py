"""What the upgrade left behind: old names, lines that would stop Synnefo, stray files."""

from __future__ import annotations

import re
from typing import Iterator, List

from snftools.report import Finding
from snftools.settings import masked
from snftools.settings.checks import Subject
from snftools.settings.edits import EditSet
from snftools.settings.lexer import STRING
from snftools.settings.removed import plan_removed
from snftools.settings.rules import RENAME

_BACKUP = re.compile(r"(\.bak|\.old|\.orig|\.save|\.dpkg-\w+|~|\.\d{6,})\.conf\Z|copy|backup", re.I)


def check(subject: Subject) -> Iterator[Finding]:
    """Old names that are still bound or used, in code and in strings; backups that would run."""
    for row in subject.rules.kind(RENAME):
        used = subject.directory.uses(row.name)
        # Old names beside the new ones are common and harmless while nothing uses them.
        severity = "warning" if subject.directory.has(row.to) and not used else "error"
        for place in (subject.directory.bindings(row.name) + used)[:1]:
            yield Finding("settings-old-name", severity, "%s is %s now: %s" % (
                row.name, row.to,
                masked.line(place.source.line_text(place.token.line), subject.rules)),
                subject.node, subject.directory.file_path(place.where),
                "it is ignored, or stops Synnefo where it is used",
                "snf-settings-rename --node " + subject.node)
        yield from _strings(subject, row.name)
    for source in subject.directory.files:
        if _BACKUP.search(source.name):
            yield Finding("settings-backup", "warning", "looks like a backup, but is executed",
                          subject.node, subject.directory.file_path(source.name),
                          "every name that ends in .conf is", "rename it to something else")
    found: List[Finding] = []
    plan_removed(EditSet(subject.directory, subject.rules), found, comment_out=False)
    for finding in found:
        yield Finding(finding.check, finding.severity, finding.what, finding.node, finding.where,
                      finding.why, finding.remedy)


def _strings(subject: Subject, name: str) -> Iterator[Finding]:
    word = re.compile(r"(?<!\w)%s(?!\w)" % re.escape(name))
    for source in subject.directory.files:
        for token in source.tokens:
            if token.kind == STRING and word.search(token.text):
                yield Finding("settings-old-name", "warning", "a string holds %s" % name,
                              subject.node,
                              subject.directory.file_path("%s:%d" % (source.name, token.line)),
                              "strings are not edited", "look whether it names the setting")
