"""Service tokens: there, and those that Astakos registered."""

from __future__ import annotations

from typing import Iterator

from snftools.report import Finding
from snftools.settings.checks import Subject
from snftools.settings.rules import ADD
from snftools.settings.values import NotEvaluated


def check(subject: Subject) -> Iterator[Finding]:
    """No value of a token is ever in a finding."""
    for row in subject.rules.kind(ADD):
        if not row.value.startswith("token:"):
            continue
        value = subject.value(row.to)
        known = subject.given.tokens.get(row.value.partition(":")[2])
        if isinstance(value, NotEvaluated):
            yield subject.finding("token", "warning", "%s is not known" % row.to, row.to)
        elif not value:
            yield subject.finding("token", "error", "%s is not set" % row.to, row.to,
                                  "Astakos would refuse this component",
                                  "snf-settings-rename --node NODE")
        elif known and known != value:
            yield subject.finding("token", "error", "%s is not the registered token" % row.to,
                                  row.to, "Astakos would refuse this component",
                                  "put the one of `snf-manage component-list` there")
