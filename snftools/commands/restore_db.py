"""snf-restore-db - put a backup set back, keeping the databases that it replaces"""

from __future__ import annotations

import argparse
from typing import Any, Dict, List, Optional, Sequence

from snftools import cli
from snftools.commands import databases as which
from snftools.errors import Refused, Usage
from snftools.report import Report

_EXAMPLES = """\
  snf-restore-db pre-upgrade --check     are the databases as that set has them?
  snf-restore-db pre-upgrade             put it back; the old ones stay
  snf-restore-db --undo                  swap back what the newest restore did
"""
_KEPT_FOR, _KEPT = "databases", "restore-db"


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-restore-db", __doc__, examples=_EXAMPLES)
    parser.add_argument("set", metavar="SET", nargs="?",
                        help="name, beginning of it, label or latest")
    parser.add_argument("--terminate", action="store_true",
                        help="end the sessions of others instead of refusing")
    cli.add_options(parser, *which.OPTIONS, "check", "undo", "yes")
    which.add_database(parser)
    return parser


def act(args: Any) -> Report:
    """Put a set back, tell whether that would change anything, or undo it."""
    from snftools.commands.context import Context
    ctx = Context(args)
    if args.undo is None and not args.set:
        raise Usage("which set?  snf-backup-db list shows them")
    if args.undo is not None and args.set:
        raise Usage("--undo takes no SET")
    return _undo(ctx, args) if args.undo is not None else _restore(ctx, args)


def _restore(ctx: Any, args: Any) -> Report:
    from snftools.backups import lock, restore, sets
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
    if args.check:
        return _told(backup, restore.differing(backup, databases))
    nodes = list({one.node.name: one.node for one in databases}.values())
    with ctx.changing(nodes), lock.backup_lock(ctx.site.backup_dir, exclusive=True):
        differing = [one for one, _ in restore.differing(backup, databases)]
        if not differing:
            return Report(result={"set": backup.name, "swaps": []}, lines=(
                "the databases are as set %s has them: nothing to do" % backup.name,))
        cli.confirm(args, "Put %s back into %s?" % (
            backup.name, ", ".join(one.name for one in differing)))
        moment = sets.moment()
        _keep(ctx, [{"name": one.name, "old_oid": one.oid, "new_oid": 0,
                     "before": restore.before_name(one.name, moment) if one.oid else ""}
                    for one in differing])
        swaps = restore.restore(backup, differing, moment, ctx.progress, args.terminate,
                                args.jobs)
        _keep(ctx, [swap.as_dict() for swap in swaps])
    return Report(changed=True, result={
        "set": backup.name, "undo": ctx.run_id, "swaps": [swap.as_dict() for swap in swaps]},
        lines=("set %s is back, proven by its digests:" % backup.name,
               *_swap_lines(swaps), "Undo: snf-restore-db --undo %s" % ctx.run_id))


def _told(backup: Any, differing: Any) -> Report:
    """What --check says: how each database differs from the set."""
    lines = ["%s: %s%s" % (one.name, how[0], " (and %d more)" % (len(how) - 1)
                           if len(how) > 1 else "") for one, how in differing]
    return Report(changed=bool(differing), result={
        "set": backup.name, "differing": {one.name: how[:50] for one, how in differing}},
        lines=(("would put set %s back:" % backup.name, *("  " + line for line in lines))
               if differing else ("the databases are as set %s has them" % backup.name,)))


def _keep(ctx: Any, swaps: List[Dict[str, Any]]) -> None:
    """Remember the swaps under the ID; what it first replaced stays what --undo goes back to."""
    store = ctx.state.undo(ctx.run_id)
    kept = {one["name"]: one for one in (store.load(_KEPT_FOR, _KEPT) or [])}
    for one in swaps:
        first = kept.get(one["name"], one)
        kept[one["name"]] = dict(first, new_oid=one["new_oid"])
    store.replace(_KEPT_FOR, _KEPT, list(kept.values()))


def _undo(ctx: Any, args: Any) -> Report:
    from snftools.backups import lock, restore, sets
    store = ctx.state.undo(args.undo) if args.undo else ctx.state.newest_undo(_KEPT_FOR, _KEPT)
    kept = store.load(_KEPT_FOR, _KEPT) if store else None
    if not kept:
        raise Refused("no restore to undo%s" % (" under " + args.undo if args.undo else ""),
                      unchanged="everything")
    names = {one["name"] for one in kept}
    databases = [one for one in which.found(ctx, absent_ok=True) if one.name in names]
    oids = {one["name"]: one["old_oid"] for one in kept}
    changed = [one.name for one in databases if one.oid != oids[one.name]]
    if args.check or not changed:
        text = "would swap back %s" % ", ".join(changed) if changed else \
            "undone already: nothing to do"
        return Report(changed=bool(changed), result={"undo": store.id}, lines=(text,))
    nodes = list({one.node.name: one.node for one in databases}.values())
    with ctx.changing(nodes), lock.backup_lock(ctx.site.backup_dir, exclusive=True):
        cli.confirm(args, "Swap back %s?" % ", ".join(changed))
        swaps = restore.undo(databases, kept, sets.moment(), args.terminate)
    return Report(changed=True, result={"undo": store.id,
                                        "swaps": [swap.as_dict() for swap in swaps]},
                  lines=("swapped back:", *_swap_lines(swaps)))


def _swap_lines(swaps: Any) -> List[str]:
    return ["  %s%s" % (swap.name, "; what it was before is %s" % swap.before
                        if swap.before else ": made anew") for swap in swaps]


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
