"""The databases that snf-backup-db and snf-restore-db are asked for."""

from __future__ import annotations

import argparse
import json
import os
from typing import TYPE_CHECKING, Any, List, Set

from snftools.errors import Usage

if TYPE_CHECKING:
    from snftools.backups.sets import BackupSet
    from snftools.commands.context import Context
    from snftools.database.find import Database

OPTIONS = ("node", "role", "db-admin", "backup-dir", "settings-dir")


def add_database(parser: argparse.ArgumentParser) -> None:
    """-d/--database NAME."""
    parser.add_argument("-d", "--database", action="append", metavar="NAME", default=[],
                        help="only this database (repeats)")
    parser.add_argument("-j", "--jobs", type=int, metavar="N", default=2,
                        help="processes a dump or restore (default 2)")


def found(ctx: "Context", absent_ok: bool = False) -> List["Database"]:
    """The databases of the site, of --node, or those that -d names; by their servers' answers."""
    from snftools.database import find
    every = find.find(nodes(ctx), ctx.site, ctx.args.settings_dir or "/etc/synnefo", absent_ok)
    if not every:
        raise Usage("no node with a role that has a database: --node, --role ROLE")
    return _named(every, ctx.args.database)


def nodes(ctx: "Context") -> List[Any]:
    """The nodes whose databases are meant."""
    from snftools.database.find import COMPONENTS
    if ctx.args.node or not ctx.site.path:
        return ctx.nodes(serves=COMPONENTS, changing=False)
    return ctx.all_nodes()


def whole(ctx: "Context") -> bool:
    """Whether all databases of what we were told of are meant."""
    return not ctx.args.database and not (ctx.site.path and ctx.args.node)


def of_set(ctx: "Context", backup: "BackupSet", level: str) -> List["Database"]:
    """The set's databases, as far as the level needs them: only `restore` needs a server."""
    wanted = [name for name in backup.databases
              if not ctx.args.database or name in ctx.args.database]
    if not wanted:
        raise Usage("set %s has no such database: %s" % (backup.name,
                                                         ", ".join(ctx.args.database)))
    if level == "restore":
        known = {database.name: database for database in found(ctx, absent_ok=True)}
    else:
        known = {}
    return [known.get(name) or _elsewhere(ctx, backup, name) for name in wanted]


def unfinished_runs(ctx: "Context") -> Set[str]:
    """The ids of the runs whose journal does not say that they are closed."""
    open_runs = set()
    for run_id in ctx.state.runs():
        path = os.path.join(ctx.state.run_dir(run_id), "journal.jsonl")
        if not any(event == "closed" for event in _events(path)):
            open_runs.add(run_id)
    return open_runs


def _events(path: str) -> List[str]:
    events = []
    try:
        with open(path, "rb") as stream:
            for line in stream:
                try:
                    events.append(str(json.loads(line.decode("utf-8")).get("event")))
                except (ValueError, AttributeError):
                    continue  # a torn last line
    except OSError:
        pass
    return events


def _named(every: List["Database"], names: List[str]) -> List["Database"]:
    if not names:
        return every
    known = {database.name for database in every}
    for name in names:
        if name not in known:
            raise Usage("no such database: %s (%s)" % (name, ", ".join(sorted(known))))
    return [database for database in every if database.name in names]


def _elsewhere(ctx: "Context", backup: "BackupSet", name: str) -> "Database":
    """A set's database of which only the backup is at hand: read with a node's programs."""
    from snftools.database.find import Database
    from snftools.database.params import Params
    from snftools.node import open_node
    from snftools.site import bare_entry
    conf = ctx.site.databases.of(name)
    here = [node for node in ctx.all_nodes() if node.address == "local"]
    chosen = [node for node in here if node.name == conf.node] or here \
        or [open_node(bare_entry("local"))]
    return Database(name, (), chosen[0], Params(name), admin=conf.admin, bindir=conf.bindir)
