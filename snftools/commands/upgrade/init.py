"""snf-upgrade init - draft site.conf from what is on the nodes"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Sequence, Tuple

from snftools import files
from snftools import site as site_module
from snftools.errors import Failed, Refused, SnfError
from snftools.report import Finding, Report
from snftools.site import NodeEntry


def act(args: Any) -> Report:
    """Look at the nodes, write the file that --site names, never over an old one."""
    target = args.site or os.environ.get("SNF_UPGRADE_SITE") or site_module.DEFAULT_PATH
    if target != "-" and os.path.lexists(target):
        raise Refused("%s is there already" % target, unchanged="everything",
                      next="snf-upgrade init --site - %s" % " ".join(args.host))
    draft = _drafted(args)
    text = draft.text(site_module.DEFAULT_BACKUP_DIR, site_module.default_state_dir())
    notes = tuple(Finding("draft", "note", what) for what in draft.unknown)
    nodes = {entry.name: list(found.roles) for entry, found in draft.nodes}
    found = {entry.name: found.as_dict() for entry, found in draft.nodes}
    if target == "-":
        return Report(result={"text": text, "nodes": nodes, "found": found}, findings=notes,
                      lines=tuple(text.splitlines()))
    try:
        os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
        files.write_atomic(target, text.encode("utf-8"), mode=0o644)
    except OSError as error:
        raise Failed("can't write %s: %s" % (target, error.strerror))
    return Report(changed=True, findings=notes, result={"site": target, "nodes": nodes,
                                                            "found": found}, lines=(
        "Drafted %s: %d nodes.  Read every line of it." % (target, len(nodes)),
        "Next: snf-upgrade check --site %s" % target))


def _drafted(args: Any) -> Any:
    from snftools.node import at_once
    from snftools.release import Release
    from snftools.upgrade.draft import Draft, node_name
    release, draft = Release.read(), Draft()
    entries = []
    for host in dict.fromkeys(args.host or ["local"]):
        entry = site_module.bare_entry(host)
        if entry.root:
            entry = replace(entry, root=os.path.abspath(entry.root))
        entries.append(replace(entry, name=node_name(entry)))
    nodes = []
    # All are asked at once; what they say is put together in the order of the command line.
    for entry, node, found in at_once(entries, lambda entry: _visited(entry, release)):
        draft.add(entry, node, found)
        nodes.append(node)
    _add_registered(draft, nodes)
    return draft


def _visited(entry: NodeEntry, release: Any) -> Tuple[NodeEntry, Any, Any]:
    """A node, opened, and what stands on it; by sudo where its user is not root."""
    from snftools.node import open_node
    from snftools.upgrade import visit
    node = open_node(entry)
    if not visit.is_root(node):
        able = replace(entry, become="sudo")
        try:
            if visit.is_root(open_node(able)):
                entry, node = able, open_node(able)
        except Failed:
            pass  # no sudo: what can be seen without it
    return entry, node, visit.visit(node, release)


def _add_registered(draft: Any, nodes: Sequence[Any]) -> None:
    """Ask Astakos' database for the addresses that no node's settings tell."""
    from snftools.database import connect, find
    from snftools.registry import tokens
    from snftools.site import COMPONENTS, Site
    home = [node for node in nodes if "astakos" in node.roles]
    missing = [name for name in COMPONENTS if name not in draft.urls]
    if not home or not missing:
        return
    try:
        found = find.find(home, Site(name="draft", nodes=()))
        with connect.connect(find.for_component(found, "astakos")) as connection:
            for name in missing:
                draft.add_url(name, tokens.address(connection, name))
    except SnfError as error:
        draft.unknown.append("the database of Astakos was not asked: %s" % error)
