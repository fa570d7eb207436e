"""What a node's packages were before a change: written once for an undo ID, before apt runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Sequence

from snftools.packages import conffiles, debs, query
from snftools.packages.apt import Action
from snftools.report import Finding

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.state import UndoStore

KIND = "packages"
AFTER = "packages-after"


def begin(node: "Node", store: "UndoStore", versions: Dict[str, str],
          actions: Sequence[Action], half: Sequence[str]) -> List[Finding]:
    """Record state, .debs and conffiles of all that may change.

    An earlier attempt under the same ID stays as it is; only what it lacks is added.
    """
    node.sweep(conffiles.SETTINGS_DIR)
    names = list(dict.fromkeys([*versions, *(one.name for one in actions), *half]))
    known = query.installed(node, names) if names else {}
    record: Dict[str, Any] = store.load(node.name, KIND) or {"before": {}}
    for name in names:
        old = known.get(name)
        record["before"].setdefault(name, {
            "version": old.version if old and old.there else "",
            "state": old.state if old else "not-installed"})
    old_versions = {name: row["version"] for name, row in record["before"].items()
                    if row["version"] and name in names and name in known
                    and known[name].version == row["version"]
                    and _changes(name, row["version"], versions, actions)}
    missing = debs.keep(node, store, old_versions)
    there = [name for name in names if name in known and known[name].there]
    if not store.has(node.name, KIND):
        conffiles.keep(node, store, conffiles.settings(node))
        record["settings"] = conffiles.settings(node)
    conffiles.keep(node, store, conffiles.of_packages(node, there))
    store.replace(node.name, KIND, record)
    return [not_kept(node, missing, old_versions)] if missing else []


def _changes(name: str, old: str, versions: Dict[str, str], actions: Sequence[Action]) -> bool:
    """Whether the plan really replaces or removes this version."""
    return versions.get(name, old) != old or any(one.name == name for one in actions
                                                 if one.kind in ("Remv", "Purg"))


def end(node: "Node", store: "UndoStore") -> None:
    """Record what the files are now, so that undo sees what was changed since."""
    paths = list(dict.fromkeys([*store.kept_files(conffiles.kept_as(node)),
                                *conffiles.settings(node)]))
    store.replace(node.name, AFTER, conffiles.digests(node, paths))


def not_kept(node: "Node", missing: Sequence[str], versions: Dict[str, str]) -> Finding:
    """The finding for .debs that can't be had: there is no way back to these versions."""
    return Finding(
        "no-way-back", "warning",
        "the .deb of %s can't be had: --undo will need it"
        % ", ".join("%s %s" % (name, versions[name]) for name in missing), node=node.name,
        why="neither in %s nor offered by apt" % debs.ARCHIVES,
        remedy="put it into %s on %s" % (debs.ARCHIVES, node.name))
