"""Rules of the release on the settings of a node: the edits, or what is refused and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from snftools.errors import Usage
from snftools.report import Finding
from snftools.settings import how, masked, mentions, proof, removed, ways
from snftools.settings.amend import Amend
from snftools.settings.directory import SettingsDir
from snftools.settings.edits import EditSet
from snftools.settings.rules import (
    ADD, JOIN, RENAME, SET, Given, Rule, Rules, people, same, stripped)
from snftools.settings.scan import Place
from snftools.settings.values import NotEvaluated

CHECK = "settings"


@dataclass
class Plan:
    """What the rules want of one node (live while it is made)."""

    edits: EditSet
    findings: List[Finding] = field(default_factory=list)
    missing: List[str] = field(default_factory=list)     # values that nobody gave
    expected: Dict[str, Any] = field(default_factory=dict)
    wanted: Dict[str, Rule] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Nothing may be written."""
        return any(finding.severity == "error" for finding in self.findings)

    def find(self, check: str, severity: str, what: str, where: str = "", why: str = "",
             remedy: str = "", code: int = 3) -> None:
        """Add a finding about FILE:LINE (the directory, if there is no place)."""
        directory = self.edits.directory
        self.findings.append(Finding(
            CHECK + "-" + check, severity, what, directory.node,
            directory.file_path(where) if where else directory.path, why, remedy, code))

    def refuse(self, what: str, place: Optional[Place], why: str, remedy: str) -> None:
        """What can't be done safely: nothing of the node is written."""
        line = masked.source_line(place.source, place.token.line, self.edits.rules) if place else ""
        self.find("refused", "error", what + (": " + line if line else ""),
                  place.where if place else "", why, remedy)


def make_plan(directory: SettingsDir, rules: Rules, given: Given,
              comment_removed: bool = False) -> Plan:
    """The edits that the release's rules ask of the files, proven on the staged result."""
    plan = Plan(EditSet(directory, rules))
    for where, why in directory.faults():
        plan.find("syntax", "error", "Synnefo cannot execute this file", where, why,
                  "mend the line, then run the command again", 78)
    if plan.findings:
        return plan
    work = _Work(plan, directory, rules, given)
    for name in dict.fromkeys(row.to for row in rules.kind(RENAME, SET, JOIN, ADD)):
        work.setting(name)
    removed.plan_removed(plan.edits, plan.findings, comment_removed)
    mentions.look(plan)
    plan.edits.settle()
    if not plan.refused:
        proof.prove(plan, comment_removed)
    return plan


class _Work:
    """One pass over the rules."""

    def __init__(self, plan: Plan, directory: SettingsDir, rules: Rules, given: Given) -> None:
        self.plan, self.directory, self.rules, self.given = plan, directory, rules, given
        self.amend = Amend(plan.edits, plan.refuse)

    def setting(self, name: str) -> None:
        """One new name: the old ones become it, its value is set, or it is added."""
        renames = [row for row in self.rules.kind(RENAME) if row.to == name]
        setter = next((row for row in self.rules.kind(SET, JOIN, ADD) if row.to == name), None)
        rule = setter or renames[0]
        olds = [row.name for row in renames]
        wanted = self.given.value(setter) if setter else None
        bound = [place for old in olds for place in self.directory.bindings(old)]
        own = self.directory.bindings(name)
        if not self._followed(bound, own, wanted is not None, rule):
            return
        absent = self._empty(olds + [name])
        if rule.kind in (ADD, RENAME) and (bound or own) and not absent:
            wanted = None
        if wanted is None and not self._agree(olds, name, rule, renames):
            return
        value = wanted
        if wanted is None and setter and absent:
            value = self._derived(setter)
        self._edit(renames, bound, own, rule, value)
        self._expect(renames, name, rule, value, absent)
        if value is not None and not any(map(_binds, bound + own)):
            self.amend.insert.setting(rule, value, olds)
        elif value is None and setter and (
                setter.kind == JOIN or (setter.required and absent)):
            self._miss(setter)
        self._tell(renames, bound, setter, value)
        self._learn(setter, renames, name)

    def _miss(self, setter: Rule) -> None:
        if setter.value not in self.plan.missing:
            self.plan.missing.append(setter.value)

    def _followed(self, bound: List[Place], own: List[Place], wanted: bool, rule: Rule) -> bool:
        touched = bound + (own if wanted or bound else [])
        problems = [(place, ways.DESCRIBED[place.bound.how]) for place in touched
                    if place.bound is not None and not ways.followed(place.bound)]
        if wanted:
            problems += [(place, ways.DESCRIBED["global"]) for place in ways.globals_of(touched)]
        for place, described in problems:
            self.plan.refuse("%s is bound %s" % (place.token.text.strip("'\""), described), place,
                             "this can't be followed safely",
                             "write it as one plain assignment, NAME = value, then run again")
        for place in bound:
            if place.bound is not None and ways.local(place.bound) and (
                    rule.to.encode() in place.source.data):
                self.plan.refuse("%s is also a function's own variable" % place.bound.name, place,
                                 "%s stands in this file too" % rule.to,
                                 "give the variable another name, then run again")
                return False
        return not problems

    def _empty(self, names: List[str]) -> bool:
        values = [self._effective(name) for name in names]
        return all(value in ("", None) for value in values)

    def _effective(self, name: str) -> Any:
        try:
            return self.directory.value(name, None)
        except NotEvaluated as unknown:
            return unknown

    def _agree(self, olds: List[str], name: str, rule: Rule, renames: List[Rule]) -> bool:
        """Two names for one setting must not say two things when nobody says which holds."""
        strips = {row.name: row.strip for row in renames}
        values = [(known, stripped(self._effective(known), strips.get(known, "")))
                  for known in olds + [name]
                  if any(map(_binds, self.directory.bindings(known)))]
        for known, value in values[1:]:
            first = values[0][1]
            if isinstance(value, NotEvaluated) or not same(rule, first, value):
                unknown = isinstance(value, NotEvaluated) or isinstance(first, NotEvaluated)
                self.plan.refuse(
                    "%s and %s %s" % (values[0][0], known, "are both set, and it can't be told "
                                      "whether alike" if unknown else "hold different values"),
                    self.directory.bindings(known)[-1], "nobody can tell which was meant",
                    self._remedy(rule))
                return False
        return True

    def _remedy(self, rule: Rule) -> str:
        source, _, key = rule.value.partition(":")
        option = {"base_url": "--base-url %s=URL", "email": "--email-value %s=VALUE"}.get(source)
        return "give it: " + option % key if option else "delete one of the two, then run again"

    def _derived(self, setter: Rule) -> Any:
        """A value that nobody gave, from another setting or from what is registered."""
        for name in setter.derive:
            value = self._effective(name)
            if isinstance(value, str) and value:
                return self._said(setter, value, name, self.directory.where(name))
        source, _, key = setter.value.partition(":")
        url = stripped(self.given.registered.get(key, ""), "/ui") if source == "base_url" else ""
        return self._said(setter, url, "the URL that is registered for " + key, "") \
            if url else None

    def _said(self, setter: Rule, text: str, source: str, where: str) -> Any:
        try:
            value: Any = people(text) if setter.shape == "people" else text
        except Usage:
            return None
        self.plan.find("derived", "warning", "%s is taken from %s: %s"
                       % (setter.to, source, masked.url(text)), where,
                       "nobody gave it", self._remedy(setter))
        return value

    def _tell(self, renames: List[Rule], bound: List[Place], setter: Optional[Rule],
              value: Any) -> None:
        """What a person should know of a rename."""
        for row in renames:
            places = [place for place in bound if place.token.text == row.name]
            if places and row.note:
                self.plan.find("note", "warning", "%s became %s" % (row.name, row.to),
                               places[-1].where, row.note)
            if places and value is None and setter and setter.value.startswith("base_url:"):
                text = stripped(self._effective(row.name), row.strip)
                if isinstance(text, str):
                    self._said(setter, text, row.name, places[-1].where)

    def _learn(self, setter: Optional[Rule], renames: List[Rule], name: str) -> None:
        """A base URL that the files themselves give serves the rules that come after."""
        source, _, key = setter.value.partition(":") if setter else ("", "", "")
        if source != "base_url" or self.given.base_urls.get(key) or (
                setter and setter.kind != SET):
            return
        for known in [row.name for row in renames] + [name]:
            strip = next((row.strip for row in renames if row.name == known), "")
            value = stripped(self._effective(known), strip)
            if isinstance(value, str) and value:
                self.given.base_urls[key] = value

    def _edit(self, renames: List[Rule], bound: List[Place], own: List[Place], rule: Rule,
              value: Any) -> None:
        names = [row.name for row in renames] + [rule.to]
        rows = {row.name: row for row in renames}
        right = value is not None and not bound and same(
            rule, self._effective(rule.to), value)
        for place in bound + ([] if right or value is None else own):
            assert place.bound is not None
            row = rows.get(place.bound.name, rule)
            if place.bound.name != rule.to:
                self.amend.token(place, rule.to, row)
            if ways.local(place.bound) or ways.globals_of([place]):
                continue
            if value is not None:
                self.amend.set(place, rule, value, names)
            elif row.strip and place.bound.how != how.DELETE:
                self.amend.strip(place, rule, row, self._effective(row.name),
                                 self._remedy(rule), names)
        for row in renames:
            for place in self.directory.uses(row.name):
                self.amend.token(place, row.to, row)

    def _expect(self, renames: List[Rule], name: str, rule: Rule, value: Any,
                absent: bool) -> None:
        """What the staged files must say for the new name."""
        if value is None and not absent:
            for row in renames:
                found = self._effective(row.name)
                if found is not None and not isinstance(found, NotEvaluated):
                    value = stripped(found, row.strip)
        if value is not None:
            self.plan.expected[name] = value
            self.plan.wanted[name] = rule


def _binds(place: Place) -> bool:
    """The module's own name gets a value there."""
    return place.bound is not None and not ways.local(place.bound) and place.bound.how != how.DELETE
