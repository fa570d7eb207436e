"""snf-migrate-db - migrate the databases of a node's roles, guarded and proved"""

from __future__ import annotations

import argparse
from typing import Any, Callable, Optional, Sequence

from snftools import cli
from snftools.report import Finding, Report

_EXAMPLES = """\
  snf-migrate-db --check                 what is to be done, on all nodes
  snf-migrate-db --node node1            migrate the databases of node1's roles
  snf-migrate-db --node all              all nodes, astakos first
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-migrate-db", __doc__, examples=_EXAMPLES)
    cli.add_options(parser, "node", "role", "settings-dir", "db-admin", "backup-dir",
                    "check", "yes")
    parser.add_argument("--no-way-back", action="store_true", dest="no_way_back",
                        help="migrate without a proven backup set (this is recorded)")
    return parser


def act(args: Any) -> Report:
    """Look at, or migrate, each database of the chosen nodes' roles."""
    from snftools.commands.context import Context
    from snftools.migrations import site as whole
    from snftools.migrations.guards import Plan
    ctx = Context(args)
    plan = Plan.of(ctx.release.part("migrations"))
    nodes = ctx.nodes(serves=plan.order, changing=not args.check)
    if args.check:
        return whole.check(_targets(ctx, nodes, plan), plan)
    with ctx.changing(nodes):
        every = _targets(ctx, nodes, plan)
        recorded: list = []
        report = whole.migrate(every, plan, _way_back(ctx, args, recorded), ctx.site.waive,
                               lambda node, text: ctx.progress.event("run", node=node,
                                                                     text=text))
        after = Report(findings=tuple(recorded), lines=tuple(_next(report, every)))
        return Report.merge([report, after])


def _targets(ctx: Any, nodes: Sequence[Any], plan: Any) -> Any:
    """The roles to migrate, each with its node and database."""
    from snftools.database import find
    from snftools.migrations import site as whole
    return whole.targets(nodes, find.find(nodes, ctx.site), plan, find.for_component)


def _way_back(ctx: Any, args: Any, recorded: list) -> Callable[[Any], None]:
    """The guard of DESIGN 4: a proven set of the database as it is now, then its mark."""
    def guard(database: Any) -> None:
        if args.no_way_back:
            ctx.state.undo(ctx.run_id).keep(database.node.name, "no-way-back-" + database.name,
                                            {"database": database.name})
            recorded.append(Finding(
                "no-way-back", "warning", "migrated without a proven backup set, as asked",
                where=database.name))
            return
        from snftools.backups import wayback
        chosen = wayback.require(ctx.site.backup_dir, database)
        wayback.mark(chosen, database, ctx.run_id)
    return guard


def _next(report: Report, every: Sequence[Any]) -> Sequence[str]:
    """The next command, when this one ended well."""
    if report.errors:
        return ()
    return ("Next: snf-migrate-db on the next node (astakos, cyclades, pithos), then "
            "snf-backup-db create",
            "      --label after-migrate. Undo: snf-restore-db pre-upgrade")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
