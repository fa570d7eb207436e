"""snf-backup-db - take, list, prove and prune backups of the site's databases"""

from __future__ import annotations

import argparse
from typing import Any, Optional, Sequence

from snftools import cli
from snftools.commands import databases as which
from snftools.errors import Usage
from snftools.report import Report

_EXAMPLES = """\
  snf-backup-db create --label pre-upgrade       take a set and prove it by restoring
  snf-backup-db list                             what there is, and how far proven
  snf-backup-db verify latest --level restore    prove a set again
  snf-backup-db prune --keep 5                   remove all but the newest 5
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-backup-db", __doc__, examples=_EXAMPLES)
    sub = cli.add_subcommands(parser)
    create = cli.add_subcommand(sub, "create", help="take a new set, and prove it")
    create.add_argument("--label", required=True, help="what the set is called")
    create.add_argument("--verify", choices=("files", "archive", "restore"), default=None,
                        help="how far to prove it (default: by its label)")
    create.add_argument("--no-digests", action="store_true",
                        help="only dump; the set can be proven at level files alone")
    create.add_argument("--lock-wait", type=int, metavar="SECONDS", default=60,
                        help="for a table that another has locked (default 60)")
    create.add_argument("--step", metavar="NAME", default="", help="of which step it is")
    create.add_argument("--reason", metavar="TEXT", default="", help="why it is taken")
    create.add_argument("--hold", action="store_true", help="prune never removes it")
    cli.add_options(create, *which.OPTIONS, "check")
    which.add_database(create)
    listing = cli.add_subcommand(sub, "list", help="list the sets")
    cli.add_options(listing, "backup-dir")
    verify = cli.add_subcommand(sub, "verify", help="prove a set")
    verify.add_argument("set", metavar="SET", help="name, beginning of it, label or latest")
    verify.add_argument("--level", choices=("files", "archive", "restore"), default="archive",
                        help="how far (default archive)")
    verify.add_argument("--server", metavar="URI", default="",
                        help="restore there for the proof, as that administrator")
    cli.add_options(verify, *which.OPTIONS)
    which.add_database(verify)
    prune = cli.add_subcommand(sub, "prune", help="remove INCOMPLETE and old sets")
    prune.add_argument("--keep", type=int, metavar="N", help="keep the newest N")
    prune.add_argument("--older-than", metavar="D", help="only older ones: 30d, 12h")
    prune.add_argument("--release", metavar="SET", help="take marks and holds off a set")
    cli.add_options(prune, "backup-dir", "check")
    return parser


def act(args: Any) -> Report:
    """One of create, list, verify and prune."""
    from snftools.commands import backup_work
    from snftools.commands.context import Context
    actions = {"create": backup_work.create, "list": _list, "verify": backup_work.verify,
               "prune": _prune}
    return actions[args.action](Context(args), args)


def _list(ctx: Any, args: Any) -> Report:
    from snftools.backups import sets, show
    every = sets.list_sets(ctx.site.backup_dir)
    return Report(result=show.summary(every), lines=tuple(show.lines(every, ctx.site.backup_dir)))


def _prune(ctx: Any, args: Any) -> Report:
    from snftools.backups import lock, prune, sets
    if args.keep is not None and args.keep < 1:
        raise Usage("--keep wants a number from 1")
    older = prune.age(args.older_than)
    with lock.backup_lock(ctx.site.backup_dir, exclusive=True):
        if args.release:
            backup = sets.find(ctx.site.backup_dir, args.release)
            if not args.check and backup.marks():
                backup.add_mark({"mark": "release"})
                return Report(changed=True, lines=("%s: marks and holds taken off"
                                                   % backup.name,))
            return Report(changed=bool(backup.marks()), lines=(backup.name,))
        chosen = prune.choose(sets.list_sets(ctx.site.backup_dir), args.keep, older,
                              which.unfinished_runs(ctx))
        names = [one.name for one in chosen]
        if chosen and not args.check:
            cli.confirm(args, "Remove %d set(s): %s?" % (len(names), ", ".join(names)))
            prune.remove(chosen)
        if not args.check:
            prune.remove_leftovers(ctx.site.backup_dir)
    word = "would remove" if args.check else "removed"
    return Report(changed=bool(chosen), result={"removed": names},
                  lines=tuple("%s %s" % (word, name) for name in names) or ("nothing to remove",))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
