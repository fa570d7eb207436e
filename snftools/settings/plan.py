"""Rules of the release on the settings of a node: the edits, or what is refused and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from snftools.report import Finding
from snftools.settings import masked, names as how, removed
from snftools.settings.directory import Place, SettingsDir
from snftools.settings.edits import Edit, EditSet
from snftools.settings.insert import Insert
from snftools.settings.lexer import encoding, line_ends
from snftools.settings.rules import (
    ADD, FORBID, JOIN, RENAME, SET, Given, Rule, Rules, literal, same)
from snftools.settings.values import NotEvaluated, Unknown, evaluate, present

CHECK = "settings"
_HOW = {
    how.PLAIN: "in a block", how.CHAINED: "together with other names",
    how.TUPLE: "as part of a tuple", how.AUGMENTED: "by += or its like",
    how.ITEM: "by changing a part of it", how.LOOP: "by a loop", how.WITH: "by with",
    how.EXCEPT: "by except", how.IMPORT: "by import", how.DEF: "by def", how.CLASS: "by class",
    how.PARAMETER: "as a parameter", how.DELETE: "by del", how.GLOBAL: "by global",
    how.DYNAMIC: "through a string"}


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
        return any(finding.severity == "error" for finding in self.findings)


def make_plan(directory: SettingsDir, rules: Rules, given: Given,
              comment_removed: bool = False) -> Plan:
    """The edits that the release's rules ask of the files, proven on the staged result."""
    plan = Plan(EditSet(directory, rules))
    for where, why in directory.faults():
        plan.findings.append(Finding(
            "settings-syntax", "error", "Synnefo cannot execute this file", directory.node,
            _full(directory, where), why, "mend the line, then run the command again", 78))
    if plan.findings:
        return plan
    work = _Work(plan, directory, rules, given)
    for name in dict.fromkeys(row.to for row in rules.kind(RENAME, SET, JOIN, ADD)):
        work.setting(name)
    removed.plan_removed(plan.edits, plan.findings, comment_removed)
    if not plan.refused:
        work.prove()
    return plan


def _full(directory: SettingsDir, where: str) -> str:
    return directory.file_path(where)


class _Work:
    """One pass over the rules."""

    def __init__(self, plan: Plan, directory: SettingsDir, rules: Rules, given: Given) -> None:
        self.plan, self.directory, self.rules, self.given = plan, directory, rules, given
        self.insert = Insert(plan.edits)

    def refuse(self, what: str, place: Optional[Place], why: str, remedy: str) -> None:
        where, code_line = self.directory.path, ""
        if place is not None:
            where = self.directory.file_path(place.where)
            code_line = masked.line(place.source.line_text(place.token.line), self.rules)
        self.plan.findings.append(Finding(
            CHECK + "-refused", "error", what + (": " + code_line if code_line else ""),
            self.directory.node, where, why, remedy, 3))

    # -- one new name --------------------------------------------------------------------

    def setting(self, name: str) -> None:
        renames = [row for row in self.rules.kind(RENAME) if row.to == name]
        setter = next((row for row in self.rules.kind(SET, JOIN, ADD) if row.to == name), None)
        olds = [row.name for row in renames]
        wanted = self.given.value(setter) if setter else None
        rule = setter or renames[0]
        bound = [place for old in olds for place in self.directory.bindings(old)]
        own = self.directory.bindings(name)
        if not self._followed(bound + (own if wanted is not None or bound else [])):
            return
        if rule.kind in (ADD, RENAME) and (bound or own) and not self._empty(olds + [name]):
            wanted = None
        if wanted is None and not self._agree(olds, name, rule, renames):
            return
        value = wanted
        if wanted is None and not bound and not own and setter and setter.kind != ADD:
            value = self._derived(setter)
        self._edit(renames, bound, own, rule, value)
        self._uses(renames)
        if value is not None:
            self.plan.expected[name] = value
            self.plan.wanted[name] = rule
            if not bound and not own:
                self.insert.setting(rule, value, olds)
        elif setter and setter.required and not bound and not own:
            self.plan.missing.append(setter.value)
        self._learn(setter, renames, name)

    def _followed(self, places: List[Place]) -> bool:
        good = True
        for place in places:
            bound = place.bound
            if bound is not None and not bound.simple:
                self.refuse("%s is bound %s" % (bound.name, _HOW[bound.how]), place,
                            "this tool edits plain assignments only",
                            "write it as one plain assignment, NAME = value, then run again")
                good = False
        return good

    def _empty(self, names: List[str]) -> bool:
        values = [self._effective(name) for name in names if self.directory.has(name)]
        return all(value in ("", None) for value in values)

    def _effective(self, name: str) -> Any:
        try:
            return self.directory.value(name, None)
        except NotEvaluated as unknown:
            return unknown

    def _agree(self, olds: List[str], name: str, rule: Rule, renames: List[Rule]) -> bool:
        """Two names for one setting must not say two things when nobody says which holds."""
        strips = {row.name: row.strip for row in renames}
        values = [(known, _stripped(self._effective(known), strips.get(known, "")))
                  for known in olds + [name] if self.directory.has(known)]
        for known, value in values[1:]:
            first = values[0][1]
            if isinstance(value, NotEvaluated) or not same(rule, first, value):
                self.refuse("%s and %s hold different values" % (values[0][0], known),
                            self.directory.bindings(known)[-1], "nobody can tell which was meant",
                            self._remedy(rule))
                return False
        return True

    def _remedy(self, rule: Rule) -> str:
        source, _, key = rule.value.partition(":")
        option = {"base_url": "--base-url %s=URL", "email": "--email-value %s=VALUE"}.get(source)
        return "give it: " + option % key if option else "delete one of the two, then run again"

    def _derived(self, setter: Rule) -> Optional[str]:
        for name in setter.derive:
            value = self._effective(name)
            if isinstance(value, str) and value:
                self.plan.findings.append(Finding(
                    CHECK + "-derived", "warning", "%s is taken from %s: %s"
                    % (setter.to, name, value), self.directory.node,
                    self.directory.file_path(self.directory.where(name)),
                    "no base URL was given", self._remedy(setter)))
                return value
        return None

    def _learn(self, setter: Optional[Rule], renames: List[Rule], name: str) -> None:
        """A base URL that the files themselves give serves the rules that come after."""
        source, _, key = setter.value.partition(":") if setter else ("", "", "")
        if source != "base_url" or self.given.base_urls.get(key) or (
                setter and setter.kind != SET):
            return
        for known in [row.name for row in renames] + [name]:
            strip = next((row.strip for row in renames if row.name == known), "")
            value = _stripped(self._effective(known), strip)
            if isinstance(value, str) and value:
                self.given.base_urls[key] = value

    # -- edits ---------------------------------------------------------------------------

    def _edit(self, renames: List[Rule], bound: List[Place], own: List[Place], rule: Rule,
              value: Any) -> None:
        right = value is not None and not bound and same(
            rule, self._effective(rule.to), value)
        strips = {row.name: row for row in renames}
        for place in bound + ([] if right or value is None else own):
            item = place.bound
            assert item is not None
            row = strips.get(item.name, rule)
            new = self._new_value(place, rule, row, value)
            if item.name != rule.to:
                self._token(place, rule.to, row)
            if new is not None:
                self._value(place, rule, new)

    def _new_value(self, place: Place, rule: Rule, row: Rule, value: Any) -> Optional[str]:
        """The source of the new value, None to leave the old."""
        item = place.bound
        assert item is not None and item.value is not None
        inside = [token for token in item.statement.tokens if token.start >= item.value[0]]
        try:
            old: Any = present(evaluate(inside, {}))
        except Unknown:
            old = NotEvaluated(place.where, "")
        if value is not None:
            return None if same(rule, old, value) else literal(value)
        if not row.strip:
            return None
        effective = self._effective(item.name)
        if isinstance(effective, str) and _stripped(effective, row.strip) == effective:
            return None
        if isinstance(old, str) and old:
            return literal(_stripped(old, row.strip))
        self.refuse("the value of %s is computed" % item.name, place,
                    "%s must go from its end" % row.strip, self._remedy(rule))
        return None

    def _token(self, place: Place, new: str, row: Rule) -> None:
        token = place.token
        self.plan.edits.add(Edit(place.source.name, token.line, token.start, token.end, new,
                                 row.id, row.to, token.text, new))

    def _value(self, place: Place, rule: Rule, new: str) -> None:
        item = place.bound
        assert item is not None and item.value is not None
        start, end = item.value
        old = place.source.text[start:end]
        secret = rule.secret or self.rules.is_secret(rule.to)
        if not secret:
            self.insert.comment(place, "%s = %s" % (item.name, old), rule)
        self.plan.edits.add(Edit(
            place.source.name, place.source.tokens[0].line - 1
            + line_ends(place.source.text[:start]) + 1, start, end, new, rule.id, rule.to,
            "***" if secret else masked.url(old),
            "%s = %s" % (rule.to, "***" if secret else new)))

    def _uses(self, renames: List[Rule]) -> None:
        for row in renames:
            for place in self.directory.uses(row.name):
                self._token(place, row.to, row)

    # -- the staged result ---------------------------------------------------------------

    def prove(self) -> None:
        """What was wanted is what the staged files say, and nothing else broke."""
        staged = self.plan.edits.stage()
        for where, why in staged.faults():
            self.refuse("the edited %s would not be Python" % where, None, why,
                        "mend the file by hand")
        for source in staged.files:
            old = self.directory.source(source.name)
            if old is not None and encoding(old.text) != encoding(source.text):
                self.refuse("the edit would hide the encoding of %s" % source.name, None,
                            "its coding line must stay in line 1 or 2",
                            "put the coding line first, then run again")
        for name, value in self.plan.expected.items():
            self._proved(staged, name, value)
        for row in self.rules.kind(FORBID):
            for name in row.names:
                self._not_default(staged, name, row.pattern)

    def _proved(self, staged: SettingsDir, name: str, value: Any) -> None:
        try:
            found = staged.value(name)
        except NotEvaluated as unknown:
            self.refuse("%s cannot be proven" % name, None, str(unknown),
                        "write it as one plain assignment, NAME = value, then run again")
            return
        if not same(self.plan.wanted[name], found, value):
            self.refuse("%s would not have the value that is wanted" % name, None,
                        "%s sets it last" % staged.where(name), "mend that line by hand")

    def _not_default(self, staged: SettingsDir, name: str, pattern: str) -> None:
        try:
            found = staged.value(name, "")
        except NotEvaluated:
            return
        if isinstance(found, str) and pattern in found:
            self.refuse("%s would be %s" % (name, found), None,
                        "%s is Synnefo's own example" % pattern,
                        "give the real one in site.conf or by --base-url")


def _stripped(value: Any, suffix: str) -> Any:
    if not suffix or not isinstance(value, str):
        return value
    bare = value.rstrip("/")
    return bare[:-len(suffix)].rstrip("/") if bare.endswith(suffix) else value
