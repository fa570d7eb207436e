"""Base URLs: there, real, absolute, and no two at one place (SOURCE 1.2 and 1.10)."""

from __future__ import annotations

from typing import Iterator, List, Optional, Sequence, Tuple
from urllib.parse import urlsplit

from snftools.report import Finding
from snftools.settings.checks import Subject
from snftools.settings.values import NotEvaluated

RENAME = "snf-settings-rename --node NODE"


def check(subject: Subject) -> Iterator[Finding]:
    """Each base URL of the node by itself, then all of them together."""
    for component, name in subject.base_urls():
        yield from _one(subject, component, name)
    yield from _clash(subject)


def _one(subject: Subject, component: str, name: str) -> Iterator[Finding]:
    value = subject.value(name)
    if isinstance(value, NotEvaluated):
        yield subject.finding("unknown", "error", "%s is not known" % name, name, value.why, RENAME)
        return
    problem = wrong(value, subject.conf["left_over"], subject.conf["wrong_default"])
    if problem:
        yield subject.finding("base-url", "error", "%s: %s" % (name, problem), name,
                              "clients and other components would be sent to a wrong address",
                              RENAME)
        return
    wanted = subject.given.base_urls.get(component)
    if wanted and wanted.rstrip("/") != value.rstrip("/"):
        yield subject.finding("base-url", "error", "%s is %s, site.conf says %s"
                              % (name, value, wanted), name, "", RENAME)
    elif name not in _own_names(subject) or not urlsplit(value).path.strip("/"):
        return
    elif component == subject.base_urls()[-1][0] == "pithos":
        yield subject.finding(
            "public-links", "warning", "%s has the path %s" % (name, urlsplit(value).path), name,
            "links that were published below /public/ before change their address")


def _own_names(subject: Subject) -> List[str]:
    return [name for component, name in subject.base_urls() if component in subject.rules.roles]


def wrong(value: object, left_over: str, example: str) -> str:
    """Why the value can be no base URL, "" when it can."""
    if value is None or value == "":
        return "is not set"
    if not isinstance(value, str):
        return "is no text"
    if example in value:
        return "is Synnefo's own example, %s" % value
    if left_over in value:
        return "still has %s: %s" % (left_over, value)
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    return "" if good else "is no absolute http or https URL: %s" % value


def _clash(subject: Subject) -> Iterator[Finding]:
    rows = []
    for name in _own_names(subject):
        value = subject.value(name)
        if isinstance(value, str) and value:
            rows.append((name, place_of(value)))
    for index, (name, place) in enumerate(rows):
        for other, taken in rows[:index]:
            if place is not None and place == taken:
                yield subject.finding("clash", "error", "%s and %s are the same address"
                                      % (other, name), name,
                                      "the first one answers for both, silently", RENAME)
        if place is not None and len(rows) > 1 and not place[1]:
            yield subject.finding("clash", "warning", "%s has no path on a shared host" % name,
                                  name, "it takes addresses of the others", RENAME)


def place_of(url: str) -> Optional[Tuple[str, str]]:
    """(host with port, path) of a URL, None for what is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.netloc.lower(), parts.path.strip("/")


def between(subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Base URLs of one name that differ between nodes."""
    first: dict = {}
    for subject in subjects:
        for _, name in subject.base_urls():
            value = subject.value(name)
            if not isinstance(value, str) or not value:
                continue
            node, known = first.setdefault(name, (subject.node, value))
            if known.rstrip("/") != value.rstrip("/"):
                yield subject.finding("differs", "error", "%s is %s here, %s on %s"
                                      % (name, value, known, node), name, "", RENAME)
