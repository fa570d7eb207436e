"""The cloudbar settings: 0.14 has no defaults for them, a page without is HTTP 500 (SOURCE 1.3)."""

from __future__ import annotations

from typing import Any, Iterator

from snftools.report import Finding
from snftools.settings.checks import Subject
from snftools.settings.checks.urls import place_of, wrong
from snftools.settings.rules import ADD, JOIN, Rule
from snftools.settings.values import NotEvaluated


def check(subject: Subject) -> Iterator[Finding]:
    """Each setting that is made from a base URL points below it."""
    for row in subject.rules.kind(JOIN, ADD):
        if row.shape == "url":
            yield from _one(subject, row, subject.value(row.to))


def _one(subject: Subject, row: Rule, value: Any) -> Iterator[Finding]:
    base = subject.base_url(row.value.partition(":")[2])
    wanted = base + row.suffix if base and row.kind == JOIN else ""
    remedy = "%s = '%s'" % (row.to, wanted) if wanted else "RENAME"
    if isinstance(value, NotEvaluated):
        yield subject.not_known(row.to, value)
        return
    problem = wrong(value, subject.conf["left_over"], subject.conf["wrong_default"])
    if not value:
        yield subject.finding("cloudbar", "error", "%s is not set" % row.to, "",
                              "every page would be an internal error", "RENAME")
    elif problem:
        yield subject.finding("cloudbar", "error", "%s %s" % (row.to, problem), row.to, "",
                              remedy)
    elif row.kind == JOIN and not wanted and not value.endswith(row.suffix):
        yield subject.finding("cloudbar", "error", "%s is %s" % (row.to, value), row.to,
                              "it must end with " + row.suffix, "RENAME")
    elif wanted and value != wanted:
        yield subject.finding("cloudbar", "error", "%s is %s" % (row.to, value), row.to,
                              "it must be %s" % wanted, remedy)
    elif not wanted and base and _host(value) != _host(base):
        yield subject.finding("cloudbar", "warning", "%s is at another host than Astakos: %s"
                              % (row.to, value), row.to, "Astakos serves these files",
                              "%s = '%s'" % (row.to, _at(base) + row.suffix))


def _host(url: str) -> str:
    place = place_of(url)
    return place[0] if place else ""


def _at(url: str) -> str:
    return "/".join(url.split("/")[:3])
