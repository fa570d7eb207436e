"""The way back of what others did: old bytes and versions from the survey (DESIGN 4).

Whoever did it kept nothing under this run's ID.  Before a step of theirs is noted, the undo
store gets what the survey saw, so that the run's own undo lines work.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Collection, Dict, Iterator, List, Mapping, Set

from snftools.errors import SnfError
from snftools.packages import back, conffiles, debs, needs, query, record
from snftools.report import Finding
from snftools.settings import writing
from snftools.upgrade import compare, survey
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import Step

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.state import UndoStore

_PACKAGES, _SETTINGS = "snf-install-packages", "snf-settings-rename"


@dataclass(frozen=True)
class Then:
    """A node as the survey saw it: /etc's files by path, versions by package."""

    node: "Node"
    files: Mapping[str, compare.Kept]
    versions: Mapping[str, str]
    release: Any


def broken_off(up: Any, plan: Plan, journal: Journal, ids: Collection[str]) -> Set[str]:
    """The installs among the steps that have changed a package of the release.

    (Settings that differ may be the administrator's own: the comparison names them.)
    """
    return {step.id for step, then in _seen(up, plan, journal, ids)
            if _program(step) == _PACKAGES and _changed(then)}


def _changed(then: Then) -> bool:
    try:
        return bool(set(_replaced(then)) & set(_ours(then)))
    except SnfError:  # a node that does not answer holds up no other
        return False


def keep(up: Any, plan: Plan, journal: Journal, ids: Collection[str]) -> None:
    """Keep it for these steps; without a survey there is nothing.

    SnfError when a node does not answer: before anything was started.
    """
    store = up.state.undo(journal.run)
    for step, then in _seen(up, plan, journal, ids):
        _KEEPERS[_program(step)](then, store)


def not_to_be_had(up: Any, plan: Plan, journal: Journal, ids: Collection[str]) -> List[Finding]:
    """What the survey has and no apt gives any more, of the packages that these steps changed."""
    found = []
    for step, then in _seen(up, plan, journal, ids):
        if _program(step) == _PACKAGES:
            older = _older(query.installed(then.node), then.versions)
            lost = back.lost(then.node, older)
            found += [record.not_kept(then.node, lost, older)] if lost else []
    return found


def _program(step: Step) -> str:
    return os.path.basename(step.undo[0]) if step.undo else ""


def _seen(up: Any, plan: Plan, journal: Journal, ids: Collection[str]) -> "Iterator[Any]":
    """The steps that a survey can take back, each with its node as it was."""
    run_dir = up.state.run_dir(journal.run)
    nodes = {node.name: node for node in up.ctx.all_nodes()}
    facts = survey.read(run_dir, list(nodes))
    for step in plan.steps:
        if step.id in ids and _program(step) in _KEEPERS:
            for name in (name for name in step.nodes if name in facts):
                files = compare.archived(os.path.join(survey.directory(run_dir), name + ".tar"))
                yield step, Then(nodes[name], files, facts[name]["packages"], up.release)


def _older(now: Mapping[str, query.Package], versions: Mapping[str, str]) -> Dict[str, str]:
    """The versions of the survey that are not installed now."""
    return {name: version for name, version in versions.items()
            if name not in now or not now[name].there or now[name].version != version}


def _ours(then: Then) -> List[str]:
    return query.package_names(then.release.part("packages"), then.node.roles)


def _replaced(then: Then) -> Dict[str, str]:
    """Versions that differ now, new packages of the release and what these brought along
    (""); other new ones are the administrator's: taking them out could lose what is theirs."""
    now = query.installed(then.node)
    came = [name for name, one in now.items() if one.there and name not in then.versions]
    ours = _ours(then)
    new = [name for name in came if name in ours]
    new += needs.brought(then.node, ours, [name for name in came if name not in ours])
    return {**_older(now, then.versions), **{name: "" for name in new}}


def _keep_packages(then: Then, store: "UndoStore") -> None:
    node = then.node
    if store.has(node.name, record.KIND):
        return
    replaced = _replaced(then)
    debs.keep(node, store, {name: version for name, version in replaced.items() if version})
    for path, (data, mode, uid, gid) in then.files.items():
        store.keep_file(conffiles.kept_as(node), path, data, mode, uid, gid)
    record.end(node, store)
    store.replace(node.name, record.KIND, {
        "before": {name: {"version": version,
                          "state": "installed" if version else "not-installed"}
                   for name, version in replaced.items()},
        "settings": [path for path in then.files
                     if path.startswith(conffiles.SETTINGS_DIR + "/")]})


def _rewritten(then: Then) -> Dict[str, bytes]:
    """The settings files whose bytes differ now, and those that came with no package."""
    node = then.node
    there = query.installed(node, _ours(then))
    theirs = conffiles.of_packages(node, sorted(there))
    found = {}
    for path in sorted({*then.files, *conffiles.settings(node)}):
        if not path.startswith(conffiles.SETTINGS_DIR + "/") or not path.endswith(".conf"):
            continue
        data = then.files[path][0] if path in then.files else None
        now = node.read(path) if node.exists(path) else None
        if now is not None and now != data and not (data is None and path in theirs):
            found[path] = now
    return found


def _keep_settings(then: Then, store: "UndoStore") -> None:
    if store.has(then.node.name, writing.WROTE):
        return
    wrote = {}
    for path, now in _rewritten(then).items():
        data, mode, uid, gid = then.files.get(path) or (None, 0, -1, -1)
        store.keep_file(then.node.name, path, data, mode, uid, gid)
        wrote[path] = [hashlib.sha256(now).hexdigest()]
    store.replace(then.node.name, writing.WROTE, wrote)


_KEEPERS: Dict[str, Callable[[Then, Any], None]] = {
    _PACKAGES: _keep_packages, _SETTINGS: _keep_settings}
