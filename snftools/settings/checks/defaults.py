"""Settings whose default changed and that no file sets (SOURCE 1.6)."""

from __future__ import annotations

import re
from typing import Any, Iterator, List, Mapping, Tuple

from snftools.report import Finding
from snftools.settings.checks import Subject

_Row = Tuple[str, Mapping[str, Any]]


def check(subject: Subject) -> Iterator[Finding]:
    """A warning for each that somebody will miss, one note for all others."""
    rows = [(name, row) for name, row in subject.conf["changed_defaults"].items()
            if set(row["roles"]) & set(subject.rules.roles) and _changed(subject, name, row)]
    for name, row in rows:
        if row["severity"] == "warning":
            yield subject.finding("default", "warning", _what((name, row)), "", "",
                                  _keep([(name, row)]))
    notes = [(name, row) for name, row in rows if row["severity"] == "note"]
    if notes:
        yield subject.finding(
            "default", "note", "\n".join(["%d default%s changed:" % (
                len(notes), "" if len(notes) == 1 else "s"),
                                          *("  " + _what(row) for row in notes)]), "",
            "to keep what was, write it into a file of %s" % subject.directory.path
            if _keep(notes) else "", _keep(notes))


def _changed(subject: Subject, name: str, row: Mapping[str, Any]) -> bool:
    """For this node.

    A setting that is gone changed nothing where a line, perhaps a comment by now, says that it
    was already as all are now.
    """
    if subject.with_email and name in subject.conf["people"] + subject.conf["addresses"]:
        return False             # the checks of the email settings tell more
    if row["gone"]:
        line = re.compile(r"(?<!\w)%s\s*=\s*%s(?!\w)" % (re.escape(name), re.escape(row["new"])))
        return not any(line.search(source.text) for source in subject.directory.files)
    return not subject.directory.has(name)


def _what(item: _Row) -> str:
    name, row = item
    if row["gone"]:
        return "%s is gone: %s" % (name, row["why"])
    was = ", was " + row["old"] if row["old"] else ""
    return "%s is %s now%s%s" % (name, row["new"], was, ": " + row["why"] if row["why"] else "")


def _keep(rows: List[_Row]) -> str:
    """The lines to paste into a settings file that keep what was."""
    return "\n".join("%s = %s" % (name, row["old"]) for name, row in rows
                     if row["old"] and not row["gone"])
