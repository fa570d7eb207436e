"""snf-check-versions - prove that a node's packages are those of the release"""

from __future__ import annotations

import argparse
from typing import Any, Optional, Sequence

from snftools import cli
from snftools.report import Report

_EXAMPLES = """\
  snf-check-versions                    all nodes (or this one)
  snf-check-versions --node node1       one node
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-check-versions", __doc__, examples=_EXAMPLES)
    cli.add_options(parser, "node", "role")
    parser.add_argument("--target", metavar="VERSION", default="",
                        help="the exact version of the lock-step packages "
                             "(default: site.conf's target)")
    return parser


def act(args: Any) -> Report:
    """Look at each chosen node's packages."""
    from snftools.commands.context import Context
    from snftools.commands.one_by_one import look_at_each
    from snftools.packages import versions
    from snftools.packages.wanted import check_target
    ctx = Context(args)
    part = ctx.release.part("packages")
    target = args.target or ctx.site.target or ""

    def look(node: Any) -> Report:
        check_target(node, part, target)
        return versions.verify(node, part, target)

    nodes = ctx.nodes(serves=tuple(part["roles"]), changing=False)
    whole = look_at_each(nodes, look)
    if whole.errors:
        return whole
    count = sum(len(row["packages"]) for row in whole.result["nodes"].values())
    return Report.merge([whole, Report(lines=(
        "%d packages on %d nodes, all in the release's range and configured."
        % (count, len(nodes)),))])


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
