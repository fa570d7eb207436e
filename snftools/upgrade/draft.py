"""A draft of site.conf, from what is found on the nodes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple
from urllib.parse import urlsplit

from snftools.site import COMPONENTS, NodeEntry
from snftools.upgrade.visit import Found

if TYPE_CHECKING:
    from snftools.node.base import Node
    from snftools.settings.directory import SettingsDir

# Where a 0.13 node says its component's address (SOURCE 1.2), best first.
_URLS = {
    "astakos": ("ASTAKOS_BASE_URL", "ASTAKOS_BASEURL"),
    "cyclades": ("CYCLADES_BASE_URL", "APP_INSTALL_URL", "VMAPI_BASE_URL"),
    "pithos": ("PITHOS_BASE_URL", "PITHOS_UPDATE_URL"),
}
_ASTAKOS_ELSEWHERE = ("ASTAKOS_URL", "PITHOS_AUTHENTICATION_URL")
_LIMIT = "ASTAKOS_PENDING_APPLICATION_LIMIT"
_EMAIL = (("contact", ("CONTACT_EMAIL", "ASTAKOS_DEFAULT_CONTACT_EMAIL")),
          ("admins", ("ADMINS",)), ("managers", ("MANAGERS",)),
          ("from", ("SERVER_EMAIL", "DEFAULT_FROM_EMAIL")),
          ("subject_prefix", ("EMAIL_SUBJECT_PREFIX",)), ("host", ("EMAIL_HOST",)))


@dataclass
class Draft:
    """What was found (live), and what must be looked up by hand."""

    name: str = "my-cloud"
    nodes: List[Tuple[NodeEntry, Found]] = field(default_factory=list)
    urls: Dict[str, str] = field(default_factory=dict)
    limit: str = ""
    email: Dict[str, Any] = field(default_factory=dict)
    unknown: List[str] = field(default_factory=list)

    def add(self, entry: NodeEntry, node: "Node", found: Found) -> None:
        """Take in a node: what was found on it, the rest by its settings."""
        from snftools.settings.directory import SettingsDir
        self.nodes.append((entry, found))
        roles = found.roles
        self.unknown += found.unknown
        if not roles and not found.server:
            self.unknown.append("no role was found on %s: what is it?" % entry.name)
        try:
            settings = SettingsDir.read(node)
        except OSError:
            return
        for role in roles:
            if role in COMPONENTS and role not in self.urls:
                self.add_url(role, _first(settings, _URLS[role]))
        if "astakos" not in self.urls:
            self.add_url("astakos", _first(settings, _ASTAKOS_ELSEWHERE))
        if "astakos" in roles:
            self._astakos(settings)

    def add_url(self, role: str, value: Any) -> None:
        """The base URL that an address of 0.13 leads to; others are left alone."""
        parts = urlsplit(value if isinstance(value, str) else "")
        if parts.scheme in ("http", "https") and parts.hostname \
                and "example.synnefo.org" not in parts.hostname:
            self.urls[role] = "%s://%s/%s" % (parts.scheme, parts.netloc, role)

    def _astakos(self, settings: "SettingsDir") -> None:
        limit = _first(settings, (_LIMIT,))
        if isinstance(limit, int) and limit > 0:
            self.limit = str(limit)
        for key, names in _EMAIL:
            value = _first(settings, names)
            if isinstance(value, str) and value:
                self.email[key] = value
            elif isinstance(value, (list, tuple)) and value:
                self.email[key] = [_person(item) for item in value]

    def _server_lines(self) -> List[str]:
        """Which node has the databases' server."""
        servers = [entry.name for entry, found in self.nodes if found.server]
        if len(servers) == 1:
            return ["# the node that has the server and its programs:", "node = %s" % servers[0]]
        return ["# which node has the server and its programs?%s"
                % ("  one of %s" % ", ".join(servers) if servers else ""), "# node = NAME"]

    def text(self, backup_dir: str, state_dir: str) -> str:
        """The file: one key a line, a comment where something must be decided."""
        lines = ["# Drafted by snf-upgrade init.  Read every line.",
                 "name = %s" % quoted(self.name),
                 "backup_dir = %s" % quoted(backup_dir),
                 "state_dir = %s" % quoted(state_dir)]
        lines += (["pending_app_limit = %s" % self.limit] if self.limit else
                  ["# how many project applications of a user may be pending:",
                   "# pending_app_limit = 2"])
        lines += ["", "[components]"]
        for role in COMPONENTS:
            lines.append("[[%s]]" % role)
            lines.append("base_url = %s" % quoted(self.urls[role]) if role in self.urls
                         else "# base_url = https://HOST/%s      (was not found)" % role)
        lines += ["", "[nodes]"]
        for entry, found in self.nodes:
            lines += _node_lines(entry, found)
        lines += ["", "[databases]", *self._server_lines(),
                  "# an administrator of PostgreSQL, without a password (see ~/.pgpass); without",
                  "# it postgres by runuser on the node that has the server:",
                  "# admin = \"postgresql://postgres@HOST/postgres\"", "", "[email]"]
        for key, value in self.email.items():
            lines.append("%s = %s" % (key, listed(value)))
        lines += ["# %s" % text for text in self.unknown]
        return "\n".join(lines) + "\n"


def _node_lines(entry: NodeEntry, found: Found) -> List[str]:
    lines = ["[[%s]]" % entry.name]
    if found.master is not None:
        lines.append("# %s" % ("Ganeti's master" if found.master else
                               "a Ganeti node, not the master"))
    if found.services:
        lines.append("# runs: %s" % " ".join(found.services))
    lines += ["# database %s on %s" % one for one in found.databases]
    lines.append("roles = %s" % (", ".join(found.roles) + "," if found.roles else ","))
    if entry.root:
        lines.append("root = %s" % quoted(entry.root))
    else:
        lines.append("address = %s" % quoted(entry.address))
    if entry.become:
        lines.append("become = %s" % entry.become)
    elif not found.root:
        lines.append("# its user is not root, and sudo -n does not work: what may he do?")
    return lines


def _first(settings: "SettingsDir", names: Sequence[str]) -> Any:
    """The first of the settings that is set and can be evaluated."""
    from snftools.settings.values import NotEvaluated
    for name in names:
        try:
            value = settings.value(name, None)
        except NotEvaluated:
            continue
        if value:
            return value
    return None


def _person(item: Any) -> str:
    if isinstance(item, (list, tuple)) and len(item) == 2:
        return "%s <%s>" % (item[0], item[1])
    return str(item)


def listed(value: Any) -> str:
    """A list (or one value) as ConfigObj reads it."""
    if isinstance(value, str):
        return quoted(value)
    return ", ".join(quoted(item) for item in value) + ("," if len(value) == 1 else "")


def quoted(value: str) -> str:
    """Quoted as ConfigObj reads it: `#` and `,` in a URL would cut it."""
    text = " ".join(str(value).split())
    return "'%s'" % text if '"' in text else '"%s"' % text


def node_name(entry: NodeEntry) -> str:
    """A name for the node: its host without user, domain and port."""
    if entry.root:
        return os.path.basename(os.path.normpath(entry.root))
    host = entry.name.rpartition("@")[2].partition(":")[0]
    return host if host.replace(".", "").isdigit() else host.partition(".")[0]
