"""snf-settings-rename on one node: plan, prove, write, report; and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional

from snftools.errors import Refused, Usage
from snftools.output.text import paint
from snftools.report import Report
from snftools.settings import asked, masked
from snftools.settings.directory import SettingsDir
from snftools.settings.plan import Plan, make_plan
from snftools.settings.rules import Given, Rules
from snftools.settings.writing import undo_changes, write_all

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.state import UndoStore

_MISSING = {
    "base_url": "the base URL of %s is not known: --base-url %s=URL, or base_url in site.conf",
    "token": "the token of %s is not known: --token-file FILE (0600, the token alone); "
             "it is in the astakos database: psql -Atc \"SELECT auth_token FROM im_component "
             "WHERE name = '%s'\" (before its migration: im_service)",
}


def plan_node(node: "Node", path: str, rules: Rules, given: Given,
              comment_removed: bool) -> Plan:
    """Read the node's settings and make the plan."""
    directory = SettingsDir.read(node, path, rules.names())
    masked.learn(directory, rules)
    return make_plan(directory, rules, given, comment_removed)


def require_all(plan: Plan, node: "Node") -> None:
    """Usage naming the option for each value that nobody gave."""
    for value in plan.missing:
        kind, _, name = value.partition(":")
        raise Usage("%s: %s" % (node.name, _MISSING[kind] % (name, name)))


def write(plan: Plan, node: "Node", undo: "UndoStore") -> List[str]:
    """Let the node's own Python look at the staged files, then write them all or none."""
    node.sweep(plan.edits.directory.path)
    if not plan.edits.contents():
        return []
    told = asked.check_staged(node, plan.edits.stage(), plan.expected, undo.id)
    if told is not None:
        plan.findings.append(told)
    return write_all(plan.edits, node, undo)


def report(plan: Plan, node: "Node", written: Optional[List[str]], undo_id: str,
           with_diff: bool, color: bool = False) -> Report:
    """`written`: the paths that were written, None when nothing was to be (--check, refused)."""
    directory = plan.edits.directory
    edits = [] if plan.refused else plan.edits.edits
    rows = [edit.as_dict(directory.file_path(edit.file)) for edit in edits]
    names = sorted({edit.name for edit in edits})
    files = sorted({edit.file for edit in edits})
    diff = plan.edits.diff() if with_diff and not plan.refused else []
    lines = [paint(line, _kind(line), color) for line in diff]
    if plan.refused:
        lines.append("%s: refused, nothing was written." % node.name)
    elif not edits:
        lines.append("%s: %d settings files, nothing to change." % (node.name,
                                                                    len(directory.files)))
    else:
        word = "would change" if written is None else "changed"
        lines.append("%s: %s %d settings in %d files of %s" % (
            node.name, word, len(names), len(files), directory.path))
        lines += _listing(plan)
        if written is not None:
            lines.append("Read again and proven.  Undo: snf-settings-rename --node %s --undo %s"
                         % (node.name, undo_id))
            lines.append("Next: snf-settings-check --node %s" % node.name)
    return Report(changed=bool(edits), findings=tuple(plan.findings), lines=tuple(lines),
                  result={"nodes": {node.name: {
                      "directory": directory.path, "edits": rows,
                      "written": written or [], "undo": undo_id if written else "",
                      **({"diff": diff} if with_diff else {})}}})


def _kind(line: str) -> str:
    """What a line of a diff is, for its colour."""
    if line.startswith(("---", "+++")):
        return "file"
    return {"-": "removed", "+": "added", "@": "place"}.get(line[:1], "")


def _listing(plan: Plan) -> List[str]:
    lines = []
    for edit in sorted(plan.edits.edits, key=lambda item: (item.file, item.start)):
        if edit.before and edit.before != edit.name and edit.after == edit.name:
            lines.append("  %s:%d\n      %s -> %s"
                         % (edit.file, edit.line, edit.before, edit.after))
        elif edit.after and not edit.after.startswith("# before "):
            lines.append("  %s:%d\n      %s" % (edit.file, edit.line, edit.after))
    return [part for line in lines for part in line.split("\n")]


def undo(node: "Node", store: Optional["UndoStore"], check: bool) -> Report:
    """Put the old bytes back."""
    if store is None:
        raise Refused("there is nothing to undo", node=node.name, unchanged="everything")
    paths = undo_changes(node, store, check)
    word = "would be put back" if check else "put back"
    lines = ["%s: %s %s" % (node.name, path, word) for path in paths]
    return Report(changed=bool(paths), lines=tuple(lines or [
        "%s: nothing to put back from %s." % (node.name, store.id)]),
        result={"nodes": {node.name: {"undone": paths, "undo": store.id}}})
