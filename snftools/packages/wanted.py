"""What a node must have, what it has, and which versions to install."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional, Sequence

from snftools.errors import Refused
from snftools.packages.query import (Package, candidates, compare, in_range, installed, newest,
                                     package_names, range_of)

if TYPE_CHECKING:
    from snftools.node import Node

Part = Dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A package that a node must have; `problem` is empty when it is as it must be."""

    name: str
    version: str
    state: str
    wanted: str
    problem: str = ""

    def as_dict(self) -> Dict[str, str]:
        """What JSON tells of it."""
        return {"name": self.name, "version": self.version, "state": self.state,
                "wanted": self.wanted, "problem": self.problem}


def judge(node: "Node", part: Part, target: str = "",
          known: Optional[Mapping[str, Package]] = None) -> List[Row]:
    """Each package of the node's roles against its range (lock-step ones: the target).

    `known` is what dpkg answered, where it was asked already.
    """
    names = package_names(part, node.roles)
    if known is None:
        known = installed(node, names)
    rows = [_row(node, part, name, known.get(name), target) for name in names]
    return _paired(node, rows, part["lockstep"]["same"])


def _paired(node: "Node", rows: List[Row], same: Sequence[str]) -> List[Row]:
    """The rows; of packages that must have one version the older are not as they must be."""
    pair = [row for row in rows if row.name in same and row.version]
    best = newest(node, [row.version for row in pair])
    return [replace(row, problem="older than %s" % " and ".join(
                one.name for one in pair if one.version == best))
            if row in pair and not row.problem and row.version != best else row
            for row in rows]


def _row(node: "Node", part: Part, name: str, package: Any, target: str) -> Row:
    lockstep = name in part["lockstep"]["packages"]
    conditions = range_of(part, name)
    wanted = target if target and lockstep else ", ".join(conditions)
    if package is None or not package.there:
        state = "not-installed" if package is None else package.state
        return Row(name, "", state, wanted, "not installed")
    problem = ""
    if not in_range(node, package.version, conditions):
        problem = "not in the range"
    elif target and lockstep and not compare(node, package.version, "=", target):
        problem = "not the target"
    elif not package.configured:
        problem = package.state if package.error == "ok" else package.error
    return Row(name, package.version, package.state, wanted, problem)


def check_target(node: "Node", part: Part, target: str) -> None:
    """Refused (3) when the wanted version is outside of the release's range."""
    if target and not in_range(node, target, part["lockstep"]["range"]):
        raise Refused("the target %s is not in the release's range (%s)"
                      % (target, ", ".join(part["lockstep"]["range"])), node=node.name,
                      unchanged="everything", next="name one in the range, or none")


def choose(node: "Node", part: Part, target: str = "") -> Dict[str, str]:
    """The version of each package of the node's roles to install, in order.

    All lock-step ones get one version: the newest that apt offers for each of them inside the
    range, or the target.  Refused (3) when there is none, when the node has a newer one (this
    goes forward only), or when a package that would change is on hold.
    """
    names = package_names(part, node.roles)
    known = installed(node, names)
    offered = candidates(node, names)
    for name, package in known.items():
        if package.there and package.version not in offered[name]:
            offered[name].append(package.version)
    together = [name for name in names if name in part["lockstep"]["packages"]]
    version = _common(node, part, together, offered, target)
    chosen = {name: version if name in together else
              _alone(node, name, range_of(part, name), offered[name]) for name in names}
    _refuse_backwards(node, chosen, known)
    _refuse_held(node, chosen, known)
    return chosen


def _common(node: "Node", part: Part, together: Sequence[str],
            offered: Dict[str, List[str]], target: str) -> str:
    """The one version of the lock-step packages."""
    conditions = part["lockstep"]["range"]
    every = list(dict.fromkeys(version for name in together for version in offered[name]))
    able = {version for version in every
            if (version == target if target else in_range(node, version, conditions))}
    shared = [version for version in every
              if version in able and all(version in offered[name] for name in together)]
    if shared:
        return newest(node, shared)
    lacking = {name: [version for version in offered[name] if version in able]
               for name in together}
    raise _nothing(node, target or ", ".join(conditions),
                   [name for name in together if not lacking[name]] or list(together), offered)


def _alone(node: "Node", name: str, conditions: Sequence[str], offers: Iterable[str]) -> str:
    """The version of a package with a range of its own."""
    offers = list(offers)
    able = [version for version in offers if in_range(node, version, conditions)]
    if not able:
        raise _nothing(node, ", ".join(conditions), [name], {name: offers})
    return newest(node, able)


def _nothing(node: "Node", wanted: str, names: Sequence[str],
             offered: Dict[str, List[str]]) -> Refused:
    told = "; ".join("%s: %s" % (name, " ".join(offered[name]) or "nothing")
                     for name in names)
    return Refused("apt offers no version of %s that is %s" % (", ".join(names), wanted),
                   node=node.name, why="on offer are " + told, unchanged="everything",
                   next="mend /etc/apt/sources.list on %s, then apt-get update and the same "
                        "line again" % node.name)


def _refuse_backwards(node: "Node", chosen: Dict[str, str], known: Dict[str, Package]) -> None:
    newer = ["%s %s" % (name, known[name].version) for name, version in chosen.items()
             if name in known and known[name].there
             and compare(node, known[name].version, ">>", version)]
    if newer:
        raise Refused("newer than what would be installed: %s" % ", ".join(newer),
                      node=node.name, unchanged="everything",
                      why="wanted are %s; packages are never downgraded to reach a release"
                          % ", ".join("%s=%s" % item for item in chosen.items()),
                      next="look whether this node belongs to this release: snf-check-versions")


def _refuse_held(node: "Node", chosen: Dict[str, str], known: Dict[str, Package]) -> None:
    held = [name for name, version in chosen.items()
            if name in known and known[name].want == "hold" and known[name].version != version]
    if held:
        raise Refused("on hold: %s" % ", ".join(held), node=node.name, unchanged="everything",
                      next="on %s: %s" % (node.name, "; ".join(
                          "echo %s install | dpkg --set-selections" % name for name in held)))
