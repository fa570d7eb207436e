"""The libraries that do the work of Synnefo's programs: release data says which, and how well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, Tuple

from snftools.packages.query import in_range, installed

if TYPE_CHECKING:
    from snftools.node import Node


def names_for(part: Mapping[str, Any], roles: Iterable[str]) -> List[str]:
    """The libraries of nodes with these roles; `part` is the release's packages."""
    wanted = set(roles)
    return [name for name, row in part["libraries"].items() if wanted & set(row["roles"])]


def unknown(node: "Node", part: Mapping[str, Any]) -> List[Tuple[str, str, str]]:
    """(name, version, why) of those that the upgrade is not known to go with (OBSERVED C 12)."""
    rows = part["libraries"]
    names = [name for name in names_for(part, node.roles) if rows[name]["known"]]
    there = installed(node, names) if names else {}
    return [(name, one.version, rows[name]["why"]) for name, one in sorted(there.items())
            if one.there and not in_range(node, one.version, rows[name]["known"])]
