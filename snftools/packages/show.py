"""What snf-install-packages says: one Report for each way that it can end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Sequence

from snftools.output.text import table
from snftools.packages.record import KIND
from snftools.packages.wanted import judge
from snftools.report import Finding, Report

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.packages.install import Plan
    from snftools.packages.wanted import Part
    from snftools.state import UndoStore


def _result(node: "Node", plan: "Plan", **more: Any) -> Dict[str, Any]:
    return {"nodes": {node.name: {
        "packages": [row.as_dict() for row in plan.rows], "install": plan.installs,
        "remove": plan.removals, "half_configured": list(plan.half), **more}}}


def _todo(node: "Node", plan: "Plan", will: str) -> List[str]:
    """What the plan comes to, a line each."""
    old = {one.name: one.old for one in plan.actions + plan.remove if one.kind != "Conf"}
    rows = [(node.name, name, old.get(name, "") or "-", "->", version)
            for name, version in (plan.installs or plan.versions).items()]
    rows += [(node.name, name, old.get(name, "") or "-", "->", "removed")
             for name in plan.removals]
    lines = table(rows)
    if plan.half:
        lines.append("  %s: half configured: %s %s configured"
                     % (node.name, " ".join(plan.half), will))
    if plan.left:
        lines.append("  %s: policy-rc.d of an interrupted run: it %s put back"
                     % (node.name, will))
    return lines


def check(node: "Node", plan: "Plan", findings: Sequence[Finding]) -> Report:
    """Would it change anything?"""
    lines = _todo(node, plan, "would be") if plan.needed else [_there(node, plan)]
    return Report(changed=plan.needed, findings=(*plan.findings, *findings),
                  lines=tuple(lines), result=_result(node, plan))


def _there(node: "Node", plan: "Plan") -> str:
    return "%s: all %d packages are installed and configured: unchanged." % (
        node.name, len(plan.rows))


def unchanged(node: "Node", plan: "Plan", findings: Sequence[Finding]) -> Report:
    """There was nothing to do."""
    return Report(findings=(*plan.findings, *findings), lines=(_there(node, plan),),
                  result=_result(node, plan))


def downloaded(node: "Node", plan: "Plan", fetched: bool, findings: Sequence[Finding]) -> Report:
    """--download-only."""
    line = "%s: %s; nothing was installed." % (node.name, (
        "%d packages are at hand, new and old" % len(plan.installs)) if plan.versions
        else "no package is needed")
    return Report(changed=fetched, findings=(*plan.findings, *findings), lines=(line,),
                  result=_result(node, plan, fetched=fetched))


def installed(node: "Node", part: "Part", plan: "Plan", findings: Sequence[Finding],
              undo_id: str) -> Report:
    """Installed and proved; the rows are what dpkg says now."""
    if not (plan.versions or plan.removals or plan.half):
        return Report(changed=True, findings=(*plan.findings, *findings), result=_result(
            node, plan), lines=("%s: policy-rc.d is as it was before an interrupted run."
                                % node.name, _there(node, plan)))
    rows = judge(node, part)
    lines = table([(node.name, row.name, row.version, row.state) for row in rows])
    lines += ["  %s: %s removed" % (node.name, name) for name in plan.removals]
    lines.append("Undo:  snf-install-packages --undo %s --node %s" % (undo_id, node.name))
    lines.append("Next:  snf-check-versions --node %s" % node.name)
    result = _result(node, plan, undo=undo_id)
    result["nodes"][node.name]["packages"] = [row.as_dict() for row in rows]
    return Report(changed=True, findings=(*plan.findings, *findings), lines=tuple(lines),
                  result=result)


def undo_check(node: "Node", store: "UndoStore", todo: Dict[str, Any]) -> Report:
    """What --undo would do."""
    rows = [(node.name, name, "->", version) for name, version in todo["back"].items()]
    rows += [(node.name, name, "->", "removed") for name in todo["out"]]
    rows += [(node.name, path, "->", "as it was") for path in todo["files"]]
    return Report(changed=bool(rows), lines=tuple(
        table(rows) or ["%s: as it was before %s." % (node.name, store.id)]),
        result={"nodes": {node.name: {"undo": store.id, **todo}}})


def nothing_kept(node: "Node", store: "UndoStore") -> Report:
    """A run that never came to change this node's packages."""
    return Report(lines=("%s: run %s changed no package here: nothing to undo"
                         % (node.name, store.id),),
                  result={"nodes": {node.name: {"undo": store.id, "packages": []}}})


def undone(node: "Node", store: "UndoStore", changed: bool, findings: Sequence[Finding]
           ) -> Report:
    """Gone back, and proved."""
    before = store.load(node.name, KIND)["before"]
    versions = {name: row["version"] for name, row in before.items()}
    line = "%s: %d packages and their configuration files are as before %s%s." % (
        node.name, len(versions), store.id, "" if changed else ": unchanged")
    return Report(changed=changed, findings=tuple(findings), lines=(line,),
                  result={"nodes": {node.name: {"undo": store.id, "packages": versions}}})
