"""Installing a release's packages on a node: planned, simulated, kept, done, proved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple

from snftools.errors import Failed, Refused
from snftools.packages import apt, conffiles, debs, policy, query, record
from snftools.packages.wanted import Part, Row, check_target, choose, judge
from snftools.report import Finding

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.state import UndoStore


@dataclass(frozen=True)
class Plan:
    """What is to be done on a node; nothing of it is done yet.

    `versions` is empty when all packages are as they must be.  `remove` are obsolete ones.
    """

    rows: Tuple[Row, ...]
    versions: Dict[str, str] = field(default_factory=dict)
    actions: Tuple[apt.Action, ...] = ()
    remove: Tuple[apt.Action, ...] = ()
    half: Tuple[str, ...] = ()
    left: bool = False
    findings: Tuple[Finding, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        return self.changes or self.left

    @property
    def changes(self) -> bool:
        """Whether packages change; a policy-rc.d that is put back is no such change."""
        return bool(self.versions or self.remove or self.half)

    @property
    def installs(self) -> Dict[str, str]:
        """The new version of each package that comes or changes."""
        return {one.name: one.new for one in self.actions if one.kind == "Inst"}

    @property
    def removals(self) -> List[str]:
        """The packages that go."""
        return list(dict.fromkeys(one.name for one in self.actions + self.remove
                                  if one.kind in ("Remv", "Purg")))


def make_plan(node: "Node", part: Part, target: str, remove_obsolete: bool) -> Plan:
    """Look at the node, ask its apt; Refused (3) when it can't be done as announced."""
    check_target(node, part, target)
    rows = tuple(judge(node, part, target))
    half = tuple(query.audit(node))
    findings: List[Finding] = []
    versions: Dict[str, str] = {}
    actions: List[apt.Action] = []
    if any(row.problem for row in rows):
        failure = apt.update(node)
        versions = choose(node, part, target)
        if failure:
            findings.append(Finding(
                "apt-update", "warning", "apt-get update failed: the lists that were there "
                "offer what is needed", node=node.name, why=failure))
        # A half configured node can't be simulated by every apt; then it is configured first.
        actions = [] if half else apt.simulate(node, "install", apt.words_of(versions))
        _refuse_unannounced(node, part, actions)
    remove, notes = _obsolete(node, part, remove_obsolete)
    return Plan(rows, versions, tuple(actions), tuple(remove), half, policy.is_left(node),
                tuple(findings + notes))


def _refuse_unannounced(node: "Node", part: Part, actions: Sequence[apt.Action]) -> None:
    """Refused (3) when apt would remove what the release does not announce."""
    gone = [one.name for one in actions
            if one.kind in ("Remv", "Purg") and one.name not in part["removed"]]
    if gone:
        raise Refused("apt would remove %s" % ", ".join(gone), node=node.name,
                      why="this release announces only the removal of %s"
                          % (", ".join(part["removed"]) or "nothing"), unchanged="everything",
                      next="on %s: apt-get -s install ... shows why; decide what these "
                           "packages are for" % node.name)


def _obsolete(node: "Node", part: Part, wanted: bool
              ) -> Tuple[List[apt.Action], List[Finding]]:
    """What goes because nothing needs it any more, and what is said of it."""
    actions: List[apt.Action] = []
    findings: List[Finding] = []
    known = query.installed(node, list(part["obsolete"]))
    for name, row in part["obsolete"].items():
        if name not in known or not known[name].there:
            continue
        users = [one.name for one in query.installed(node, row["used_by"]).values()
                 if one.there] if row["used_by"] else []
        if not wanted:
            findings.append(Finding("obsolete-package", "note", "%s is not needed any more: %s"
                                    % (name, row["why"]), node=node.name, where=name,
                                    remedy="snf-install-packages --remove-obsolete --node "
                                           + node.name))
            continue
        simulated = apt.simulate(node, "remove", [name])
        users += [one.name for one in simulated
                  if one.kind in ("Remv", "Purg") and one.name != name]
        if users:
            findings.append(Finding("obsolete-needed", "warning", "%s stays: %s needs it"
                                    % (name, ", ".join(users)), node=node.name, where=name))
        else:
            actions += [one for one in simulated if one.kind in ("Remv", "Purg")]
    return actions, findings


def install(node: "Node", part: Part, plan: Plan, store: "UndoStore", tell: apt.Tell,
            target: str = "") -> List[Finding]:
    """Carry the plan out and prove it; services must be down.  Raises Failed, Locked, Refused.

    What is replaced is kept in the store before anything changes.
    """
    policy.recover(node)
    policy.refuse_working(node)
    if not plan.changes:
        return []
    findings = record.begin(node, store, plan.versions, plan.actions + plan.remove,
                            list(plan.half))
    try:
        findings += _change(node, part, plan, store, tell)
    finally:
        record.end(node, store)
    _prove(node, part, target, plan)
    return findings


def _change(node: "Node", part: Part, plan: Plan, store: "UndoStore", tell: apt.Tell
            ) -> List[Finding]:
    """What is half configured is finished first, then apt runs."""
    findings: List[Finding] = []
    if plan.half:
        apt.configure(node, tell)
        if plan.versions:
            actions = apt.simulate(node, "install", apt.words_of(plan.versions))
            _refuse_unannounced(node, part, actions)
            findings = record.begin(node, store, plan.versions, actions, [])
    if plan.versions:
        apt.get(node, "install", apt.words_of(plan.versions), tell)
    if plan.remove:
        apt.get(node, "remove", [one.name for one in plan.remove], tell)
    return findings


def _prove(node: "Node", part: Part, target: str, plan: Plan) -> None:
    """Ask dpkg again; Failed when the node is not as it must be."""
    wrong = ["%s %s: %s" % (row.name, row.version, row.problem)
             for row in judge(node, part, target) if row.problem]
    left = query.installed(node, plan.removals) if plan.removals else {}
    wrong += ["%s is still installed" % one.name for one in left.values() if one.there]
    wrong += ["%s: dpkg --audit complains" % name for name in query.audit(node)]
    if policy.is_left(node):
        wrong.append("%s was not put back" % policy.PATH)
    if wrong:
        raise Failed("apt ended well, but dpkg says: " + "; ".join(wrong), node=node.name,
                     unchanged="settings, databases", next="dpkg --audit    (on %s), then the "
                     "same line again" % node.name)


def download(node: "Node", part: Part, plan: Plan, tell: apt.Tell) -> Tuple[bool, List[Finding]]:
    """Fetch the new .debs and those of the way back into the node's apt cache; install nothing.

    Returns whether anything was fetched.  Raises Failed when one of the new can't be had.
    """
    findings: List[Finding] = []
    before = _cache(node)
    if plan.versions:
        words = apt.words_of(plan.versions)
        tell("downloading", "%d packages" % len(words))
        apt.get(node, "install", words, tell, "-d")
    old = {one.name: one.old for one in plan.actions + plan.remove if one.old}
    missing = debs.fetch_all(node, old)
    if missing:
        findings.append(record.not_kept(node, missing, old))
    return _cache(node) != before, findings


def _cache(node: "Node") -> List[str]:
    try:
        return [name for name in node.list(debs.ARCHIVES) if name.endswith(".deb")]
    except OSError:
        return []


def merge_findings(node: "Node", part: Part) -> List[Finding]:
    """The .dpkg-dist files that are left to merge, as one note."""
    there: List[Any] = conffiles.to_merge(node, query.package_names(part, node.roles))
    if not there:
        return []
    return [Finding("to-merge", "note", "%d new configuration files lie beside the kept ones:\n%s"
                    % (len(there), "\n".join(there)), node=node.name,
                    remedy="diff -u %s %s    (on %s), then remove it" % (
                        there[0][:-len(".dpkg-dist")], there[0], node.name))]
