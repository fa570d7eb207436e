"""snf-install-packages - install the release's packages for a node's roles, services kept down"""

from __future__ import annotations

import argparse
from typing import Any, Callable, List, Optional, Sequence

from snftools import cli
from snftools.commands import kept_down
from snftools.commands.one_by_one import look_at_each, one_by_one
from snftools.errors import Refused, Usage
from snftools.report import Finding, Report

_EXAMPLES = """\
  snf-install-packages --check                       would it change anything?
  snf-install-packages --download-only --node node1  days before the window
  snf-install-packages --node node1                  install
  snf-install-packages --undo --node node1           go back
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-install-packages", __doc__, examples=_EXAMPLES)
    cli.add_options(parser, "node", "role", "check", "undo")
    parser.add_argument("--download-only", action="store_true",
                        help="fetch the new packages and the .debs of the way back, no more")
    parser.add_argument("--remove-obsolete", action="store_true",
                        help="remove what the release does not need any more (kamaki), where "
                             "nothing else needs it")
    parser.add_argument("--target", metavar="VERSION", default="",
                        help="the exact version of the lock-step packages "
                             "(default: site.conf's target, else the newest in range)")
    return parser


def act(args: Any) -> Report:
    """Install, look, fetch or go back on the chosen nodes, one by one."""
    from snftools.commands.context import Context
    if args.undo is not None and (args.download_only or args.remove_obsolete or args.target):
        raise Usage("--undo goes with none of --download-only, --remove-obsolete, --target")
    ctx = Context(args)
    part = ctx.release.part("packages")
    nodes = ctx.nodes(serves=tuple(part["roles"]), changing=not args.check)
    if args.check:
        look = _check if args.undo is None else _undo
        return look_at_each(nodes, lambda node: look(ctx, node, part))
    with ctx.changing(nodes):
        if args.undo is not None:
            return one_by_one(nodes, lambda node: _undo(ctx, node, part))
        # What one node refuses is known before another one is changed.
        plans = {node.name: _ready(ctx, node, part) for node in nodes}
        return one_by_one(nodes, lambda node: _install(ctx, node, part, plans[node.name]))


def _plan(ctx: Any, node: Any, part: Any) -> Any:
    from snftools.packages import install
    return install.make_plan(node, part, ctx.args.target or ctx.site.target or "",
                             ctx.args.remove_obsolete)


def _check(ctx: Any, node: Any, part: Any) -> Report:
    from snftools.packages import install, show
    plan = _plan(ctx, node, part)
    running = [one.name for one in kept_down.running(ctx, node)] if plan.needed else []
    notes: List[Finding] = [Finding(
        "services-run", "note", "not yet: %s must be stopped first" % ", ".join(running),
        node=node.name, remedy="snf-services stop --node " + node.name)] if running else []
    return show.check(node, plan, [*notes, *install.merge_findings(node, part)])


def _ready(ctx: Any, node: Any, part: Any) -> Any:
    """The plan of a node on which it may be carried out now."""
    plan = _plan(ctx, node, part)
    if plan.changes and not ctx.args.download_only:
        kept_down.need_down(ctx, node)
    return plan


def _install(ctx: Any, node: Any, part: Any, plan: Any) -> Report:
    from snftools.packages import install, show
    if ctx.args.download_only:
        fetched, findings = install.download(node, part, plan, _tell(ctx, node, plan))
        return show.downloaded(node, plan, fetched, findings)
    if not plan.needed:
        return show.unchanged(node, plan, install.merge_findings(node, part))
    store = ctx.state.undo(ctx.run_id)
    target = ctx.args.target or ctx.site.target or ""
    try:
        findings = install.install(node, part, plan, store, _tell(ctx, node, plan), target)
    finally:
        came = kept_down.stop_again(ctx, node) if plan.changes else []
    findings += came + install.merge_findings(node, part)
    return show.installed(node, part, plan, findings, store.id)


def _undo(ctx: Any, node: Any, part: Any) -> Report:
    from snftools.packages import record, show, undo
    store = ctx.state.undo(ctx.args.undo) if ctx.args.undo \
        else ctx.state.newest_undo(node.name, record.KIND)
    if store is not None and not store.has(node.name, record.KIND) \
            and store.id in ctx.state.runs():
        return show.nothing_kept(node, store)
    if store is None or not store.has(node.name, record.KIND):
        raise Refused("nothing to undo is kept here under %s" % (ctx.args.undo or "any ID"),
                      node=node.name, unchanged="everything",
                      next="type it on the machine that installed the packages")
    if ctx.args.check:
        todo = undo.pending(node, store)
        undo.refuse_missing(node, store, todo["back"])
        return show.undo_check(node, store, todo)
    kept_down.need_down(ctx, node)
    try:
        changed = undo.undo(node, store, _tell(ctx, node, None))
    finally:
        came = kept_down.stop_again(ctx, node)
    return show.undone(node, store, changed, came)


def _tell(ctx: Any, node: Any, plan: Any) -> Callable[[str, str], None]:
    """Progress: each package that is set up counts."""
    total = len(plan.installs) if plan else 0
    done: List[str] = []

    def tell(event: str, text: str) -> None:
        if event == "setting" and text not in done:
            done.append(text)
        ctx.progress.event("installing", node=node.name, done=len(done),
                           total=total or None, unit="packages", text=text)
    return tell


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
