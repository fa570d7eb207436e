"""The only door to a machine: this one, a root directory, or one over SSH.

Every Node has the same methods, so that a command can't tell (and need not know) where it
works.  `open_node` is the only constructor.  A Node knows nothing of Synnefo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Tuple

from snftools.node.base import Job, Node, Process, Result, Stat
from snftools.node.lock import node_locks
from snftools.node.parallel import at_once

if TYPE_CHECKING:
    from snftools.site import NodeEntry

__all__ = ["Job", "Node", "Process", "Result", "Stat", "at_once", "node_locks", "open_node"]


def open_node(entry: "NodeEntry", roles: Optional[Tuple[str, ...]] = None) -> Node:
    """The Node of a site.conf entry.

    `roles` overrides the entry's (a node without a site.conf: found from its packages).
    Raises Failed when the machine can't be reached.
    """
    wanted = entry.roles if roles is None else roles
    if entry.root:
        from snftools.node.root import RootNode
        return RootNode(entry.name, wanted, entry.root)
    if entry.address in ("", "local"):
        from snftools.node.local import LocalNode
        return LocalNode(entry.name, wanted, become=entry.become)
    import plumbum  # noqa: F401  here, not by two threads at once later: it can't bear that

    from snftools.node.ssh import SshNode
    return SshNode(entry.name, wanted, entry.address, become=entry.become)
