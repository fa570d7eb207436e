"""snf-migrate-db - migrate the databases of a node's roles, guarded and proved"""

from __future__ import annotations

import argparse
from typing import Any, Callable, List, Optional, Sequence

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
        every = _targets(ctx, nodes, plan)
        noted = _noted(ctx.site.backup_dir, whole.without_any(every, plan))
        return Report.merge([whole.check(every, plan), Report(findings=tuple(noted))])
    with ctx.changing(nodes):
        every = _targets(ctx, nodes, plan)
        recorded: List[Finding] = []
        report = whole.migrate(every, plan, _way_back(ctx, args, recorded), ctx.site.waive,
                               lambda node, text: ctx.progress.event("run", node=node,
                                                                     text=text))
        after = Report(findings=tuple(recorded),
                       lines=tuple(_next(ctx, report, every, plan.order)))
        return Report.merge([report, after])


def _targets(ctx: Any, nodes: Sequence[Any], plan: Any) -> Any:
    """The roles to migrate, each with its node and database."""
    from snftools.commands.astakos import settings_dir
    from snftools.database import find
    from snftools.migrations import site as whole
    databases = find.find(nodes, ctx.site, settings_dir(ctx.args))
    return whole.targets(nodes, databases, plan, find.for_component)


def _noted(backup_dir: str, databases: Sequence[Any]) -> List[Finding]:
    """The databases that no set proven by a restore can be the way back of, yet."""
    from snftools.backups import sets
    every = [backup for backup in sets.list_sets(backup_dir) if backup.complete()]
    return [Finding("no-way-back", "note", "no set proven by a restore holds it yet",
                    where=database.name, code=3,
                    remedy="snf-backup-db create --label pre-upgrade --verify restore")
            for database in databases
            if not any(database.name in backup.databases
                       and backup.level(database.name) == sets.LEVELS[-1] for backup in every)]


def _way_back(ctx: Any, args: Any, recorded: List[Finding]) -> Callable[[List[Any]], None]:
    """The guard of DESIGN 4: a proven set of each database as it is now, then its mark."""
    def guard(databases: List[Any]) -> None:
        if not args.no_way_back:
            from snftools.backups import wayback
            found = [(wayback.require(ctx.site.backup_dir, database), database)
                     for database in databases]
            for backup, database in found:
                wayback.mark(backup, database, ctx.run_id)
            return
        for database in databases:
            ctx.state.undo(ctx.run_id).keep(database.node.name, "no-way-back-" + database.name,
                                            {"database": database.name})
            recorded.append(Finding(
                "no-way-back", "warning", "migrated without a proven backup set, as asked",
                where=database.name, remedy="recorded as %s" % ctx.run_id))
    return guard


def _next(ctx: Any, report: Report, every: Sequence[Any], order: Sequence[str]
          ) -> Sequence[str]:
    """The next command and its node, when this one ended well."""
    if report.errors:
        return ()
    done = {target.role for target in every}
    last = max(list(order).index(role) for role in done)
    for role in order[last + 1:]:
        nodes = ctx.site.with_role(role) if ctx.site.path else ()
        if nodes or not ctx.site.path:
            return ("Next: snf-migrate-db --node %s   (the %s node)"
                    % (nodes[0].name if nodes else "NODE", role),)
    return ("Next: snf-backup-db create --label after-migrate, then snf-register-services",
            "Going back: snf-restore-db pre-upgrade --check")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
