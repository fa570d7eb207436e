"""The staged files proven: what was wanted is what they say, and nothing else broke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snftools.settings import masked
from snftools.settings.directory import SettingsDir
from snftools.settings.lexer import encoding
from snftools.settings.rules import FORBID, REMOVED, same
from snftools.settings.values import NotEvaluated, Unknown, present

if TYPE_CHECKING:
    from snftools.settings.plan import Plan

_NOWHERE = object()


def prove(plan: "Plan", comment_removed: bool) -> None:
    """Adds a refusal for whatever is not as it must be."""
    if not plan.edits.edits:
        staged = plan.edits.directory
    else:
        staged = plan.edits.stage()
        _readable(plan, staged)
        if plan.refused:
            return
        _others(plan, staged, comment_removed)
    for name, value in plan.expected.items():
        _expected(plan, staged, name, value)
    for row in plan.edits.rules.kind(FORBID):
        for name in row.names:
            _not_default(plan, staged, name, row.pattern)


def _readable(plan: "Plan", staged: SettingsDir) -> None:
    for where, why in staged.faults():
        plan.refuse("the edited %s would not be Python" % where, None, why,
                    "mend the file by hand")
    for name in plan.edits.changed():
        old, new = plan.edits.directory.source(name), staged.source(name)
        if old and new and encoding(old.text) != encoding(new.text):
            plan.refuse("the edit would hide the encoding of %s" % name, None,
                        "its coding line must stay in line 1 or 2",
                        "put the coding line first, then run again")


def _expected(plan: "Plan", staged: SettingsDir, name: str, value: Any) -> None:
    try:
        found = staged.value(name)
    except NotEvaluated as unknown:
        plan.refuse("%s cannot be proven" % name, None, str(unknown),
                    "write it as one plain assignment, NAME = value, then run again")
        return
    if not same(plan.wanted[name], found, value):
        plan.refuse("%s would not have the value that is wanted" % name, None,
                    "%s sets it last" % staged.where(name), "mend that line by hand")


def _others(plan: "Plan", staged: SettingsDir, comment_removed: bool) -> None:
    """Settings that no rule is about: those that follow a new value are told."""
    rules = plan.edits.rules
    skipped = rules.old_names() | {row.to for row in rules.rows}
    if comment_removed:
        skipped |= {edit.name for edit in plan.edits.edits}
        skipped |= {name for row in rules.kind(REMOVED) for name in row.names}
    before = plan.edits.directory.scan.namespace
    after = staged.scan.namespace
    for name, old in before.values.items():
        new = after.values.get(name, _NOWHERE)
        if name in skipped or isinstance(old, Unknown) or new is old or new == old:
            continue
        where = before.places[name]
        if new is _NOWHERE or isinstance(new, Unknown):
            if not comment_removed:
                plan.refuse("%s would be lost by the edits" % name, None,
                            "%s sets it" % before.places[name], "mend that line by hand")
            continue
        plan.find("follows", "warning", "%s is made from what changes: %s" % (
            name, "its value is secret" if rules.is_secret(name) else "%s -> %s" % (
                masked.url(ascii(present(old))), masked.url(ascii(present(new))))),
            where, "it was written by hand", "look whether that is what it must be")


def _not_default(plan: "Plan", staged: SettingsDir, name: str, pattern: str) -> None:
    try:
        found = staged.value(name, "")
    except NotEvaluated:
        return
    if isinstance(found, str) and pattern in found:
        plan.refuse("%s would be %s" % (name, found), None,
                    "%s is Synnefo's own example" % pattern,
                    "give the real one in site.conf or by --base-url")
