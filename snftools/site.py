"""site.conf: what a site consists of (DESIGN: site.conf), and a Site made from options alone."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from snftools.errors import Failed, Invalid, Usage

DEFAULT_PATH = "/etc/snf-upgrade/site.conf"
ROLES = ("astakos", "cyclades", "pithos", "ganeti")
COMPONENTS = ("astakos", "cyclades", "pithos")
DEFAULT_BACKUP_DIR = "/var/backups/snf-upgrade"
EMAIL_KEYS = ("contact", "helpdesk", "managers", "admins", "from", "subject_prefix", "host")

_SPEC = """
name = string(min=1)
target = string(default="")
backup_dir = string(default="")
state_dir = string(default="")
pending_app_limit = integer(min=0, default=None)
waive = force_list(default=list())
[components]
[[__many__]]
base_url = string(default="")
ui_url = string(default="")
[nodes]
[[__many__]]
roles = force_list(default=list())
address = string(default="local")
become = option("", "sudo", default="")
root = string(default="")
offline = boolean(default=False)
[databases]
node = string(default="")
admin = string(default="")
bindir = string(default="")
[[__many__]]
node = string(default="")
admin = string(default="")
bindir = string(default="")
[email]
contact = string(default=None)
helpdesk = force_list(default=None)
managers = force_list(default=None)
admins = force_list(default=None)
from = string(default=None)
subject_prefix = string(default=None)
host = string(default=None)
"""

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


@dataclass(frozen=True)
class Component:
    """What Astakos registers; URLs without a final slash but `ui_url`, which has one."""

    name: str
    base_url: str
    ui_url: str


@dataclass(frozen=True)
class NodeEntry:
    """A node as site.conf (or --node) names it."""

    name: str
    roles: Tuple[str, ...] = ()
    address: str = "local"
    become: str = ""
    root: str = ""
    offline: bool = False

    def is_here(self) -> bool:
        """Whether this machine is the node (DESIGN: "Which node")."""
        if self.root:
            return False
        names = {socket.gethostname(), socket.getfqdn()}
        host = self.address.rpartition("@")[2].partition(":")[0]
        return self.address == "local" or self.name in names or host in names


@dataclass(frozen=True)
class DatabasesConf:
    """[databases]: the node with the server, the administrator's URI, the programs' directory."""

    node: str = ""
    admin: str = ""
    bindir: str = ""
    each: Mapping[str, "DatabasesConf"] = field(default_factory=dict)

    def of(self, database: str) -> "DatabasesConf":
        """The keys for one database: its own, else the common ones."""
        own = self.each.get(database)
        if own is None:
            return self
        return DatabasesConf(own.node or self.node, own.admin or self.admin,
                             own.bindir or self.bindir)


@dataclass(frozen=True)
class Site:
    """The whole installation.  `path` is empty for one made from options."""

    name: str
    nodes: Tuple[NodeEntry, ...]
    components: Mapping[str, Component] = field(default_factory=dict)
    target: str = ""
    backup_dir: str = DEFAULT_BACKUP_DIR
    state_dir: str = ""
    pending_app_limit: Optional[int] = None
    waive: Tuple[str, ...] = ()
    databases: DatabasesConf = DatabasesConf()
    email: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    text: str = ""

    @property
    def answers(self) -> Tuple[str, ...]:
        """The keys that say what a setting of the old release said, and are given."""
        return ("pending_app_limit",) if self.pending_app_limit is not None else ()

    @classmethod
    def read(cls, path: str) -> "Site":
        """Read site.conf; Invalid (78) when it is missing, unreadable or wrong anywhere."""
        try:
            with open(path, "rb") as stream:
                data = stream.read(1 << 20)
        except OSError as error:
            raise Invalid("%s: %s" % (path, error.strerror),
                          next="snf-upgrade init --site %s" % path)
        from snftools import data as conf
        values = conf.read(data, _SPEC, path)
        try:
            return _from_values(values, os.path.abspath(path), data.decode("utf-8"))
        except Invalid as error:
            if path not in error.what:  # every message names the file
                error.args = ("%s: %s" % (path, error.what),)
                error.what = error.args[0]
            raise

    def with_role(self, role: str, offline: bool = False) -> List[NodeEntry]:
        """The nodes with the role, in the file's order, without those that are offline."""
        return [node for node in self.nodes
                if role in node.roles and (offline or not node.offline)]

    def node(self, name: str) -> NodeEntry:
        """The node of that name; Usage (2) when there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise Usage("no node %s in %s: %s" % (name, self.path or "this command line",
                                               ", ".join(n.name for n in self.nodes)))

    def here(self) -> Optional[NodeEntry]:
        """This machine's own entry, if it is a node."""
        return next((node for node in self.nodes if node.is_here()), None)

    def url(self, component: str) -> str:
        """A component's base URL; Usage (2) names the option when it is not known."""
        known = self.components.get(component)
        if known is None or not known.base_url:
            raise Usage("the base URL of %s is not known: --base-url %s=URL, or base_url in "
                        "site.conf" % (component, component))
        return known.base_url


def default_state_dir() -> str:
    """Where state lies when site.conf does not say (DESIGN 3.1)."""
    chosen = os.environ.get("SNF_UPGRADE_STATE_DIR")
    if chosen:
        return chosen
    if os.geteuid() == 0:
        return "/var/lib/snf-upgrade"
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(home, "snf-upgrade")


def make_component(name: str, base_url: str, ui_url: str = "") -> Component:
    """A component with checked URLs; Invalid (78) for what is no absolute http(s) URL."""
    for url in (base_url, ui_url):
        if url:
            _check_url(name, url)
    base_url = base_url.rstrip("/")
    return Component(name, base_url, ui_url or (base_url + "/ui/" if base_url else ""))


def _check_url(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises ValueError when it is no number
    except ValueError:
        good = False
    if not good or re.search(r"[\s'\"\\]", url) or parts.query or parts.fragment:
        raise Invalid("%s: not an absolute http or https URL: %s" % (name, url))
    if "example.synnefo.org" in (parts.hostname or ""):
        raise Invalid("%s: %s is Synnefo's own example address" % (name, url))


def _from_values(values: Dict[str, Any], path: str, text: str) -> Site:
    """A Site from validated values, with what a spec can't say checked."""
    nodes = tuple(_node(name, row, path) for name, row in values["nodes"].items())
    _check_nodes(nodes, path)
    components = {}
    for name, row in values["components"].items():
        if name not in COMPONENTS:
            raise Invalid("%s: no such component: %s (%s)" % (path, name, ", ".join(COMPONENTS)))
        components[name] = make_component(name, row["base_url"], row["ui_url"])
    if not _NAME.match(values["name"]):
        raise Invalid("%s: name: letters, digits, dots and dashes only" % path)
    return Site(
        name=values["name"], nodes=nodes, components=components, target=values["target"],
        backup_dir=_absolute(values["backup_dir"] or DEFAULT_BACKUP_DIR, "backup_dir", path),
        state_dir=_absolute(os.environ.get("SNF_UPGRADE_STATE_DIR") or values["state_dir"]
                            or default_state_dir(), "state_dir", path),
        pending_app_limit=values["pending_app_limit"], waive=tuple(values["waive"]),
        databases=_databases(values["databases"], nodes, path),
        email={key: value for key, value in values["email"].items() if value is not None},
        path=path, text=text)


def _node(name: str, row: Dict[str, Any], path: str) -> NodeEntry:
    for role in row["roles"]:
        if role not in ROLES:
            raise Invalid("%s: node %s: no such role: %s (%s)"
                          % (path, name, role, ", ".join(ROLES)))
    if not _NAME.match(name) or name == "all":
        raise Invalid("%s: not a name for a node: %s" % (path, name))
    if row["address"].startswith("-"):
        raise Invalid("%s: node %s: not an address: %s" % (path, name, row["address"]))
    if row["root"]:
        _absolute(row["root"], "node %s: root" % name, path)
    return NodeEntry(name, tuple(row["roles"]), row["address"], row["become"], row["root"],
                     row["offline"])


def _check_nodes(nodes: Tuple[NodeEntry, ...], path: str) -> None:
    if not nodes:
        raise Invalid("%s: [nodes] names no node" % path)
    roots = [node.root for node in nodes if node.root]
    for root in roots:
        if roots.count(root) > 1:
            raise Invalid("%s: two nodes have the root %s" % (path, root))


def _databases(row: Dict[str, Any], nodes: Tuple[NodeEntry, ...], path: str) -> DatabasesConf:
    names = {node.name for node in nodes}
    each = {}
    for name, value in row.items():
        if isinstance(value, dict):
            each[name] = DatabasesConf(value["node"], value["admin"], value["bindir"])
    conf = DatabasesConf(row["node"], row["admin"], row["bindir"], each)
    for part in (conf, *each.values()):
        if part.node and part.node not in names:
            raise Invalid("%s: [databases] node: no node %s" % (path, part.node))
        check_admin(part.admin)
    return conf


def check_admin(uri: str) -> None:
    """Invalid (78) when an administrator's URI holds a password or is none."""
    if not uri:
        return
    parts = urlsplit(uri)
    if parts.scheme not in ("postgresql", "postgres"):
        raise Invalid("[databases] admin must be a postgresql:// URI")
    if parts.password or "password=" in parts.query:
        raise Invalid("[databases] admin must not hold a password: libpq reads it from "
                      "PGPASSFILE or ~/.pgpass")


def _absolute(value: str, key: str, path: str) -> str:
    if not os.path.isabs(value):
        raise Invalid("%s: %s must be an absolute path: %s" % (path, key, value))
    return value


def bare_entry(node: str) -> NodeEntry:
    """The entry of a --node without a site.conf: /DIR is a root, else [user@]host[:port]."""
    if node.startswith("/"):
        if not os.path.isdir(node):
            raise Failed("no such directory: %s" % node, node=node)
        return NodeEntry(os.path.basename(os.path.normpath(node)) or "root", root=node)
    if node.startswith("-") or not node:
        raise Usage("not a node: %r" % node)
    if node == "local":
        return NodeEntry(socket.gethostname(), address="local")
    return NodeEntry(node, address=node)
