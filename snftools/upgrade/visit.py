"""What stands on a node, found by looking: for the draft of site.conf."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

from snftools.errors import SnfError
from snftools.site import COMPONENTS, Site

if TYPE_CHECKING:
    from snftools.node.base import Node
    from snftools.release import Release

_SERVERS = ("postgres", "postmaster")


@dataclass(frozen=True)
class Found:
    """Roles by packages, services that run, databases that the settings name (name and host)."""

    roles: Tuple[str, ...] = ()
    services: Tuple[str, ...] = ()
    databases: Tuple[Tuple[str, str], ...] = ()
    master: Optional[bool] = None
    server: bool = False
    root: bool = True
    unknown: Tuple[str, ...] = field(default=())

    def as_dict(self) -> Dict[str, Any]:
        """As JSON has it."""
        return {"roles": list(self.roles), "services": list(self.services),
                "databases": [list(one) for one in self.databases],
                "ganeti_master": self.master, "database_server": self.server}


def visit(node: "Node", release: "Release") -> Found:
    """Look at a node; Failed when it can't be reached, for then nothing is known of it."""
    from snftools import services
    from snftools.packages.query import roles_of
    from snftools.upgrade import survey
    roles = tuple(roles_of(node, release))
    node.roles = roles
    running = tuple(state.name for state in services.states(node, release) if state.running)
    unknown = []
    try:
        databases = _databases(node)
    except SnfError as error:
        databases = ()
        unknown.append("%s: %s" % (node.name, error))
    return Found(roles, running, databases,
                 survey.is_master(node) if "ganeti" in roles else None,
                 any(process.args.split(" ")[0].rpartition("/")[2] in _SERVERS
                     for process in node.processes()), is_root(node), tuple(unknown))


def is_root(node: "Node") -> bool:
    """Whether programs run as root there (a root directory needs none)."""
    return bool(node.root) or node.run(["id", "-u"]).text.strip() == "0"


def _databases(node: "Node") -> Tuple[Tuple[str, str], ...]:
    """Name and host of each database that the node's settings name."""
    from snftools.database import find
    if not set(node.roles) & set(COMPONENTS):
        return ()
    return tuple(dict.fromkeys((one.name, one.owner.host or "localhost") for one in
                               find.declared([node], Site(name="draft", nodes=()))))
