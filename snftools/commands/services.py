"""snf-services - stop, start and prove the init services of a node"""

from __future__ import annotations

import argparse
import shlex
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from snftools import cli
from snftools.errors import Usage
from snftools.report import Report

_EXAMPLES = """\
  snf-services status                          what runs, on all nodes
  snf-services stop --node node1               all of node1's services
  snf-services stop --check --node all         is the whole site quiet?
  snf-services start gunicorn --node node1     just this one
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-services", __doc__, examples=_EXAMPLES)
    actions = cli.add_subcommands(parser)
    for name, text in (
            ("status", "tell what runs"),
            ("stop", "stop services and wait until their processes are gone"),
            ("start", "start services and prove that they run")):
        sub = cli.add_subcommand(actions, name, text)
        sub.add_argument("services", nargs="*", metavar="SERVICE",
                         help="an init service (default: all of the node's roles)")
        cli.add_options(sub, "node", "role")
        if name != "status":
            cli.add_options(sub, "settings-dir", "check")
            sub.add_argument("--timeout", type=_seconds, default=60.0, metavar="SECONDS",
                             help="how long to wait for each service (default: 60)")
    return parser


def _seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 86400:
        raise argparse.ArgumentTypeError("not a number of seconds: %s" % text)
    return value


def act(args: Any) -> Report:
    """Look at, stop or start the services of the chosen nodes."""
    from snftools.commands import services_sessions as sessions
    from snftools.commands.context import Context
    from snftools.services import report
    ctx = Context(args)
    looks = args.action == "status" or args.check
    nodes = ctx.nodes(serves=("astakos", "cyclades", "pithos", "ganeti"), changing=not looks)
    chosen = _chosen(ctx, nodes, args.services)
    if args.action == "status":
        return report.status(chosen, ctx.release)
    if args.check:
        looked = report.check(args.action, chosen, ctx.release)
        if args.action == "start":
            return looked
        # What still runs is connected by right: stopping it would mend that.
        return Report.merge([looked, sessions.report(ctx, 0.0, strict=not looked.changed)])
    with ctx.changing(nodes):
        if args.action == "start":
            sessions.need_answer(ctx, nodes)
            return _start(ctx, chosen, args.timeout)
        return _stop(ctx, chosen, args.timeout, sessions.report)


def _chosen(ctx: Any, nodes: Sequence[Any], names: Sequence[str]) -> List[Tuple[Any, List[str]]]:
    """Each node with the services to act on; Usage (2) for a name that fits no node."""
    from snftools import services
    known = services.names(ctx.release)
    chosen = []
    for node in nodes:
        own = services.of_roles(ctx.release, node.roles)
        chosen.append((node, [name for name in own if not names or name in names]))
    for name in names:
        if name not in known:
            raise Usage("no such service: %s (%s)" % (name, ", ".join(known)))
        if not any(name in own for _node, own in chosen):
            raise Usage("%s belongs to none of these nodes: %s"
                        % (name, ", ".join(node.name for node in nodes)))
    return chosen


def _tell(ctx: Any, node: Any) -> Callable[[str], None]:
    return lambda text: ctx.progress.event("run", node=node.name, text=text)


def _start(ctx: Any, chosen: Sequence[Tuple[Any, List[str]]], timeout: float) -> Report:
    from snftools import services
    from snftools.services import report
    reports = []
    for node, names in chosen:
        outcome = services.start(node, ctx.release, names, timeout, _tell(ctx, node))
        reports.append(report.of_start(node, outcome, _line(ctx, "stop", node, outcome.changed)))
    return Report.merge(reports)


def _stop(ctx: Any, chosen: Sequence[Tuple[Any, List[str]]], timeout: float,
          sessions: Callable[..., Report]) -> Report:
    """Stop, then tell who is still connected, then the lines that undo just this."""
    from snftools import services
    from snftools.services import report
    reports, undo = [], []
    for node, names in chosen:
        outcome = services.stop(node, ctx.release, names, timeout, _tell(ctx, node))
        line = _line(ctx, "start", node, outcome.changed)
        undo += [line] if line else []
        reports.append(report.of_stop(node, outcome, line))
    changed = any(one.changed for one in reports)
    reports.append(sessions(ctx, 5.0 if changed else 0.0))
    text = ["Undo:  " + line for line in undo] or ["Nothing was running: nothing to undo."]
    result: Dict[str, Any] = {"undo": undo}
    return Report.merge([*reports, Report(lines=tuple(text), result=result)])


def _line(ctx: Any, action: str, node: Any, names: Sequence[str]) -> str:
    """The command line that undoes just what was done; empty when that was nothing."""
    if not names:
        return ""
    words = ["snf-services", action, *names, "--node",
             node.root if node.root and not ctx.site.path else node.name]
    if ctx.args.site:
        words += ["--site", ctx.args.site]
    if not ctx.site.path:
        words += [word for role in ctx.args.role for word in ("--role", role)]
    return " ".join(shlex.quote(word) for word in words)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
