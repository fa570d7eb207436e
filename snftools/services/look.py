"""What runs on a node: processes, pidfiles, listening sockets; what may be started there."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple)

from snftools.errors import Failed
from snftools.node import Process
from snftools.services import sockets

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.release import Release

_PROJECT = re.compile(r"^[A-Za-z0-9_-]+(\.py)?$")


@dataclass(frozen=True)
class ServiceState:
    """A service on a node, as it was found.

    `enabled` is False when its init script would start nothing, `why` says the reason;
    `master_only` services that are not on the master have `elsewhere` set.  `sockets` are
    the addresses of its configuration on which somebody listens.
    """

    name: str
    installed: bool
    enabled: bool
    running: bool
    pids: Tuple[int, ...] = ()
    sockets: Tuple[str, ...] = ()
    why: str = ""
    elsewhere: bool = False
    addresses: Tuple[str, ...] = ()
    processes: Tuple[Process, ...] = ()

    @property
    def startable(self) -> bool:
        """Whether `service NAME start` would start it here."""
        return self.installed and self.enabled and not self.elsewhere

    def as_dict(self) -> Dict[str, Any]:
        """What JSON tells of it."""
        return {"name": self.name, "installed": self.installed, "enabled": self.enabled,
                "running": self.running, "pids": list(self.pids),
                "sockets": list(self.sockets), "why": self.why}


def names(release: "Release") -> List[str]:
    """All services of the release, in its order."""
    return list(release.part("services")["services"])


def of_roles(release: "Release", roles: Sequence[str]) -> List[str]:
    """The services of nodes with these roles, in the release's order."""
    return [name for name, row in release.part("services")["services"].items()
            if set(row["roles"]) & set(roles)]


def states(node: "Node", release: "Release", roles: Optional[Sequence[str]] = None
           ) -> List[ServiceState]:
    """Every service of the roles (default: the node's), as it is now.

    Raises Failed when the process list can't be had or the Ganeti master can't be told.
    """
    rows = release.part("services")["services"]
    wanted = of_roles(release, node.roles if roles is None else roles)
    processes = node.processes()
    with node.glance(_places(wanted, rows)):
        return [state(node, name, rows[name], processes) for name in wanted]


def _places(wanted: Sequence[str], rows: Mapping[str, Any]) -> Iterator[str]:
    """The files and directories that `state` looks at."""
    for name in wanted:
        yield "/etc/init.d/" + name
        for path in [*rows[name]["pidfiles"], rows[name]["default_file"],
                     rows[name]["config_dir"]]:
            if path:
                yield posixpath.dirname(path) if _is_pattern(path) else path


def _is_pattern(path: str) -> bool:
    return any(letter in path for letter in "*?[")


def state(node: "Node", name: str, row: Dict[str, Any], processes: Sequence[Process]
          ) -> ServiceState:
    """One service, judged from a process list."""
    mine = matching(row["patterns"], processes, pidfile_pids(node, row["pidfiles"]))
    installed = node.exists("/etc/init.d/" + name)
    enabled, why = _enabled(node, row)
    why = "" if enabled else why
    elsewhere = False
    if installed and enabled and row["master_only"]:
        master = ganeti_master(node)
        elsewhere = not is_here(node, master)
        why = "the Ganeti master is %s" % master if elsewhere and master else \
            "this node has no Ganeti cluster" if elsewhere else ""
    addresses = _addresses(node, row)
    return ServiceState(name, installed, enabled, bool(mine),
                        tuple(process.pid for process in mine),
                        sockets.open_ones(node, addresses) if addresses else (),
                        why if installed else "no /etc/init.d/" + name, elsewhere, addresses,
                        tuple(mine))


def matching(patterns: Sequence[str], processes: Sequence[Process], by_pidfile: Set[int]
             ) -> List[Process]:
    """The processes of a service: by a pattern, by a live pidfile, and what these started.

    Several patterns, because gunicorn's master renames itself; children, because a worker
    may rename itself to anything.
    """
    found = [one for one in processes if not one.args.endswith("<defunct>")
             and (one.pid in by_pidfile or any(re.search(p, one.args) for p in patterns))]
    pids = {one.pid for one in found}
    grown = True
    while grown:
        more = [one for one in processes if one.ppid in pids and one.pid not in pids
                and not one.args.endswith("<defunct>")]
        grown = bool(more)
        found += more
        pids |= {one.pid for one in more}
    return sorted(found, key=lambda one: one.pid)


def pidfile_pids(node: "Node", patterns: Sequence[str]) -> Set[int]:
    """The process ids in the pidfiles (the last part of a path may be a pattern)."""
    found = set()
    for path in paths(node, patterns):
        try:
            text = node.read(path).decode("ascii", "replace").strip()
        except OSError:
            continue
        if text.isdigit():
            found.add(int(text))
    return found


def paths(node: "Node", patterns: Sequence[str]) -> List[str]:
    """The files of the node that the patterns name."""
    found: List[str] = []
    for pattern in patterns:
        if not _is_pattern(pattern):
            found.append(pattern)
            continue
        directory, last = posixpath.split(pattern)
        try:
            found += [directory + "/" + name for name in node.list(directory)
                      if fnmatch.fnmatchcase(name, last)]
        except OSError:
            continue
    return found


def _enabled(node: "Node", row: Dict[str, Any]) -> Tuple[bool, str]:
    """Whether the init script would start it, and why not (OBSERVED L)."""
    if row["default_file"]:
        try:
            text = node.read(row["default_file"]).decode("utf-8", "replace")
        except FileNotFoundError:
            return row["enabled_without_file"], "no " + row["default_file"]
        value = shell_value(text, row["variable"])
        if value is None:
            return row["enabled_without_file"], "%s is not set in %s" % (
                row["variable"], row["default_file"])
        return value == "true", "%s=%s in %s" % (row["variable"], value, row["default_file"])
    if row["config_dir"] and node.exists(row["config_dir"]):
        return bool(projects(node, row)), "nothing configured in " + row["config_dir"]
    return True, ""


def shell_value(text: str, variable: str) -> Optional[str]:
    """What the last plain assignment of a shell file gives the variable."""
    found = re.findall(r"(?m)^[ \t]*(?:export[ \t]+)?%s=(\"[^\"\n]*\"|'[^'\n]*'|[^\s;#]*)"
                       % re.escape(variable), text)
    return found[-1].strip("\"'") if found else None


def projects(node: "Node", row: Dict[str, Any]) -> List[str]:
    """The files of the service's configuration directory that it reads."""
    if not row["config_dir"] or not node.exists(row["config_dir"]):
        return []
    return [row["config_dir"] + "/" + name for name in node.list(row["config_dir"])
            if _PROJECT.match(name)]


def _addresses(node: "Node", row: Dict[str, Any]) -> Tuple[str, ...]:
    """Where the service's configuration makes it listen: "host:port"."""
    if not row["listen"]:
        return ()
    found: List[str] = []
    for path in projects(node, row):
        try:
            text = node.read(path).decode("utf-8", "replace")
        except OSError:
            continue
        live = "\n".join(line for line in text.splitlines()
                         if not line.lstrip().startswith("#"))
        found += [address for address in re.findall(row["listen"], live)
                  if sockets.port_of(address)]
    return tuple(dict.fromkeys(found))


def ganeti_master(node: "Node") -> str:
    """The name of the Ganeti master as the node knows it; empty without Ganeti.

    Raises Failed when gnt-cluster is there and does not say it.
    """
    result = node.run(["gnt-cluster", "getmaster"], timeout=60)
    if result.exit == 127:
        return ""
    if not result.ok or not result.text.strip():
        raise Failed("gnt-cluster getmaster: exit %d: %s"
                     % (result.exit, result.error_text.strip()), node=node.name,
                     unchanged="everything")
    return result.text.strip().splitlines()[-1]


def is_here(node: "Node", host: str) -> bool:
    """Whether a host name is this node's: its names in full, or where one is short its label."""
    own = {node.name}
    for words in (["hostname", "--fqdn"], ["hostname"]):
        result = node.run(words, timeout=60)
        if result.ok and result.text.strip():
            own.add(result.text.strip())
    return any(host == name or ("." not in host or "." not in name)
               and host.split(".")[0] == name.split(".")[0] for name in own if host)
