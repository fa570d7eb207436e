"""Configuration files of packages: their bytes before apt runs, and what apt leaves to merge."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Dict, Iterable, List, Optional, Sequence

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.state import UndoStore

SETTINGS_DIR = "/etc/synnefo"


def kept_as(node: "Node") -> str:
    """The name under which the undo store has this node's files as they were before apt ran.

    snf-settings-rename keeps files under the node's own name, and under the same ID: what
    it found is what apt left.
    """
    return node.name + "/packages"


def of_packages(node: "Node", names: Sequence[str]) -> List[str]:
    """The conffiles of these packages, as dpkg lists them (also obsolete ones)."""
    if not names:
        return []
    result = node.run(["dpkg-query", "-W", "-f", "${Conffiles}\\n", *names])
    return parse_conffiles(result.lines)


def parse_conffiles(lines: Iterable[str]) -> List[str]:
    """The paths in lines like ` /etc/x 0123...  obsolete`."""
    found = [match.group(1) for match in
             (re.match(r" (/.*) (?:[0-9a-f]{32}|newconffile)(?: obsolete| remove-on-upgrade)*$",
                       line) for line in lines) if match]
    return list(dict.fromkeys(found))


def settings(node: "Node") -> List[str]:
    """Every regular file of the settings directory, whoever made it."""
    with node.glance([SETTINGS_DIR]):
        try:
            names = node.list(SETTINGS_DIR)
        except OSError:
            return []
        paths = [SETTINGS_DIR + "/" + name for name in names]
        return [path for path in paths if _is_file(node, path)]


def _is_file(node: "Node", path: str) -> bool:
    facts = node.stat(path)
    return facts is not None and facts.kind == "file"


def keep(node: "Node", store: "UndoStore", paths: Iterable[str]) -> None:
    """Keep the bytes, mode and owner of these files (also that there was none); what was
    kept before stays."""
    paths = list(paths)
    with node.glance(paths):
        for path in paths:
            facts = node.stat(path)
            if facts is None:
                store.keep_file(kept_as(node), path, None)
            elif facts.kind == "file":
                store.keep_file(kept_as(node), path, node.read(path), facts.mode, facts.uid,
                                facts.gid)


def digests(node: "Node", paths: Iterable[str]) -> Dict[str, Optional[str]]:
    """The sha256 of each file, None where there is none."""
    found: Dict[str, Optional[str]] = {}
    paths = list(paths)
    with node.glance(paths):
        for path in paths:
            try:
                found[path] = hashlib.sha256(node.read(path)).hexdigest()
            except FileNotFoundError:
                found[path] = None
    return found


def to_merge(node: "Node", names: Sequence[str]) -> List[str]:
    """The .dpkg-dist files beside the conffiles of these packages: kept old, new one unread."""
    beside = [path + ".dpkg-dist" for path in of_packages(node, names)]
    beside += [path for path in settings(node) if path.endswith(".dpkg-dist")]
    with node.glance(beside):
        return sorted(path for path in dict.fromkeys(beside) if node.exists(path))
