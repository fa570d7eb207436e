"""Proving a node's package versions (RUNBOOK 2.1): in range, configured, the pair the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Mapping

from snftools.output.text import table
from snftools.packages import query
from snftools.packages.wanted import Part, Row, judge
from snftools.report import Finding, Report

if TYPE_CHECKING:
    from snftools.node import Node

Known = Mapping[str, query.Package]

_HEADERS = ("NODE", "PACKAGE", "INSTALLED", "WANTED", "STATE")


def verify(node: "Node", part: Part, target: str = "") -> Report:
    """One node's table and findings; errors (4) for what is not as it must be.

    Packages of the family that the node's roles do not list may be older (OBSERVED K): a note.
    """
    remedy = "snf-install-packages --node %s" % node.name
    known = query.installed(node, list(dict.fromkeys(
        [*query.package_names(part, node.roles), *part["lockstep"]["same"],
         *part["family"]["packages"]])))
    rows = judge(node, part, target, known)
    findings = _wrong(node, rows, remedy)
    findings += _pair(node, part, known, remedy)
    findings += _halves(node, [row.name for row in rows if row.problem], remedy)
    findings += _strangers(node, part, known, [row.name for row in rows])
    lines = table([(node.name, row.name, row.version or "-", row.wanted,
                    row.problem or "ok") for row in rows], _HEADERS)
    return Report(findings=tuple(findings), lines=tuple(lines), result={
        "nodes": {node.name: {"packages": [row.as_dict() for row in rows]}}})


def _wrong(node: "Node", rows: List[Row], remedy: str) -> List[Finding]:
    """The packages of the node's roles that are not as the release wants them."""
    wrong = [row for row in rows if row.problem]
    if not wrong:
        return []
    told = ["%s %s: %s" % (row.name, row.version, row.problem) if row.version
            else "%s: %s" % (row.name, row.problem) for row in wrong]
    return [Finding("package-version", "error", "%d of %d packages are not as wanted:\n%s"
                    % (len(wrong), len(rows), "\n".join(told)), node=node.name,
                    remedy=remedy)]


def _pair(node: "Node", part: Part, known: Known, remedy: str) -> List[Finding]:
    """The packages that must have one version wherever they are installed."""
    there = {name: known[name].version for name in part["lockstep"]["same"]
             if name in known and known[name].there}
    if len(set(there.values())) < 2:
        return []
    return [Finding("version-pair", "error", "not the same version: %s" % ", ".join(
        "%s %s" % item for item in sorted(there.items())), node=node.name, remedy=remedy)]


def _halves(node: "Node", told: List[str], remedy: str) -> List[Finding]:
    """What dpkg --audit complains of."""
    left = [name for name in query.audit(node) if name not in told]
    if not left:
        return []
    return [Finding("dpkg-audit", "error", "dpkg --audit complains of %s" % ", ".join(left),
                    node=node.name, remedy=remedy)]


def _strangers(node: "Node", part: Part, known: Known, names: List[str]) -> List[Finding]:
    """Packages of the family at a version outside of the range, that no role here lists."""
    others = [known[name] for name in part["family"]["packages"]
              if name in known and name not in names]
    return [Finding("other-package", "note", "%s stays at %s: no role of this node needs it"
                    % (one.name, one.version), node=node.name, where=one.name)
            for one in others
            if one.there and not query.in_range(node, one.version, part["lockstep"]["range"])]
