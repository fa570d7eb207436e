"""snf-settings-rename - rename, add and change settings in /etc/synnefo, byte for byte otherwise"""

from __future__ import annotations

import argparse

from snftools import cli
from snftools.errors import Refused, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence

    from snftools.report import Report

SERVES = ("astakos", "cyclades", "pithos")
_EXAMPLES = """\
  snf-settings-rename --check --diff       what would change on this node
  snf-settings-rename --node node1 --email
  snf-settings-rename --undo               put the old files back
Without a site.conf:
  snf-settings-rename --role pithos --base-url astakos=https://a.org/astakos \\
      --base-url pithos=https://p.org/pithos
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-settings-rename", __doc__, examples=_EXAMPLES)
    cli.add_options(parser, "node", "role", "base-url", "email-value", "settings-dir",
                    "db-admin", "check", "undo")
    parser.add_argument("--diff", action="store_true",
                        help="show the change as a unified diff, secrets masked")
    parser.add_argument("--email", action="store_true",
                        help="also write what [email] of site.conf gives (RUNBOOK 4)")
    parser.add_argument("--comment-removed", action="store_true",
                        help="comment settings out that mean nothing any more")
    parser.add_argument("--token-file", metavar="FILE", default=None,
                        help="a file (0600) with the component's token alone")
    return parser


def act(args: Any) -> "Report":
    """Plan all nodes, then write them one by one."""
    from snftools.commands.context import Context
    ctx = Context(args)
    nodes = ctx.nodes(serves=SERVES, changing=not args.check)
    if args.undo is not None:
        return _undo(ctx, args, nodes)
    if args.check:
        return _rename(ctx, args, nodes)
    with ctx.changing(nodes):
        return _rename(ctx, args, nodes)


def _undo(ctx: Any, args: Any, nodes: Sequence[Any]) -> "Report":
    from snftools.report import Report
    from snftools.settings import rename
    from snftools.settings.writing import WROTE
    reports = []
    with ctx.changing([] if args.check else nodes):
        for node in nodes:
            store = (ctx.state.undo(args.undo) if args.undo
                     else ctx.state.newest_undo(node.name, WROTE))
            if store is not None and not store.has(node.name, WROTE) \
                    and store.id not in ctx.state.runs():
                store = None  # a run's own ID may have kept nothing: it never came to write
            reports.append(rename.undo(node, store, args.check))
    return Report.merge(reports)


def _rename(ctx: Any, args: Any, nodes: Sequence[Any]) -> "Report":
    import sys

    from snftools.output.text import use_color
    from snftools.report import Report
    from snftools.settings import rename
    plans = [_plan(ctx, args, node) for node in nodes]
    refused = any(plan.refused for plan in plans)
    reports: List[Report] = []
    for node, plan in zip(nodes, plans):
        written = None
        if not args.check and not refused:
            written = rename.write(plan, node, ctx.state.undo(ctx.run_id))
        report = rename.report(plan, node, written, ctx.run_id, args.diff,
                               use_color(args.color, sys.stdout))
        if not args.check and refused:
            report = Report(False, report.findings, report.result, report.lines)
        reports.append(report)
    return Report.merge(reports)


def _plan(ctx: Any, args: Any, node: Any) -> Any:
    """The node's plan; what it lacks is looked for in Astakos' database."""
    from snftools.settings import rename
    from snftools.settings.rules import Given, Rules
    path = args.settings_dir or "/etc/synnefo"
    part = ctx.release.part("settings")
    rules = Rules.of(ctx.release.name, part, node.roles, args.email, ctx.site.answers)
    found = {"token": _token_file(args, node), "base_url": {}}
    while True:
        given = Given({name: one.base_url for name, one in ctx.site.components.items()
                       if one.base_url}, ctx.site.email, dict(found["token"]),
                      dict(found["base_url"]))
        plan = rename.plan_node(node, path, rules, given, args.comment_removed)
        wanted = [(kind, name) for kind, _, name in (row.partition(":") for row in plan.missing)
                  if name not in found[kind]]
        if plan.refused or not wanted:
            break
        for kind, name in wanted:
            found[kind][name] = _registered(ctx, kind, name)
    if not plan.refused:
        rename.require_all(plan, node)
    return plan


def _token_file(args: Any, node: Any) -> Any:
    """{component: token} from --token-file."""
    import os

    from snftools.output import mask
    if not args.token_file:
        return {}
    try:
        with open(args.token_file) as stream:
            token = stream.read(4096).strip()
            mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError) as error:
        raise Usage("--token-file %s: %s" % (args.token_file,
                                             getattr(error, "strerror", None) or "no text"))
    if mode & 0o077:
        raise Refused("%s may be read by others" % args.token_file, unchanged="everything",
                      next="chmod 600 %s" % args.token_file)
    if not token or len(token.split()) != 1:
        raise Usage("--token-file %s: it must hold the token alone" % args.token_file)
    mask.learn(token)
    able = [role for role in node.roles if role in ("cyclades", "pithos")]
    return {able[0]: token} if able else {}


def _registered(ctx: Any, kind: str, component: str) -> str:
    """What Astakos' database has for the component, "" when it can't be had."""
    from snftools.commands import astakos
    from snftools.registry import tokens
    ask = tokens.registered if kind == "token" else tokens.address
    try:
        with astakos.home(ctx).connection() as connection:
            return ask(connection, component)
    except Usage:
        return ""      # no astakos node is known here: --token-file, --base-url


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
