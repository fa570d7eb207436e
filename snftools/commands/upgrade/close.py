"""snf-upgrade close - accept the upgrade; remove what was kept for the way back"""

from __future__ import annotations

from typing import Any, Optional

from snftools import cli
from snftools.commands.upgrade.common import Upgrade
from snftools.errors import Refused
from snftools.report import Report
from snftools.upgrade import closing
from snftools.upgrade import run as runs
from snftools.upgrade.journal import Journal
from snftools.upgrade.orphans import run_lock


def act(args: Any) -> Report:
    """List what is kept; asked, remove it and close the run."""
    up = Upgrade(args)
    if args.check:
        journal = up.newest()
        found = _kept(up)
        lines = [*_unfinished(journal), *found.lines()]
        changed = bool(journal) or any(found.as_dict().values())
        return Report(changed=changed, lines=tuple(lines or ["nothing is kept"]),
                      result=_result(journal, found))
    with run_lock(up.state, up.ctx.command, lambda text: None):
        return _close(up, args)


def _close(up: Upgrade, args: Any) -> Report:
    from snftools.backups import lock
    journal = up.newest()
    if journal is not None and not runs.is_finished(journal):
        raise Refused("run %s is not finished" % journal.run, unchanged="everything",
                      next="snf-upgrade run, or snf-upgrade rollback")
    found = _kept(up)
    if journal is None and not any(found.as_dict().values()):
        return Report(lines=("nothing is kept, no run is open: nothing to do",),
                      result=_result(None, found))
    if not args.quiet and not args.json and not args.yes:
        print("\n".join(found.lines()), flush=True)
    cli.confirm(args, "Close the run%s?  There is no way back after that." % (
        "" if args.keep else " and remove all this"))
    if not args.keep:
        closing.remove(up.state, found)
    with lock.backup_lock(up.site.backup_dir, exclusive=True):
        closing.release(found)
    if journal is not None:
        journal.append("", "closed", proof={"how": "accepted", "kept": bool(args.keep)})
    word = "kept" if args.keep else "removed"
    lines = ["%s: %s" % (word, line) for line in found.lines() if not line.startswith("mark")]
    lines += ["released: %s" % one.name for one in found.marked]
    if journal is not None:
        lines.append("Run %s is closed.  Old sets: snf-backup-db prune" % journal.run)
    return Report(changed=True, lines=tuple(lines), result=_result(journal, found))


def _kept(up: Upgrade) -> closing.Kept:
    from snftools.database import find
    return closing.kept(up.state, up.site.backup_dir, find.find(up.ctx.all_nodes(), up.site))


def _unfinished(journal: Optional[Journal]) -> Any:
    if journal is None:
        return ["no run is open"]
    return ["run %s is %s" % (journal.run, "finished" if runs.is_finished(journal)
                              else "not finished: it can't be closed")]


def _result(journal: Optional[Journal], found: closing.Kept) -> Any:
    return {"run": journal.run if journal else None, "kept": found.as_dict()}
