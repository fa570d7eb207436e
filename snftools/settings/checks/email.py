"""Email settings: present, of the right shape, real, and as site.conf wants them (SOURCE 2)."""

from __future__ import annotations

import re
import shlex
from typing import Any, Iterator, Tuple

from snftools.report import Finding
from snftools.settings.checks import Subject
from snftools.settings.checks.mail import recipients, right_shape, rows
from snftools.settings.rules import SET, Rule, literal, same
from snftools.settings.values import NotEvaluated

_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+\Z")


def _remedy(subject: Subject, name: str) -> str:
    """The line that writes the setting, with the value where site.conf does not give it."""
    for rule in subject.rules.kind(SET):
        source, _, key = rule.value.partition(":")
        if rule.to == name and source == "email" and not subject.given.email.get(key):
            form = "Name <ADDRESS>" if rule.shape == "people" else "VALUE"
            return "RENAME --email --email-value %s" % shlex.quote("%s=%s" % (key, form))
    return "RENAME --email"


def _same_as_wanted(subject: Subject, name: str) -> bool:
    """Nothing else is wanted of it: else that is told, and nothing more."""
    return name not in {rule.to for rule, _, _ in _unlike(subject)}


def serves(subject: Subject) -> bool:
    """The node sends Astakos' mail."""
    return subject.base_urls()[0][0] in subject.rules.roles


def check(subject: Subject) -> Iterator[Finding]:
    """All of it on the node that sends Astakos' mail; elsewhere what is set must be right."""
    for name in subject.conf["addresses"]:
        if _same_as_wanted(subject, name):
            yield from _address(subject, name, subject.value(name))
    for name in subject.conf["people"]:
        if _same_as_wanted(subject, name):
            yield from _people(subject, name, subject.value(name))
    yield from _server(subject)
    yield from _wanted(subject)
    yield from _older(subject)
    if serves(subject):
        yield from _nobody(subject)


def _address(subject: Subject, name: str, value: Any) -> Iterator[Finding]:
    if isinstance(value, NotEvaluated):
        yield _unknown(subject, name, value)
    elif value is None or value == "":
        if serves(subject):
            yield subject.finding("email", "warning", "%s is not set" % name, "",
                                  "Synnefo's own address would be used", _remedy(subject, name))
    elif not isinstance(value, str) or not _ADDRESS.match(_bare(value)):
        yield subject.finding("email", "error", "%s is no mail address" % name, name,
                              "it must be 'address' or 'Name <address>'", _remedy(subject, name))
    elif _example(subject, value):
        yield subject.finding("email", "warning", "%s is Synnefo's own: %s" % (name, value),
                              name, "answers would go there", _remedy(subject, name))


def _bare(value: str) -> str:
    match = re.match(r"[^<>\n]*<([^<>\s]+)>\s*\Z", value)
    return match.group(1) if match else value.strip()


def _people(subject: Subject, name: str, value: Any) -> Iterator[Finding]:
    if isinstance(value, NotEvaluated):
        yield _unknown(subject, name, value)
    elif value is not None and not right_shape(value):
        yield subject.finding("email", "error", "%s has a wrong shape" % name, name,
                              "it must be (('Name', 'address'),) with the comma",
                              _remedy(subject, name))
    elif any(_example(subject, address) for address in recipients(subject, name)):
        yield subject.finding("email", "warning", "%s names Synnefo's own addresses" % name, name,
                              "mail about this site would go there", _remedy(subject, name))


def _unknown(subject: Subject, name: str, value: NotEvaluated) -> Finding:
    return subject.finding("unknown", "warning", "%s is not known" % name, name, value.why)


def _example(subject: Subject, address: str) -> bool:
    return any(_bare(address).lower().endswith(("@" + end, "." + end))
               for end in subject.conf["example_mail"])


def _server(subject: Subject) -> Iterator[Finding]:
    host, login = subject.conf["email_host"], subject.conf["email_login"]
    value = subject.value(host)
    if value is not None and not isinstance(value, NotEvaluated) and (
            not isinstance(value, str) or not re.match(r"[\w.-]+\Z|\[?[0-9A-Fa-f:]*::?[0-9A-Fa-f:]+"
                                                       r"\]?\Z", value)):
        yield subject.finding("email", "error", "%s is no host name" % host, name=host,
                              why="the port is EMAIL_PORT", remedy="%s = 'HOST'" % host)
    given = {name: subject.value(name) for name in login}
    for name, found in given.items():
        if isinstance(found, NotEvaluated):
            yield _unknown(subject, name, found)
        elif found is not None and not isinstance(found, str):
            yield subject.finding("email", "error", "%s is no text" % name, name)
    known = [bool(found) for found in given.values() if not isinstance(found, NotEvaluated)]
    if len(known) == len(login) and any(known) and not all(known):
        yield subject.finding("email", "warning", "only one of %s is set" % " and ".join(login),
                              [name for name in login if given[name]][0],
                              "the mail server is asked without a login")
    yield from _prefix(subject)


def _prefix(subject: Subject) -> Iterator[Finding]:
    name, default = subject.conf["email_prefix"], subject.conf["email_prefix_default"]
    value = subject.value(name)
    if isinstance(value, NotEvaluated):
        yield _unknown(subject, name, value)
    elif value is not None and (not isinstance(value, str) or "\n" in value or "\r" in value):
        yield subject.finding("email", "error", "%s is no line of text" % name, name,
                              "no mail could be sent", _remedy(subject, name))
    elif serves(subject) and _same_as_wanted(subject, name) and (
            value is None or value.strip() == default):
        yield subject.finding("email", "warning", "%s is Synnefo's own: %s" % (name, default),
                              name, "subjects of mail to administrators begin with it",
                              "%s = '[%s] '" % (name, subject.node or "cloud"))


def _wanted(subject: Subject) -> Iterator[Finding]:
    """Equal to what site.conf's [email] or --email-value gives."""
    for rule, value, wanted in _unlike(subject):
        yield subject.finding("email", "error", "%s is %s, wanted is %s" % (
            rule.to, "not set" if value is None else literal(value), literal(wanted)), rule.to,
            "site.conf's [email] or --email-value says so", "RENAME --email")


def _unlike(subject: Subject) -> Iterator[Tuple[Rule, Any, Any]]:
    for rule in subject.rules.kind(SET):
        wanted = subject.given.value(rule) if rule.value.startswith("email:") else None
        value = subject.value(rule.to)
        if wanted is not None and not isinstance(value, NotEvaluated) and not same(
                rule, value, wanted):
            yield rule, value, wanted


def _older(subject: Subject) -> Iterator[Finding]:
    """Email settings of older releases, and what does their work now."""
    for old, successors in subject.conf["email_successors"].items():
        if subject.directory.has(old):
            yield subject.finding(
                "email", "warning", "%s is ignored: %s now" % (old, " and ".join(successors)), old,
                "; ".join("%s: %s" % (name, _shown(subject, name)) for name in successors),
                _remedy(subject, successors[0]))
    pattern = re.compile(subject.conf["email_subjects"] + r"\Z")
    names = [name for name in subject.directory.names() if pattern.match(name)]
    if names:
        yield subject.finding("email", "note", "%d subjects of mails are ignored: %s"
                              % (len(names), ", ".join(names)), names[0],
                              "the subjects are fixed in this release")


def _shown(subject: Subject, name: str) -> str:
    value = subject.value(name)
    if isinstance(value, NotEvaluated):
        return "not known"
    return "not set" if not value else literal(value)


def _nobody(subject: Subject) -> Iterator[Finding]:
    contact = subject.value(subject.conf["addresses"][0])
    for row in rows(subject):
        if row["to"] or row["unknown"] or not all(
                _same_as_wanted(subject, name) for name in row["settings"]):
            continue
        first = row["settings"][0]
        line = "%s = (('Support', '%s'),)" % (first, _bare(contact)) if isinstance(
            contact, str) and _ADDRESS.match(_bare(contact)) else _remedy(subject, first)
        yield subject.finding("email", "warning", "nobody gets the mail about %s" % row["about"],
                              "", "empty or not set: %s" % ", ".join(row["settings"]), line)
