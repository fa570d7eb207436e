"""Which of the installed versions could be installed again: looked at before they are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping

from snftools.packages import debs, query, record
from snftools.report import Finding

if TYPE_CHECKING:
    from snftools.node import Node


def missing(node: "Node", part: Dict[str, Any]) -> List[Finding]:
    """A finding for the versions that are neither in apt's cache nor offered by apt."""
    names = query.package_names(part, node.roles)
    known = query.installed(node, names) if names else {}
    old = {name: package.version for name, package in known.items() if package.there
           and not query.in_range(node, package.version, query.range_of(part, name))}
    names = lost(node, old)
    return [record.not_kept(node, names, old)] if names else []


def lost(node: "Node", versions: Mapping[str, str]) -> List[str]:
    """Those of the versions that are neither in apt's cache nor offered by apt."""
    offers = query.candidates(node, list(versions)) if versions else {}
    return [name for name, version in versions.items()
            if version not in offers.get(name, []) and not debs.cached(node, name, version)]
