"""The derived site: the live site.conf with spare machines, copies and no live address.

Pure: opens no node, writes nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from snftools.errors import Refused, Usage
from snftools.site import COMPONENTS, NodeEntry, Site
from snftools.upgrade.draft import listed, quoted

SUFFIX = "-rehearsal"


@dataclass(frozen=True)
class Spare:
    """A machine of the rehearsal and the live nodes that it stands for."""

    entry: NodeEntry
    of: Tuple[str, ...]


@dataclass(frozen=True)
class Derived:
    """Where a rehearsal lies: `base` holds site.conf, state, settings' undo copies, roots."""

    base: str
    backup_dir: str
    spares: Tuple[Spare, ...]
    left_out: Tuple[str, ...]

    @property
    def conf(self) -> str:
        """Its site.conf."""
        return os.path.join(self.base, "site.conf")

    @property
    def state_dir(self) -> str:
        """Its state_dir."""
        return os.path.join(self.base, "state")

    def is_copy(self, spare: Spare) -> bool:
        """Whether the spare is a root directory that the rehearsal itself makes."""
        return spare.entry.root.startswith(os.path.join(self.base, "nodes") + "/")

    @property
    def live_of(self) -> Dict[str, Tuple[str, ...]]:
        """The live nodes by the spare's name."""
        return {spare.entry.name: spare.of for spare in self.spares}


def pairs(words: Sequence[str], site: Site) -> Dict[str, str]:
    """{node: HOST or /DIR} of --map; Usage (2) for what is none."""
    found: Dict[str, str] = {}
    for word in words:
        name, separator, host = word.partition("=")
        if not separator or not host or host.startswith("-"):
            raise Usage("--map wants NODE=[user@]host[:port], or NODE=/DIR: %s" % word)
        if site.node(name).name in found:
            raise Usage("--map names %s twice" % name)
        found[name] = host
    return found


def inside(site: Site, base: str) -> Dict[str, str]:
    """The same for --in: a directory below `base` for each node that is a root directory."""
    needed = [node for node in site.nodes if not node.offline and set(node.roles) & set(COMPONENTS)]
    machines = [node.name for node in needed if not node.root]
    if machines:
        raise Refused("%s: a machine, no root directory" % ", ".join(machines),
                      why="only root directories can be copied into a directory",
                      unchanged="everything", next="\n".join(
                          "--map %s=HOST" % name for name in machines))
    return {node.name: os.path.join(base, "nodes", node.name) for node in needed}


def spares(site: Site, mapped: Mapping[str, str]) -> Tuple[Tuple[Spare, ...], Tuple[str, ...]]:
    """The spares, and the names of the nodes that are left out.

    Refused (3) when a node with data has no spare, or a spare is a machine of the live site.
    """
    lacking = [node.name for node in site.nodes if set(node.roles) & set(COMPONENTS)
               and not node.offline and node.name not in mapped]
    if lacking:
        raise Refused("no spare machine for %s" % ", ".join(lacking), unchanged="everything",
                      why="every node with the role astakos, cyclades or pithos is rehearsed",
                      next=" ".join("--map %s=HOST" % name for name in lacking))
    by_host: Dict[str, List[NodeEntry]] = {}
    for node in site.nodes:
        if node.name in mapped:
            by_host.setdefault(_place(mapped[node.name]), []).append(node)
    _refuse_live(site, by_host)
    made = tuple(_spare(mapped[nodes[0].name], nodes) for nodes in by_host.values())
    return made, tuple(node.name for node in site.nodes
                       if node.roles and node.name not in mapped)


def _place(host: str) -> str:
    return os.path.realpath(host) if host.startswith("/") else host.rpartition("@")[2]


def _refuse_live(site: Site, by_host: Mapping[str, Sequence[NodeEntry]]) -> None:
    live = {os.path.realpath(node.root) if node.root else node.address.rpartition("@")[2]: node.name
            for node in site.nodes}
    for host in by_host:
        if host in live:
            raise Refused("%s is the live node %s" % (host, live[host]), unchanged="everything",
                          next="name a spare machine: --map NODE=HOST")


def _spare(host: str, nodes: Sequence[NodeEntry]) -> Spare:
    name = "-".join(node.name for node in nodes)
    roles = tuple(dict.fromkeys(role for node in nodes for role in node.roles))
    if host.startswith("/"):
        return Spare(NodeEntry(name, roles, root=host), tuple(node.name for node in nodes))
    user = host.rpartition("@")[0]
    become = nodes[0].become if not user else "" if user == "root" else "sudo"
    return Spare(NodeEntry(name, roles, host, become), tuple(node.name for node in nodes))


def conf_text(site: Site, derived: Derived, server: str, host: str) -> str:
    """The derived site.conf; `server`: the administrator's URI, else the only spare has the
    databases; `host` takes the place of the mail server."""
    lines = ["# Made by snf-upgrade rehearse from %s; remove it by snf-upgrade rehearse --clean."
             % site.path, "name = %s" % quoted(site.name + SUFFIX)]
    lines += ["target = %s" % quoted(site.target)] if site.target else []
    lines += ["backup_dir = %s" % quoted(derived.backup_dir),
              "state_dir = %s" % quoted(derived.state_dir)]
    if site.pending_app_limit is not None:
        lines.append("pending_app_limit = %d" % site.pending_app_limit)
    lines += ["waive = %s" % listed(site.waive)] if site.waive else []
    lines += ["", "[components]"]
    for name, one in site.components.items():
        lines += ["[[%s]]" % name, "base_url = %s" % quoted(one.base_url),
                  "ui_url = %s" % quoted(one.ui_url)] if one.base_url else []
    lines += ["", "[nodes]"]
    for spare in derived.spares:
        lines += _node_lines(spare.entry)
    lines += ["", "[databases]", "admin = %s" % quoted(server) if server
              else "node = %s" % derived.spares[0].entry.name]
    if site.databases.bindir and derived.spares[0].entry.root:  # programs of this machine
        lines.append("bindir = %s" % quoted(site.databases.bindir))
    return "\n".join([*lines, *_email_lines(site.email, host)]) + "\n"


def _node_lines(entry: NodeEntry) -> List[str]:
    lines = ["[[%s]]" % entry.name, "roles = %s" % listed(entry.roles)]
    lines.append("root = %s" % quoted(entry.root) if entry.root
                 else "address = %s" % quoted(entry.address))
    return lines + (["become = %s" % entry.become] if entry.become else [])


def _email_lines(email: Mapping[str, Any], host: str) -> List[str]:
    lines = ["", "[email]"] if email else []
    for key, value in email.items():
        text = host if key == "host" else value
        lines.append("%s = %s" % (key, quoted(text) if isinstance(text, str) else listed(text)))
    return lines
