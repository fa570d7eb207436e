"""What the 0.13 site was, recorded before anything changes; every file is 0600."""

from __future__ import annotations

import io
import json
import os
import tarfile
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from snftools import files
from snftools.upgrade import artefact
from snftools.upgrade.plan import Seen

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.node.base import Node
    from snftools.release import Release

# Directories and files that an upgrade changes (DESIGN 4, Survey).
_DIRECTORIES = ("/etc/synnefo", "/etc/gunicorn.d")
_DEFAULTS = ("/etc/default", "snf-")
_POLICY = "/usr/sbin/policy-rc.d"

# By SQL: what 0.13's own commands can't tell any more after the install.
_QUERIES = (
    ("components", "im_component", "SELECT id, name, url FROM im_component ORDER BY id"),
    ("services", "im_service", "SELECT * FROM im_service ORDER BY id"),
    ("user_limits", "im_usersetting",
     "SELECT user_id, setting, value FROM im_usersetting ORDER BY user_id, setting"),
    ("south", "south_migrationhistory",
     "SELECT app_name, migration FROM south_migrationhistory ORDER BY app_name, migration"),
    ("alembic", "alembic_version", "SELECT version_num FROM alembic_version"),
)


def directory(run_dir: str) -> str:
    """Where a run's survey lies."""
    return os.path.join(run_dir, "survey")


def node_facts(node: "Node", release: "Release") -> Dict[str, Any]:
    """Packages, services and Ganeti's master of one node."""
    from snftools import services
    from snftools.packages import query
    states = services.states(node, release)
    packages = query.installed(node)
    return {
        "node": node.name, "roles": list(node.roles),
        "packages": {name: package.version for name, package in sorted(packages.items())
                     if package.version and package.there},
        "services": [{"name": state.name, "enabled": bool(state.enabled and not state.elsewhere),
                      "running": bool(state.running)} for state in states],
        "ganeti_master": is_master(node),
    }


def is_master(node: "Node") -> Optional[bool]:
    """Whether Ganeti calls this node its master; None where it has no Ganeti."""
    from snftools.services import look
    master = look.ganeti_master(node) if "ganeti" in node.roles else ""
    return look.is_here(node, master) if master else None


def archive(node: "Node") -> bytes:
    """A tar of the node's settings, its services' defaults and its policy-rc.d."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar, \
            node.glance([*_DIRECTORIES, _DEFAULTS[0], _POLICY]):
        for path in _paths(node):
            stat = node.stat(path)
            if stat is None or stat.kind != "file":
                continue
            data = node.read(path)
            info = tarfile.TarInfo(path.lstrip("/"))
            info.size, info.mode, info.mtime = len(data), stat.mode & 0o7777, stat.mtime
            info.uid, info.gid = stat.uid, stat.gid
            tar.addfile(info, io.BytesIO(data))
    return target.getvalue()


def _paths(node: "Node") -> Iterator[str]:
    for parent in _DIRECTORIES:
        for name in _list(node, parent):
            yield parent + "/" + name
    for name in _list(node, _DEFAULTS[0]):
        if name.startswith(_DEFAULTS[1]):
            yield _DEFAULTS[0] + "/" + name
    if node.exists(_POLICY):
        yield _POLICY


def _list(node: "Node", path: str) -> List[str]:
    try:
        return node.list(path)
    except FileNotFoundError:
        return []


def database_facts(databases: Sequence["Database"]) -> Dict[str, Any]:
    """Components, users' limits and migration state of each database."""
    from snftools.database import connect
    facts: Dict[str, Any] = {}
    for database in databases:
        found: Dict[str, Any] = {"serves": list(database.components)}
        # Not under the pins: their search_path would hide every table of the site.
        with connect.connect(database) as connection:
            for key, table, sql in _QUERIES:
                if connect.rows(connection, "SELECT 1 FROM pg_class WHERE relname = %s AND "
                                "relkind = 'r' AND pg_table_is_visible(oid)", (table,)):
                    found[key] = [[_plain(value) for value in row]
                                  for row in connect.rows(connection, sql)]
        facts[database.name] = found
    return facts


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, str, bool, type(None))) else str(value)


def keep(run_dir: str, name: str, data: bytes) -> Tuple[str, Dict[str, str]]:
    """Write one artefact; its path and sha256 for the journal."""
    parent = directory(run_dir)
    files.make_private_directory(parent)
    path = os.path.join(parent, name)
    files.write_atomic(path, data, mode=0o600)
    return path, {"path": path, "sha256": artefact.digest(path)}


def take(node: "Node", release: "Release", run_dir: str) -> Tuple[Dict[str, Any],
                                                                 Dict[str, Dict[str, str]]]:
    """Survey one node: its facts, and its artefacts by NODE/KIND."""
    facts = node_facts(node, release)
    tar = keep(run_dir, node.name + ".tar", archive(node))[1]
    told = keep(run_dir, node.name + ".json", _dump(facts))[1]
    return facts, {node.name + "/files": tar, node.name + "/facts": told}


def take_databases(databases: Sequence["Database"], run_dir: str) -> Dict[str, Dict[str, str]]:
    """Survey the databases."""
    told = keep(run_dir, "databases.json", _dump(database_facts(databases)))[1]
    return {"databases/facts": told}


def read(run_dir: str, nodes: Sequence[str]) -> Dict[str, Dict[str, Any]]:
    """The facts of each node that has been surveyed."""
    found = {}
    for name in nodes:
        try:
            with open(os.path.join(directory(run_dir), name + ".json")) as stream:
                found[name] = json.load(stream)
        except (OSError, ValueError):
            continue
    return found


def seen(facts: Mapping[str, Mapping[str, Any]], source: str) -> Seen:
    """What a plan needs: from a survey what ran, else what is enabled."""
    key = "running" if source == "survey" else "enabled"
    return Seen(
        services={name: tuple(row["name"] for row in value["services"] if row[key])
                  for name, value in facts.items()},
        source=source,
        masters=tuple(name for name, value in facts.items() if value.get("ganeti_master")))


def _dump(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode("utf-8")
