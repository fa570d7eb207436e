"""What a command works on: the site, the nodes that were meant, locks, progress."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from snftools import site as site_module
from snftools.errors import Failed, Invalid, Refused, Usage
from snftools.node import Node, node_locks, open_node
from snftools.output.statusfd import Progress
from snftools.release import Release
from snftools.site import DatabasesConf, NodeEntry, Site, bare_entry, make_component
from snftools.state import RunToken, State, new_id

# What the master tells its children, names with commas: nodes to go on without
# (upgrade/silent.py), findings that are waived.
LEFT_OUT = "SNF_UPGRADE_LEFT_OUT"
WAIVED = "SNF_UPGRADE_WAIVED"


HEARTBEAT = 30.0  # seconds between two lines of progress where there is no terminal


class Context:
    """One command's surroundings, opened when first asked for."""

    def __init__(self, args: argparse.Namespace, command: str = "") -> None:
        self.args = args
        self.command = command or os.path.basename(sys.argv[0])
        self.release = Release.read()
        self.site = _without(_site(args), _names(LEFT_OUT))
        self.waive(_names(WAIVED))
        self.state = State(self.site.state_dir)
        self.token: Optional[RunToken] = RunToken.current(self.site.state_dir)
        self.progress = Progress(
            args.status_fd, step=self.command,
            live=not args.json and not args.quiet and sys.stderr.isatty(),
            beat=0.0 if args.quiet or args.json else HEARTBEAT)
        self._nodes: Dict[str, Node] = {}
        self._run_id = ""

    @property
    def run_id(self) -> str:
        """The run's id (a child of the master), or one made for this command: the undo ID."""
        if not self._run_id:
            self._run_id = self.token.run_id if self.token else _fresh_id(self.state)
        return self._run_id

    # -- nodes ---------------------------------------------------------------------------

    def nodes(self, serves: Sequence[str], changing: bool = True) -> List[Node]:
        """The nodes that are meant, opened (DESIGN 3.1, "Which node").

        `serves`: the roles that the command serves.  Usage (2) lists the names when a
        command that changes something is typed off the site's nodes.
        """
        chosen = self._entries(tuple(serves), changing)
        nodes = [self.open(entry) for entry in chosen]
        for node in nodes:
            if not set(node.roles) & set(serves):
                raise Usage("node %s has no role that this command serves (%s)%s"
                            % (node.name, ", ".join(serves),
                               "" if self.site.path else "; --role ROLE says one"))
        return nodes

    def _entries(self, serves: Tuple[str, ...], changing: bool) -> List[NodeEntry]:
        names: List[str] = self.args.node
        if not self.site.path:
            return list(self.site.nodes)
        able = [node for node in self.site.nodes
                if set(node.roles) & set(serves) and not node.offline]
        if "all" in names:
            return able
        if names:
            return [self._named(name) for name in dict.fromkeys(names)]
        here = self.site.here()
        if here is not None:
            return [here]
        if changing:
            raise Usage("which node?  --node NAME (repeats) or --node all: %s"
                        % ", ".join(node.name for node in able))
        return able

    def _named(self, name: str) -> NodeEntry:
        entry = self.site.node(name)
        if entry.offline:
            raise Refused("offline = yes in %s" % self.site.path, node=name,
                          unchanged="everything")
        return entry

    def all_nodes(self, roles: Sequence[str] = ()) -> List[Node]:
        """Every node that is not offline (with one of the roles), opened."""
        return [self.open(entry) for entry in self.site.nodes if not entry.offline
                and (not roles or not self.site.path or set(entry.roles) & set(roles))]

    def node_with(self, role: str) -> Node:
        """The first node with the role; Usage (2) when there is none."""
        for node in self.all_nodes((role,)):
            if role in node.roles:
                return node
        raise Usage("no node with the role %s%s"
                    % (role, " in " + self.site.path if self.site.path else
                       ": --node /DIR or HOST"))

    def open(self, entry: NodeEntry) -> Node:
        """The Node of an entry, opened once; without a site.conf its roles are found."""
        if entry.name not in self._nodes:
            node = open_node(entry)
            if not self.site.path:
                node.roles = tuple(self.args.role) or self._found_roles(node)
            self._nodes[entry.name] = node
        return self._nodes[entry.name]

    def _found_roles(self, node: Node) -> Tuple[str, ...]:
        from snftools.packages.query import roles_of
        try:
            return tuple(roles_of(node, self.release))
        except Failed:
            return ()  # no dpkg here: --role says it, or the command does without

    def leave_out(self, names: Sequence[str]) -> None:
        """Go on without these nodes, and let child processes do the same."""
        self.site = _without(self.site, names)
        os.environ[LEFT_OUT] = ",".join(names)

    def waive(self, names: Sequence[str]) -> None:
        """Waive these findings besides those of site.conf, here and in child processes."""
        if names:
            self.site = replace(self.site, waive=(*self.site.waive, *names))
            os.environ[WAIVED] = ",".join(names)

    # -- locks ---------------------------------------------------------------------------

    @contextmanager
    def changing(self, nodes: Sequence[Node] = ()) -> Iterator[None]:
        """Hold the site's lock (shared) and the nodes' locks; a child of the master holds them."""
        if self.token is not None:
            yield
            return
        with self.state.site_lock(exclusive=False, command=self.command):
            with node_locks(list(nodes), self.command):
                yield


def _fresh_id(state: State) -> str:
    """A new id that no other change of the same second has."""
    wanted = new_id()
    known = set(state.undo_ids()) | set(state.runs())
    candidate, number = wanted, 1
    while candidate in known:
        number += 1
        candidate = "%s-%d" % (wanted, number)
    return candidate


def _site(args: argparse.Namespace) -> Site:
    """The Site of --site, of SNF_UPGRADE_SITE, of the default path, or of options alone."""
    named = args.site or os.environ.get("SNF_UPGRADE_SITE", "")
    path = named or site_module.DEFAULT_PATH
    if named or os.path.exists(path):
        return _with_options(Site.read(path), args)
    names = args.node or ["local"]
    if "all" in names:
        raise Usage("--node all needs a site.conf: there is none at %s" % path)
    entries = [bare_entry(name) for name in dict.fromkeys(names)]
    site = Site(name="none", nodes=tuple(entries),
                state_dir=os.path.abspath(site_module.default_state_dir()))
    return _with_options(site, args)


def _names(variable: str) -> List[str]:
    return [name for name in os.environ.get(variable, "").split(",") if name]


def _without(site: Site, names: Sequence[str]) -> Site:
    """The site with the named nodes offline."""
    return replace(site, nodes=tuple(replace(node, offline=True) if node.name in names else node
                                     for node in site.nodes))


def _with_options(site: Site, args: argparse.Namespace) -> Site:
    """The site with what the command line says over it."""
    components = dict(site.components)
    for text in args.base_url:
        name, _, url = text.partition("=")
        if name not in site_module.COMPONENTS or not url:
            raise Usage("--base-url wants COMPONENT=URL, COMPONENT one of %s"
                        % ", ".join(site_module.COMPONENTS))
        try:
            components[name] = make_component(name, url)
        except Invalid as error:
            raise Usage("--base-url: %s" % error)
    databases = site.databases
    if args.db_admin:
        try:
            site_module.check_admin(args.db_admin)
        except Invalid as error:
            raise Usage("--db-admin: %s" % error)
        databases = DatabasesConf(databases.node, args.db_admin, databases.bindir)
    return replace(site, components=components, databases=databases,
                   email=_email(site, args.email_value),
                   backup_dir=os.path.abspath(args.backup_dir) if args.backup_dir
                   else site.backup_dir)


def _email(site: Site, values: Sequence[str]) -> Dict[str, object]:
    """[email] with --email-value KEY=VALUE over it; lists are comma separated."""
    email = dict(site.email)
    for text in values:
        key, separator, value = text.partition("=")
        if key not in site_module.EMAIL_KEYS or not separator:
            raise Usage("--email-value wants KEY=VALUE, KEY one of %s"
                        % ", ".join(site_module.EMAIL_KEYS))
        if key in ("helpdesk", "managers", "admins"):
            email[key] = [part.strip() for part in value.split(",") if part.strip()]
        else:
            email[key] = value
    return email
