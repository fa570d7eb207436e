"""Settings that kept their name and changed their meaning (SOURCE 1.6)."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator
from urllib.parse import urlsplit

from snftools.report import Finding
from snftools.settings.checks import Subject, comment_out
from snftools.settings.lexer import STRING
from snftools.settings.namespace import Namespace
from snftools.settings.rules import literal
from snftools.settings.statements import MODULE, Statement
from snftools.settings.values import NotEvaluated, Unknown, present

_OUT = frozenset(["remove", "!=", "<>", "not", "del", "pop", "filter", "index"])

_FAILS = frozenset(["remove", "index"])      # a ValueError where there is no such entry


def check(subject: Subject) -> Iterator[Finding]:
    """Old shapes and old paths."""
    yield from _landing(subject)
    yield from _hvparams(subject)
    yield from _middleware(subject)
    yield from _hidden(subject)


def _landing(subject: Subject) -> Iterator[Finding]:
    for name in subject.conf["landing"]:
        value = subject.value(name)
        if isinstance(value, NotEvaluated) and subject.directory.has(name):
            yield subject.finding("unknown", "warning", "%s is not known" % name, name, value.why)
        elif isinstance(value, str) and urlsplit(value).path.rstrip("/").endswith(
                subject.conf["landing_path"]):
            yield subject.finding("landing", "error", "%s is %s" % (name, value), name,
                                  "that page is not there any more: logging in ends with an error",
                                  _without(subject, name))


def _without(subject: Subject, name: str) -> str:
    """The line that comments out what sets the name last; the default is right."""
    where = subject.where(name)
    for statement, names, place in subject.statements(re.compile(re.escape(name))):
        if place == where and name in names and statement.plain_place:
            return comment_out(where, statement)
    return "delete the line: the default is right"


def _hvparams(subject: Subject) -> Iterator[Finding]:
    """Started from the release's own shape, so that `X['hvparams'] = ...` can be followed."""
    name, key = subject.conf["per_hypervisor"], subject.conf["per_hypervisor_key"]
    if not subject.directory.has(name):
        return
    space = Namespace()
    space.values[name] = {key: {each: {} for each in subject.conf["hypervisors"]}}
    value: Any = space.run(subject.directory.files).values[name]
    if isinstance(value, Unknown):
        value = subject.answer.values.get(name, value)
    if isinstance(value, Unknown):
        yield subject.finding("unknown", "warning", "%s is not known" % name, name, str(value),
                              "see that '%s' in it is given by hypervisor" % key)
        return
    params = present(value).get(key) if isinstance(value, dict) else None
    if isinstance(params, dict) and any(not isinstance(each, dict) for each in params.values()):
        yield subject.finding("hvparams", "error", "%s['%s'] is flat" % (name, key), name,
                              "it is read by hypervisor now, a flat one is ignored silently",
                              "%s['%s'] = %s" % (name, key, ascii(_by_hypervisor(subject, params))))


def _by_hypervisor(subject: Subject, params: Dict[Any, Any]) -> Dict[str, Any]:
    """The flat parameters given to the first hypervisor, which is Synnefo's usual one."""
    every: Dict[str, Any] = {each: {} for each in subject.conf["hypervisors"]}
    every.update((each, found) for each, found in params.items() if isinstance(found, dict))
    first = dict(every[subject.conf["hypervisors"][0]])
    first.update((each, found) for each, found in params.items() if not isinstance(found, dict))
    every[subject.conf["hypervisors"][0]] = first
    return every


def _middleware(subject: Subject) -> Iterator[Finding]:
    name, entry = subject.conf["middleware"], subject.conf["middleware_value"]
    here = set(subject.rules.roles) & set(subject.conf["middleware_roles"])
    for statement, _, where in subject.statements(re.compile(re.escape(entry))):
        words = {token.text for token in statement.tokens}
        if name not in words or statement.scope != MODULE or not words & _OUT or not any(
                token.kind == STRING and entry in token.text for token in statement.tokens):
            continue
        yield from _taken_out(subject, entry, name, statement, where, bool(here))


def _taken_out(subject: Subject, entry: str, name: str, statement: Statement, where: str,
               here: bool) -> Iterator[Finding]:
    if statement.header:
        return               # if ... in MIDDLEWARE_CLASSES: what stands below it is looked at
    words = {token.text for token in statement.tokens}
    fatal = not here and statement.plain_place and bool(words & _FAILS)
    yield subject.finding(
        "csrf", "error" if fatal else "warning", "%s is taken out of %s" % (entry, name), name,
        "it is not in there on this node: the line would stop every Synnefo program" if fatal else
        "the guide of 0.13 said so; it switches off the protection against forged requests",
        comment_out(where, statement), where)


def _hidden(subject: Subject) -> Iterator[Finding]:
    for name, word in subject.conf["hidden"].items():
        if not subject.directory.has(name):
            continue
        value = subject.value(name)
        if isinstance(value, NotEvaluated):
            yield subject.finding("unknown", "warning", "%s is not known" % name, name, value.why,
                                  "see that it has %s in it" % word)
        elif not isinstance(value, str):
            yield subject.finding("hidden", "error", "%s is no text" % name, name,
                                  "this release wants words with | between them",
                                  "%s = %s" % (name, literal("|".join(_words(value, word)))))
        elif word not in value.split("|"):
            yield subject.finding("hidden", "warning", "%s lacks %s" % (name, word), name,
                                  "reports of errors would show what it hides by default",
                                  "%s = %s" % (name, literal(word + "|" + value)))


def _words(value: Any, word: str) -> Any:
    items = [item for item in value if isinstance(item, str)] if isinstance(
        value, (list, tuple)) else []
    return items if word in items else [word, *items]
