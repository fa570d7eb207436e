"""The way back of packages: recorded versions, removed ones again, new ones out, then the bytes.

Done by dpkg alone with the kept .debs: every dpkg knows how, and no archive is asked.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, List, Sequence

from snftools.errors import Failed, Refused
from snftools.packages import apt, back, conffiles, debs, policy, query, record

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.state import UndoStore

_DIR = "/var/tmp/snf-install-packages"
_BEGUN = "packages-undo-begun"
# What dpkg writes beside a file of /etc: an undo that was cut off has changed those itself.
_OF_DPKG = (".dpkg-dist", ".dpkg-new", ".dpkg-old", ".dpkg-tmp")


def pending(node: "Node", store: "UndoStore") -> Dict[str, Any]:
    """What is not yet as recorded: {"back": {name: version}, "out": [...], "files": [...]}."""
    before = store.load(node.name, record.KIND)["before"]
    now = query.installed(node, list(before)) if before else {}
    back, out = {}, []
    for name, row in before.items():
        package = now.get(name)
        if row["version"]:
            if package is None or not package.configured or package.version != row["version"]:
                back[name] = row["version"]
        elif package is not None and package.there:
            out.append(name)
    return {"back": back, "out": out, "files": _files(node, store)}


def _files(node: "Node", store: "UndoStore") -> List[str]:
    """The files whose bytes are not the kept ones, and those that came since."""
    found = []
    for path, kept in store.kept_files(conffiles.kept_as(node)).items():
        try:
            same = kept["data"] == node.read(path)
        except FileNotFoundError:
            same = kept["data"] is None
        found += [] if same else [path]
    return found + _came(node, store)


def _came(node: "Node", store: "UndoStore") -> List[str]:
    """The files of the settings directory that the change brought."""
    settings = store.load(node.name, record.KIND).get("settings")
    after = store.load(node.name, record.AFTER)
    if settings is None:
        return []
    if after is None:  # killed before it could be recorded: only dpkg's own names are sure
        after = [path for path in conffiles.settings(node) if path.endswith(_OF_DPKG)]
    return [path for path in after if path.startswith(conffiles.SETTINGS_DIR + "/")
            and path not in settings and node.exists(path)]


def refuse_changed(node: "Node", store: "UndoStore") -> None:
    """Refused (3) when somebody changed a file since the packages were changed."""
    after = store.load(node.name, record.AFTER) or {}
    kept = store.kept_files(conffiles.kept_as(node))
    now = conffiles.digests(node, after)
    ours = _OF_DPKG if store.load(node.name, _BEGUN) else ()
    changed = [path for path, digest in now.items() if not path.endswith(ours)
               and digest != after[path] and not _is_back(node, kept.get(path), path)]
    if changed:
        raise Refused("changed since the packages were: %s" % ", ".join(changed),
                      node=node.name, unchanged="everything",
                      next="undo the settings first: snf-settings-rename --undo --node %s; "
                           "or put these files aside" % node.name)


def refuse_missing(node: "Node", store: "UndoStore", back_to: Dict[str, str]) -> None:
    """Refused (3) when a recorded version can't be had any more."""
    wanted = {name: version for name, version in back_to.items()
              if not debs.kept(node, store, name, version)}
    for name in back.lost(node, wanted):
        raise _gone(node, name, wanted[name])


def _gone(node: "Node", name: str, version: str) -> Refused:
    return Refused("the .deb of %s %s can't be had" % (name, version), node=node.name,
                   unchanged="everything", next="put it into %s on %s, then the same line again"
                   % (debs.ARCHIVES, node.name))


def _is_back(node: "Node", kept: Any, path: str) -> bool:
    """Whether a file already has its kept bytes (an earlier undo was interrupted)."""
    try:
        data = node.read(path)
    except FileNotFoundError:
        data = None
    return bool(data == (kept["data"] if kept else None))


def undo(node: "Node", store: "UndoStore", tell: apt.Tell) -> bool:
    """Go back to the state before the ID's first change, and prove it; True if it changed.

    Refused (3) when a .deb is missing or a file was changed since.
    """
    policy.recover(node)
    node.sweep(conffiles.SETTINGS_DIR)
    todo = pending(node, store)
    if not any(todo.values()):
        return False
    refuse_changed(node, store)
    policy.refuse_working(node)
    ordered = _ordered(node, todo["back"])
    local = {name: _deb(node, store, name, version) for name, version in ordered.items()}
    store.replace(node.name, _BEGUN, True)
    if local:
        _install(node, local, tell)
    if todo["out"]:
        apt.run(node, ["dpkg", "--purge", *todo["out"]], tell)
    _write_back(node, store)
    left = pending(node, store)
    if any(left.values()):
        raise Failed("not as it was: %s" % "; ".join(
            "%s %s" % item for item in left.items() if item[1]), node=node.name,
            next="dpkg --audit    (on %s), then the same line again" % node.name)
    store.replace(node.name, _BEGUN, False)
    return True


def _ordered(node: "Node", back: Dict[str, str]) -> Dict[str, str]:
    """Those that are replaced first, those that were removed last: what removed them is
    old again by then."""
    known = query.installed(node, list(back)) if back else {}
    first = [name for name in back if name in known and known[name].there]
    return {name: back[name] for name in [*first, *(set(back) - set(first))]}


def _deb(node: "Node", store: "UndoStore", name: str, version: str) -> str:
    """The local path of the .deb of a recorded version; fetched now when it was not kept."""
    if not debs.kept(node, store, name, version):
        debs.keep(node, store, {name: version})
    path = debs.kept(node, store, name, version)
    if path is None:
        raise _gone(node, name, version)
    return path


def _install(node: "Node", local: Dict[str, str], tell: apt.Tell) -> None:
    """dpkg -i of all .debs in one call."""
    node.mkdir(_DIR, 0o700)
    targets: List[str] = []
    try:
        for path in local.values():
            targets.append(_DIR + "/" + os.path.basename(path))
            with open(path, "rb") as stream:
                node.write(targets[-1], stream.read(), mode=0o600)
        apt.run(node, ["dpkg", "--force-confdef", "--force-confold", "-i",
                       *(node.path(target) for target in targets)], tell)
    finally:
        _clean(node, targets)


def _clean(node: "Node", targets: Sequence[str]) -> None:
    for target in targets:
        node.remove(target)
    node.rmdir(_DIR)


def _write_back(node: "Node", store: "UndoStore") -> None:
    """The kept bytes, modes and owners; files that came with the change are removed."""
    for path, kept in store.kept_files(conffiles.kept_as(node)).items():
        if kept["data"] is None:
            node.remove(path)
            continue
        facts = node.stat(path)
        owner = (kept["uid"], kept["gid"])
        if facts is None or node.read(path) != kept["data"] \
                or (facts.mode, facts.uid, facts.gid) != (kept["mode"], *owner):
            node.write(path, kept["data"], mode=kept["mode"], owner=owner)
    for path in _came(node, store):
        node.remove(path)
