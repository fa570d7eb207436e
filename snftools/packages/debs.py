"""The .debs of installed versions: kept before they are replaced, for the way back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Dict, List, Optional

from snftools import files
from snftools.packages.apt import ENVIRONMENT

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.state import UndoStore

ARCHIVES = "/var/cache/apt/archives"


def file_start(name: str, version: str) -> str:
    """How apt begins the file name of a package's .deb: name_version_."""
    return "%s_%s_" % (name, version.replace(":", "%3a"))


def cached(node: "Node", name: str, version: str) -> str:
    """The .deb in apt's cache on the node; empty when there is none."""
    try:
        there = node.list(ARCHIVES)
    except OSError:
        return ""
    start = file_start(name, version)
    for file_name in there:
        if file_name.startswith(start) and file_name.endswith(".deb"):
            return ARCHIVES + "/" + file_name
    return ""


def fetch(node: "Node", name: str, version: str) -> str:
    """The .deb in apt's cache, downloaded when it was not there; empty when it can't be had."""
    found = cached(node, name, version)
    if not found and node.exists(ARCHIVES):
        # Old apt has no `download`: then only what is in the cache can be had.
        node.run(["apt-get", "download", "%s=%s" % (name, version)], env=ENVIRONMENT,
                 cwd=ARCHIVES, timeout=900)
        found = cached(node, name, version)
    return found


def fetch_all(node: "Node", versions: Dict[str, str]) -> List[str]:
    """Fetch the .debs of these versions into apt's cache; the names that can't be had."""
    return [name for name, version in versions.items() if not fetch(node, name, version)]


def keep(node: "Node", store: "UndoStore", versions: Dict[str, str]) -> List[str]:
    """Copy the .debs of these versions into the undo store; the names that can't be had."""
    missing = []
    for name, version in versions.items():
        if kept(node, store, name, version):
            continue
        path = fetch(node, name, version)
        if not path:
            missing.append(name)
            continue
        directory = store.directory_for(node.name, "debs")
        files.write_atomic(os.path.join(directory, os.path.basename(path)), node.read(path),
                           mode=0o600)
    return missing


def kept(node: "Node", store: "UndoStore", name: str, version: str) -> Optional[str]:
    """The local path of a kept .deb, or None."""
    directory = os.path.join(store.directory, node.name, "debs")
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    for file_name in names:
        if file_name.startswith(file_start(name, version)) and file_name.endswith(".deb"):
            return os.path.join(directory, file_name)
    return None
