"""The cloudbar settings: 0.14 has no defaults for them, a page without is HTTP 500 (SOURCE 1.3)."""

from __future__ import annotations

from typing import Iterator
from urllib.parse import urlsplit

from snftools.report import Finding
from snftools.settings.checks import Subject
from snftools.settings.rules import ADD, JOIN
from snftools.settings.values import NotEvaluated

REMEDY = "snf-settings-rename --node NODE"


def check(subject: Subject) -> Iterator[Finding]:
    """Each setting that is made from a base URL points below it."""
    base = subject.value(subject.base_urls()[0][1])
    for row in subject.rules.kind(JOIN, ADD):
        if row.shape != "url":
            continue
        value = subject.value(row.to)
        if isinstance(value, NotEvaluated):
            yield subject.finding("unknown", "error", "%s is not known" % row.to, row.to,
                                  value.why, REMEDY)
        elif not value:
            yield subject.finding("cloudbar", "error", "%s is not set" % row.to, "",
                                  "every page would be an internal error", REMEDY)
        elif row.kind == JOIN and isinstance(base, str) and base:
            wanted = base.rstrip("/") + row.suffix
            if value != wanted:
                yield subject.finding("cloudbar", "error", "%s is %s" % (row.to, value), row.to,
                                      "it must be %s" % wanted, REMEDY)
        elif not isinstance(value, str) or not urlsplit(value).scheme:
            yield subject.finding("cloudbar", "warning", "%s is no absolute URL" % row.to, row.to)
