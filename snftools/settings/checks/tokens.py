"""Service tokens: there, and those that Astakos registered."""

from __future__ import annotations

from typing import Iterator

from snftools.report import Finding
from snftools.settings.checks import Subject
from snftools.settings.rules import ADD
from snftools.settings.values import NotEvaluated

WHY = "Astakos would refuse this component"


def check(subject: Subject) -> Iterator[Finding]:
    """No value of a token is ever in a finding."""
    for row in subject.rules.kind(ADD):
        component = row.value.partition(":")[2]
        if not row.value.startswith("token:"):
            continue
        value = subject.value(row.to)
        registered = subject.given.tokens.get(component)
        if isinstance(value, NotEvaluated):
            yield subject.not_known(row.to, value)
        elif not value:
            yield subject.finding("token", "error", "%s is not set" % row.to, row.to, WHY,
                                  "RENAME")
        elif not isinstance(value, str):
            yield subject.finding("token", "error", "%s is no text" % row.to, row.to, WHY,
                                  "RENAME")
        elif registered and registered != value:
            yield subject.finding(
                "token", "error", "%s is not the registered token" % row.to, row.to, WHY,
                "delete the line, then: RENAME")
        elif not registered:
            yield subject.finding(
                "token", "note", "%s was not compared with the registered token" % row.to, row.to,
                subject.not_compared or "Astakos has registered no %s yet" % component,
                "snf-register-verify")
