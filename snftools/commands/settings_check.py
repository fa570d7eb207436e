"""snf-settings-check - prove the effective settings of a node"""

from __future__ import annotations

import argparse
import shlex
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from snftools import cli
from snftools.errors import Failed
from snftools.report import Finding, Report

SERVES = ("astakos", "cyclades", "pithos")
_EXAMPLES = """\
  snf-settings-check --node all --email
Without a site.conf:
  snf-settings-check --role cyclades --base-url astakos=https://a.org/astakos
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-settings-check", __doc__, examples=_EXAMPLES)
    cli.add_options(parser, "node", "role", "base-url", "email-value", "settings-dir", "db-admin")
    parser.add_argument("--email", action="store_true",
                        help="also the email settings, and who gets which mail (RUNBOOK 4)")
    return parser


def act(args: Any) -> Report:
    """Read each node's settings and check them."""
    from snftools.commands.context import Context
    from snftools.settings import prove
    from snftools.settings.rules import Given
    ctx = Context(args)
    given = Given({name: one.base_url for name, one in ctx.site.components.items()
                   if one.base_url}, ctx.site.email, {})
    nodes = ctx.nodes(serves=SERVES, changing=False)
    why = _registered(ctx, nodes, given.tokens)
    pairs, unread = [], []
    for node in nodes:
        try:
            pairs.append((node, _subject(ctx, args, node, given, why)))
        except Failed as error:
            if len(nodes) == 1:
                raise
            unread.append(Finding("settings-not-read", "error", error.what, node.name, "",
                                  error.why, error.next, 1))
    return prove.check(pairs, unread)


def _subject(ctx: Any, args: Any, node: Any, given: Any, not_compared: str) -> Any:
    """All that is looked at on a node. Failed when its settings cannot be read."""
    from snftools.commands import astakos
    from snftools.settings.around import look
    from snftools.settings.checks import Subject, leftovers
    from snftools.settings.directory import SettingsDir
    from snftools.settings.rules import Rules
    part = ctx.release.part("settings")
    rules = Rules.of(ctx.release.name, part, node.roles, args.email, ctx.site.answers)
    directory = SettingsDir.read(node, astakos.settings_dir(args), rules.names(),
                                 leftovers.holding(rules, part["checks"]))
    around = look(node, directory, part["checks"], _packages(node, part["checks"]))
    rename, next_step = _lines(ctx, args, node)
    return Subject(directory, rules, part["checks"], given, around=around, rename=rename,
                   next_step=next_step, with_email=args.email, not_compared=not_compared)


def _registered(ctx: Any, nodes: Sequence[Any], tokens: Dict[str, str]) -> str:
    """Put in the tokens that Astakos' database has; why that cannot be, "" when it can.

    Settings that are wrong must be told even when no database answers.
    """
    from snftools.commands import astakos
    from snftools.errors import SnfError
    from snftools.registry import tokens as registry
    wanted = [role for role in ("cyclades", "pithos") if any(role in node.roles for node in nodes)]
    if not wanted:
        return ""
    try:
        with astakos.home(ctx).connection() as connection:
            found = {name: registry.registered(connection, name) for name in wanted}
    except SnfError as error:
        return str(error)
    tokens.update((name, token) for name, token in found.items() if token)
    return ""


def _packages(node: Any, conf: Mapping[str, Any]) -> Tuple[str, ...]:
    """Those of the packages that bring base URLs of their own which the node has."""
    from snftools.packages.query import installed
    try:
        known = installed(node, [item.split(":")[0] for item in conf["package_urls"]])
    except Failed:
        return ()          # no dpkg here
    return tuple(name for name, package in known.items() if package.there)


def _lines(ctx: Any, args: Any, node: Any) -> Tuple[str, str]:
    """The line that mends the node's settings, and that of the step which comes next."""
    where: List[str] = ["--site", args.site] if args.site else []
    if not ctx.site.path:
        where += [word for name in args.node for word in ("--node", name)]
    elif args.node or ctx.site.here() is None or ctx.site.here().name != node.name:
        where += ["--node", node.name]
    for option, values in (("--role", args.role),
                           ("--settings-dir", [args.settings_dir] if args.settings_dir else [])):
        where += [word for value in values for word in (option, value)]
    urls = [word for value in args.base_url for word in ("--base-url", value)]
    return (" ".join(map(shlex.quote, ["snf-settings-rename", *where, *urls])),
            " ".join(map(shlex.quote, ["snf-migrate-db", *where])))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
