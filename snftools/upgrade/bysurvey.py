"""The way back of a step that was found done: old bytes and versions from the survey (DESIGN 4).

Whoever did it kept nothing under this run's ID.  Before the step is noted as found, the
undo store gets what the survey saw, so that the run's own undo lines work.
"""

from __future__ import annotations

import hashlib
import os
from typing import (
    TYPE_CHECKING, Any, Callable, Collection, Dict, List, Mapping, Optional)

from snftools.packages import back, conffiles, debs, needs, query, record
from snftools.report import Finding
from snftools.settings import writing
from snftools.upgrade import compare, resume, survey
from snftools.upgrade.assess import Assessment
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import Step

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.state import UndoStore

Archive = Mapping[str, compare.Kept]


def keep_found(up: Any, plan: Plan, journal: Journal, found: Assessment) -> None:
    """Keep it for each step that is noted as found now; without a survey there is nothing.

    SnfError when a node does not answer: before anything was started.
    """
    run_dir = up.state.run_dir(journal.run)
    nodes = {node.name: node for node in up.ctx.all_nodes()}
    store = up.state.undo(journal.run)
    facts = survey.read(run_dir, list(nodes))
    for step in plan.steps:
        keep = _keeper(step)
        decision = found.decisions.get(step.id)
        if keep is None or decision is None or decision.what != resume.NOTE_FOUND:
            continue
        for name in step.nodes:
            if name in facts:
                old = compare.archived(os.path.join(survey.directory(run_dir), name + ".tar"))
                keep(nodes[name], store, old, facts[name]["packages"], up.release)


def not_to_be_had(up: Any, plan: Plan, journal: Journal, ids: Collection[str]) -> List[Finding]:
    """What the survey has and no apt gives any more, of the packages that these steps changed."""
    nodes = {node.name: node for node in up.ctx.all_nodes()}
    facts = survey.read(up.state.run_dir(journal.run), list(nodes))
    found = []
    for step in plan.steps:
        if step.id not in ids or not step.undo or _keeper(step) is not _packages:
            continue
        for node in (nodes[name] for name in step.nodes if name in facts):
            older = _older(query.installed(node), facts[node.name]["packages"])
            lost = back.lost(node, older)
            found += [record.not_kept(node, lost, older)] if lost else []
    return found


def _keeper(step: Step) -> Optional[Callable[..., None]]:
    return _KEEPERS.get(os.path.basename(step.undo[0])) if step.undo else None


def _older(now: Mapping[str, query.Package], versions: Mapping[str, str]) -> Dict[str, str]:
    """The versions of the survey that are not installed now."""
    return {name: version for name, version in versions.items()
            if name not in now or not now[name].there or now[name].version != version}


def _packages(node: "Node", store: "UndoStore", old: Archive, versions: Mapping[str, str],
              release: Any) -> None:
    """Versions that differ now, new packages of the release and what these brought along;
    other new ones are the administrator's: taking them out could lose what is theirs."""
    if store.has(node.name, record.KIND):
        return
    now = query.installed(node)
    older = _older(now, versions)
    came = [name for name, one in now.items() if one.there and name not in versions]
    ours = query.package_names(release.part("packages"), node.roles)
    new = [name for name in came if name in ours]
    new += needs.brought(node, ours, [name for name in came if name not in ours])
    before: Dict[str, Dict[str, str]] = {
        name: {"version": version, "state": "installed"} for name, version in older.items()}
    before.update({name: {"version": "", "state": "not-installed"} for name in new})
    debs.keep(node, store, older)
    for path, (data, mode, uid, gid) in old.items():
        store.keep_file(conffiles.kept_as(node), path, data, mode, uid, gid)
    record.end(node, store)
    store.replace(node.name, record.KIND, {
        "before": before,
        "settings": [path for path in old if path.startswith(conffiles.SETTINGS_DIR + "/")]})


def _settings(node: "Node", store: "UndoStore", old: Archive, versions: Mapping[str, str],
              release: Any) -> None:
    """The files whose bytes differ now, and those that came with no package."""
    if store.has(node.name, writing.WROTE):
        return
    there = query.installed(node, query.package_names(release.part("packages"), node.roles))
    theirs = conffiles.of_packages(node, sorted(there))
    wrote = {}
    for path in sorted({*old, *conffiles.settings(node)}):
        if not path.startswith(conffiles.SETTINGS_DIR + "/") or not path.endswith(".conf"):
            continue
        data, mode, uid, gid = old.get(path) or (None, 0, -1, -1)
        now = node.read(path) if node.exists(path) else None
        brought = data is None and path in theirs
        if now is not None and now != data and not brought:
            store.keep_file(node.name, path, data, mode, uid, gid)
            wrote[path] = [hashlib.sha256(now).hexdigest()]
    store.replace(node.name, writing.WROTE, wrote)


_KEEPERS: Dict[str, Callable[..., None]] = {
    "snf-install-packages": _packages, "snf-settings-rename": _settings}
