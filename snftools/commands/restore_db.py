"""snf-restore-db - put a backup set back, keeping the databases that it replaces"""

from __future__ import annotations

import argparse
from typing import Any, Optional, Sequence, Tuple

from snftools import cli
from snftools.commands import databases as which
from snftools.commands import restore_undo as undoing
from snftools.errors import Refused, Usage
from snftools.report import Finding, Report

_EXAMPLES = """\
  snf-restore-db pre-upgrade --check     are the databases as that set has them?
  snf-restore-db pre-upgrade             put it back; the old ones stay
  snf-restore-db --undo                  swap back what the newest restore did
  snf-restore-db latest -d snf_pithos --as look     beside it, to look at
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-restore-db", __doc__, examples=_EXAMPLES)
    parser.add_argument("set", metavar="SET", nargs="?",
                        help="name, beginning of it, label or latest")
    parser.add_argument("--terminate", action="store_true",
                        help="end the sessions of others instead of refusing")
    parser.add_argument("--as", dest="other", metavar="NAME",
                        help="make one database of the set under this name, replace none")
    cli.add_options(parser, *which.OPTIONS, "check", "undo", "yes")
    which.add_database(parser)
    return parser


def act(args: Any) -> Report:
    """Put a set back, tell whether that would change anything, or undo it."""
    from snftools.commands.context import Context
    from snftools.database import interrupt
    ctx = Context(args)
    if args.undo is None and not args.set:
        raise Usage("which set?  snf-backup-db list shows them")
    if args.other == "":
        raise Usage("--as wants a name")
    if args.undo is not None and (args.set or args.other):
        raise Usage("--undo takes no SET")
    if args.undo is not None:
        return interrupt.run(lambda: undoing.undo(ctx, args))
    return interrupt.run(lambda: _restore(ctx, args))


def _restore(ctx: Any, args: Any) -> Report:
    from snftools.backups import lock, restore, swap
    from snftools.database import interrupt
    backup, databases = _chosen(ctx, args)
    notes = _leftovers(databases)
    if args.other:
        return _beside(ctx, args, backup, databases, notes)
    if args.check:
        return _told(backup, restore.differing(backup, databases), notes)
    nodes = list({one.node.name: one.node for one in databases}.values())
    with ctx.changing(nodes), lock.backup_lock(ctx.site.backup_dir, exclusive=True):
        differing = [one for one, _ in restore.differing(backup, databases)]
        if not differing:
            return Report(result={"set": backup.name, "swaps": []}, findings=notes, lines=(
                "the databases are as set %s has them: nothing to do" % backup.name,))
        cli.confirm(args, "Put %s back into %s?" % (
            backup.name, ", ".join(one.name for one in differing)), interrupt.check)
        moment = swap.free_moment(differing)
        undoing.keep(ctx, [{"name": one.name, "old_oid": one.oid, "new_oid": 0,
                     "before": swap.before_name(one.name, moment) if one.oid else ""}
                    for one in differing])
        swaps = restore.restore(backup, differing, moment, ctx.progress, args.terminate,
                                args.jobs)
        undoing.keep(ctx, [one.as_dict() for one in swaps])
    return Report(changed=True, findings=notes, result={
        "set": backup.name, "undo": ctx.run_id, "swaps": [one.as_dict() for one in swaps]},
        lines=("set %s is back, proven by its digests:" % backup.name,
               *undoing.lines(swaps), *undoing.ways_back(swaps, ctx.run_id)))


def _chosen(ctx: Any, args: Any) -> Any:
    """The set, and those of its databases that are meant; their administrator is able."""
    from snftools.backups import sets
    from snftools.database import admin
    every = which.found(ctx, absent_ok=True)
    backup = sets.find(ctx.site.backup_dir, args.set,
                       () if ctx.site.path else [one.name for one in every])
    databases = [one for one in every if one.name in backup.databases]
    missing = set(backup.databases) - {one.name for one in databases}
    if not databases or (missing and not args.database and not args.node):
        raise Refused("set %s has databases that this site has not: %s"
                      % (backup.name, ", ".join(sorted(missing))), unchanged="everything",
                      next="name those that are meant: --database NAME")
    admin.need_admin(databases)
    return backup, databases


def _leftovers(databases: Any) -> Tuple[Finding, ...]:
    """What killed restores left on the servers."""
    from snftools.backups import restore
    return tuple(Finding("restore-leftover", "note", "an earlier restore was cut short: its copy"
                         " %s is left over" % name, where=name,
                         why="the next restore of that database replaces it",
                         remedy="DROP DATABASE \"%s\";" % name)
                 for name in restore.leftovers(databases))


def _beside(ctx: Any, args: Any, backup: Any, databases: Any, notes: Any) -> Report:
    """--as: one database of the set under another name."""
    from snftools.backups import lock, restore
    if len(databases) != 1:
        raise Usage("--as is for one database: --database NAME")
    if args.check:
        there = restore.is_beside(backup, databases[0], args.other)
        word = "is there, as the set has it" if there else "would be made"
        return Report(changed=not there, findings=notes,
                      lines=("database %s %s" % (args.other, word),))
    nodes = [databases[0].node]
    with ctx.changing(nodes), lock.backup_lock(ctx.site.backup_dir, exclusive=True):
        made = restore.restore_as(backup, databases[0], args.other, ctx.progress, args.jobs)
    text = "made, proven by its digests" if made else "there already, as the set has it"
    return Report(changed=made, findings=notes, result={"set": backup.name, "as": args.other},
                  lines=("%s of set %s as %s: %s" % (databases[0].name, backup.name, args.other,
                                                     text),))


def _told(backup: Any, differing: Any, notes: Any) -> Report:
    """What --check says: how each database differs from the set."""
    lines = ["%s: %s%s" % (one.name, how[0], " (and %d more)" % (len(how) - 1)
                           if len(how) > 1 else "") for one, how in differing]
    return Report(changed=bool(differing), findings=notes, result={
        "set": backup.name, "differing": {one.name: how[:50] for one, how in differing}},
        lines=(("would put set %s back:" % backup.name, *("  " + line for line in lines))
               if differing else ("the databases are as set %s has them" % backup.name,)))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
