"""Email settings: who gets which mail (SOURCE 2)."""

from __future__ import annotations

from typing import Any, Iterator, List

from snftools.report import Finding
from snftools.settings.checks import Subject
from snftools.settings.values import NotEvaluated

REMEDY = "snf-settings-rename --node NODE --email   (needs [email] in site.conf)"


def serves(subject: Subject) -> bool:
    """The node sends Astakos' mail."""
    return subject.base_urls()[0][0] in subject.rules.roles


def check(subject: Subject) -> Iterator[Finding]:
    """Shapes, defaults and recipients, on the node that sends the mail."""
    if not serves(subject):
        return
    for name in subject.conf["addresses"]:
        value = subject.value(name)
        if isinstance(value, NotEvaluated):
            yield _unknown(subject, name, value)
        elif not value:
            yield subject.finding("email", "warning", "%s is not set" % name, "",
                                  "Synnefo's own address would be used", REMEDY)
        elif not isinstance(value, str) or "@" not in value:
            yield subject.finding("email", "error", "%s is no mail address" % name, name, "",
                                  REMEDY)
        elif _example(subject, value):
            yield subject.finding("email", "warning", "%s is Synnefo's own: %s" % (name, value),
                                  name, "", REMEDY)
    for name in subject.conf["people"]:
        yield from _people(subject, name)
    for mail, lists in subject.conf["mail"].items():
        if not any(recipients(subject, name) for name in lists):
            yield subject.finding("email", "warning", "nobody gets the mail about %s" % mail, "",
                                  "%s: empty or not set" % ", ".join(lists), REMEDY)


def _people(subject: Subject, name: str) -> Iterator[Finding]:
    value = subject.value(name)
    if isinstance(value, NotEvaluated):
        yield _unknown(subject, name, value)
    elif value is not None and not right_shape(value):
        yield subject.finding("email", "error", "%s has a wrong shape" % name, name,
                              "it must be (('Name', 'address'),) with the comma", REMEDY)
    elif any(_example(subject, address) for address in recipients(subject, name)):
        yield subject.finding("email", "warning", "%s names Synnefo's own addresses" % name, name,
                              "", REMEDY)


def _unknown(subject: Subject, name: str, value: NotEvaluated) -> Finding:
    return subject.finding("unknown", "warning", "%s is not known" % name, name, value.why)


def _example(subject: Subject, address: str) -> bool:
    return any(address.rstrip(">").endswith((("@" + end), ("." + end)))
               for end in subject.conf["example_mail"])


def right_shape(value: Any) -> bool:
    """A tuple or list of (name, address)."""
    return isinstance(value, (tuple, list)) and all(
        isinstance(item, (tuple, list)) and len(item) == 2
        and all(isinstance(part, str) for part in item) and "@" in item[1] for item in value)


def recipients(subject: Subject, name: str) -> List[str]:
    """The addresses of one list."""
    value = subject.value(name)
    return [item[1] for item in value] if value and right_shape(value) else []


def lines(subject: Subject) -> List[str]:
    """Who gets which mail, as a table."""
    from snftools.output.text import table
    if not serves(subject):
        return []
    rows = []
    for mail, lists in subject.conf["mail"].items():
        who = sorted({address for name in lists for address in recipients(subject, name)})
        rows.append((mail, ", ".join(who) or "nobody"))
    return ["Mail of %s:" % subject.node, *table(rows, headers=("about", "goes to"))]
