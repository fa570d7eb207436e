"""What snf-restore-db remembers of a restore, and how it is swapped back."""

from __future__ import annotations

from typing import Any, Dict, List

from snftools import cli
from snftools.commands import databases as which
from snftools.errors import Refused
from snftools.report import Report

_KEPT_FOR, _KEPT = "databases", "restore-db"


def keep(ctx: Any, swaps: List[Dict[str, Any]]) -> None:
    """Remember the swaps under the ID; what it first replaced stays what --undo goes back to."""
    store = ctx.state.undo(ctx.run_id)
    kept = {one["name"]: one for one in (store.load(_KEPT_FOR, _KEPT) or [])}
    for one in swaps:
        first = kept.get(one["name"], one)
        kept[one["name"]] = dict(first, new_oid=one["new_oid"])
    store.replace(_KEPT_FOR, _KEPT, list(kept.values()))


def undo(ctx: Any, args: Any) -> Report:
    """Swap back what a restore did."""
    from snftools.backups import lock, swap
    from snftools.database import interrupt
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
        cli.confirm(args, "Swap back %s?" % ", ".join(changed), interrupt.check)
        swaps = swap.undo(databases, kept, swap.free_moment(databases), args.terminate)
    return Report(changed=True, result={"undo": store.id,
                                        "swaps": [one.as_dict() for one in swaps]},
                  lines=("swapped back:", *lines(swaps)))


def ways_back(swaps: Any, run_id: str) -> List[str]:
    """The lines that undo a restore; what it replaced nothing with goes by hand, and first."""
    from snftools.database.catalog import quoted
    anew = ["Undo: DROP DATABASE %s;    (in psql)" % quoted(swap.name)
            for swap in swaps if not swap.before]
    back = ["Undo: snf-restore-db --undo %s" % run_id]
    return anew + (back if len(anew) < len(swaps) else [])


def lines(swaps: Any) -> List[str]:
    """Which database took whose name."""
    return ["  %s%s" % (swap.name, "; what it was before is %s" % swap.before
                        if swap.before else ": made anew") for swap in swaps]
