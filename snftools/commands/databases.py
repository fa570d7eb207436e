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
                        help="only this database, or postgresql://USER@HOST/NAME (repeats)")
    parser.add_argument("-j", "--jobs", type=jobs, metavar="N", default=2,
                        help="processes at once, of all databases together (default 2)")


def jobs(text: str) -> int:
    """The value of --jobs."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("wants a number from 1")
    return int(text)


def found(ctx: "Context", absent_ok: bool = False) -> List["Database"]:
    """The databases of the site, of --node, or those that -d names; by their servers' answers."""
    from snftools.database import find, params
    uris = [name for name in ctx.args.database if params.is_uri(name)]
    if uris:
        if len(uris) < len(ctx.args.database):
            raise Usage("--database: names and URIs do not mix")
        return find.answered([_from_uri(ctx, uri) for uri in uris], absent_ok)
    every = find.find(nodes(ctx), ctx.site, ctx.args.settings_dir or "/etc/synnefo", absent_ok)
    if not every:
        raise Usage("no node with a role that has a database: --node, --role ROLE,"
                    " --database URI")
    return _named(every, ctx.args.database)


def _from_uri(ctx: "Context", uri: str) -> "Database":
    """A database that the command line names, with the programs of this machine."""
    from snftools.database.find import Database
    from snftools.database.params import NoPostgres, from_target
    try:
        owner = from_target(uri)
    except NoPostgres as error:
        raise Usage("--database wants a name or a postgresql:// URI: %s" % error)
    conf = ctx.site.databases.of(owner.dbname)
    return Database(owner.dbname, (), _here(ctx, conf.node), owner, admin=conf.admin,
                    bindir=conf.bindir)


def nodes(ctx: "Context") -> List[Any]:
    """The nodes whose databases are meant."""
    from snftools.database.find import COMPONENTS
    if ctx.args.node or not ctx.site.path:
        return ctx.nodes(serves=COMPONENTS, changing=False)
    return ctx.all_nodes()


def whole(ctx: "Context") -> bool:
    """Whether all databases of what we were told of are meant."""
    from snftools.database import params
    if not ctx.site.path and ctx.args.database:
        return params.is_uri(ctx.args.database[0])
    return not ctx.args.database and not (ctx.site.path and ctx.args.node)


def of_set(ctx: "Context", backup: "BackupSet", level: str, server: str = ""
           ) -> List["Database"]:
    """The set's databases, as far as the level needs them: only `restore` needs a server,
    its own or the one that `server` (a URI) names."""
    names = [_dbname(name) for name in ctx.args.database]
    wanted = [name for name in backup.databases if not names or name in names]
    if not wanted:
        raise Usage("set %s has no such database: %s" % (backup.name, ", ".join(names)))
    known = {}
    if level == "restore" and not server:
        known = {database.name: database for database in found(ctx, absent_ok=True)}
    return [known.get(name) or _elsewhere(ctx, name, server) for name in wanted]


def _dbname(name: str) -> str:
    """The database's name in what --database says."""
    from snftools.database import params
    if not params.is_uri(name):
        return name
    try:
        return params.from_url(name).dbname
    except params.NoPostgres as error:
        raise Usage("--database wants a name or a postgresql:// URI: %s" % error)


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


def _elsewhere(ctx: "Context", name: str, server: str) -> "Database":
    """A set's database of which only the backup is at hand: read with this machine's programs,
    restored, if at all, on another server."""
    from snftools.database.find import Database
    from snftools.database.params import Params
    conf = ctx.site.databases.of(name)
    return Database(name, (), _here(ctx, conf.node), Params(name), admin=server or conf.admin,
                    server=server, bindir=conf.bindir)


def _here(ctx: "Context", name: str) -> Any:
    """The node whose programs are used: this machine, or the one of --node without site.conf;
    with one a node of this machine, the named one if it can be."""
    from snftools.node import open_node
    from snftools.site import bare_entry
    if not ctx.site.path:
        return open_node(ctx.site.nodes[0])
    here = [node for node in ctx.all_nodes() if node.address == "local"]
    chosen = [node for node in here if node.name == name] or here
    return chosen[0] if chosen else open_node(bare_entry("local"))
