"""Whether a spare machine is fit: the live nodes' packages on it, and nothing of Synnefo runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Sequence

from snftools import services
from snftools.packages.libraries import names_for
from snftools.packages.query import installed, package_names
from snftools.report import Finding

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.release import Release

PACKAGES, SERVICES = "rehearsal-packages", "rehearsal-services"


def unfit(live: Sequence["Node"], spare: "Node", release: "Release") -> List[Finding]:
    """What must be mended on the spare first."""
    return [*_packages(live, spare, release.part("packages")), *_services(spare, release)]


def silence(spare: "Node", release: "Release") -> None:
    """Take from a copied root what its services would run: they would listen where those of
    the live node do."""
    for row in release.part("services")["services"].values():
        for path in services.projects(spare, row):
            spare.rename(path, path + ".live")


def _packages(live: Sequence["Node"], spare: "Node", part: Mapping[str, Any]) -> List[Finding]:
    wanted: Dict[str, str] = {}
    for node in live:
        libraries = names_for(part, node.roles)
        wanted.update(dict.fromkeys(set(libraries) - set(wanted), ""))
        names = [*package_names(dict(part), node.roles), *part["removed"], *libraries]
        wanted.update({name: one.version for name, one in installed(node, names).items()
                       if one.there})
    there = installed(spare, sorted(wanted)) if wanted else {}
    other = sorted(name for name, version in wanted.items() if version != (
        there[name].version if name in there and there[name].there else "")
        or (version and not there[name].configured))
    if not other:
        return []
    words = ["%s=%s" % (name, wanted[name]) if wanted[name] else name + "-" for name in other]
    return [Finding(PACKAGES, "error", "its packages are not those of %s: %s" % (
        ", ".join(node.name for node in live), ", ".join(other)), spare.name,
        why="the upgrade begins with what is installed on the live site",
        remedy="apt-get install %s" % " ".join(words), code=3)]


def _services(spare: "Node", release: "Release") -> List[Finding]:
    running = [one.name for one in services.states(spare, release) if one.running]
    if not running:
        return []
    return [Finding(SERVICES, "error", "services run on it: %s" % ", ".join(running), spare.name,
                    why="a spare is nobody's node", code=3,
                    remedy="for s in %s; do service $s stop; done" % " ".join(running))]
