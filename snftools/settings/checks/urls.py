"""Base URLs: there, real, absolute, and no two at one place (SOURCE 1.2, 1.9 and 1.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Sequence, Tuple
from urllib.parse import urlsplit

from snftools.report import Finding
from snftools.settings.checks import Subject
from snftools.settings.values import NotEvaluated

_PORTS = {"http": 80, "https": 443}


def check(subject: Subject) -> Iterator[Finding]:
    """Each base URL of the node by itself, then all of them together."""
    for component, name in subject.base_urls():
        yield from _one(subject, name, subject.given.base_urls.get(component, ""), "RENAME")
    for package, name in subject.package_urls():
        yield from _one(subject, name, "", "%s = 'https://HOST/PATH'" % name,
                        "; %s is installed" % package)
    own = _addresses([subject])
    yield from _same_place(own, own)
    yield from _takes_all(own, own)
    yield from _public_links(subject)


def _one(subject: Subject, name: str, wanted: str, remedy: str,
         more: str = "") -> Iterator[Finding]:
    value = subject.value(name)
    if isinstance(value, NotEvaluated):
        yield subject.not_known(name, value)
        return
    problem = wrong(value, subject.conf["left_over"], subject.conf["wrong_default"])
    if problem:
        yield subject.finding("base-url", "error", "%s %s" % (name, problem), name,
                              "clients and other components would be sent to a wrong address"
                              + more, remedy)
    elif wanted and wanted.rstrip("/") != value.rstrip("/"):
        yield subject.finding("base-url", "error", "%s is %s, wanted is %s"
                              % (name, value, wanted), name,
                              "site.conf or --base-url says so", remedy)


def wrong(value: object, left_over: str, example: str) -> str:
    """Why the value can be no base URL, "" when it can."""
    if value is None or value == "":
        return "is not set"
    if not isinstance(value, str):
        return "is no text"
    if example in value.lower():
        return "is Synnefo's own example, %s" % value
    if left_over in value:
        return "still has %s: %s" % (left_over, value)
    if _unfit(value) or place_of(value) is None:
        return "is no absolute http or https URL: %s" % value
    parts = urlsplit(value)
    if parts.query or parts.fragment:
        return "has more than a path: %s" % value
    return ""


def _unfit(value: str) -> bool:
    """The value holds white space or what no address may hold."""
    return any(char.isspace() or char in "<>\"'" for char in value)


def place_of(url: str) -> Optional[Tuple[str, str]]:
    """(host with port, path) of an absolute http or https URL, None for what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    if not parts.hostname:
        return None
    return "%s:%d" % (parts.hostname, port), parts.path.strip("/")


@dataclass(frozen=True)
class _Address:
    """A base URL at which a node itself answers."""

    subject: Subject
    name: str
    host: str
    path: str


def _addresses(subjects: Sequence[Subject]) -> List[_Address]:
    found = []
    for subject in subjects:
        for name in dict.fromkeys(subject.own_urls()):
            value = subject.value(name)
            place = place_of(value) if isinstance(value, str) else None
            if place is not None:
                found.append(_Address(subject, name, *place))
    return found


def _same_place(here: Sequence[_Address], others: Sequence[_Address]) -> Iterator[Finding]:
    """Components with one address; on one node the path alone counts for its programs."""
    for number, one in enumerate(here):
        for other in others[:number] if others is here else others:
            if one.name == other.name or one.path != other.path:
                continue
            if one.host == other.host:
                yield one.subject.finding(
                    "clash", "error", "%s and %s%s are the same address" % (
                        one.name, other.name, _on(one, other)), one.name,
                    "the first one answers for both, silently",
                    "give each a path of its own (base_url in site.conf), then: RENAME")
            elif others is here:
                yield one.subject.finding(
                    "clash", "warning", "%s and %s have the same path" % (one.name, other.name),
                    one.name, "the programs of a node look at the path alone, not at the host: "
                    "the first one answers for both unless each has a gunicorn of its own",
                    "give each a path of its own (base_url in site.conf), then: RENAME")


def _takes_all(here: Sequence[_Address], others: Sequence[_Address]) -> Iterator[Finding]:
    """An empty path while several components share the host."""
    for one in here:
        shared = [other for other in others if other.host == one.host
                  and other.name != one.name and other.path]
        if not one.path and shared:
            yield one.subject.finding(
                "clash", "warning", "%s has no path, but shares its host with %s%s" % (
                    one.name, shared[0].name, _on(one, shared[0])), one.name,
                "it takes addresses of the others",
                "give it a path (base_url in site.conf), then: RENAME")


def _on(one: _Address, other: _Address) -> str:
    return "" if one.subject is other.subject else " on " + other.subject.node


def _public_links(subject: Subject) -> Iterator[Finding]:
    """What was published below /public of the host, before base URLs had a path."""
    name, public = subject.conf["public_links"], subject.conf["public_path"]
    value = subject.value(name)
    place = place_of(value) if isinstance(value, str) else None
    if name not in subject.own_urls() or place is None or not place[1]:
        return
    new = "/%s%s" % (place[1], public)
    lines = [line for text in subject.around.web.values() for line in text.splitlines()
             if not line.lstrip().startswith("#")]
    if any(new in line and public in line.replace(new, "") for line in lines):
        return                # a web server leads the old links to the new ones
    yield subject.finding(
        "public-links", "warning", "%s has the path /%s" % (name, place[1]), name,
        "links that were published below %s/ before are not found any more, unless the web "
        "server leads them on" % public,
        "RedirectMatch permanent ^%s/(.*)$ %s/$1" % (public, new))


def between(subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Base URLs of one name that differ between nodes, and addresses that nodes share."""
    first: Dict[str, Tuple[str, str]] = {}
    for subject in subjects:
        for _, name in subject.base_urls():
            value = subject.value(name)
            if not isinstance(value, str) or not value:
                continue
            node, known = first.setdefault(name, (subject.node, value))
            if known.rstrip("/") != value.rstrip("/"):
                yield subject.finding(
                    "differs", "error", "%s is %s here, %s on %s" % (name, value, known, node),
                    name, "all nodes must agree on it", "RENAME")
    for number, subject in enumerate(subjects):
        here, before = _addresses([subject]), _addresses(subjects[:number])
        apart = [one for one in here if one.name not in {other.name for other in before}]
        yield from _same_place(apart, before)
        yield from _takes_all(apart, before)
        yield from _takes_all(before, apart)
