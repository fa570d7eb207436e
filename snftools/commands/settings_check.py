"""snf-settings-check - prove the effective settings of a node"""

from __future__ import annotations

import argparse
from typing import Any, Dict, Optional, Sequence

from snftools import cli
from snftools.report import Report

SERVES = ("astakos", "cyclades", "pithos")
_EXAMPLES = """\
  snf-settings-check --node all --email
Without a site.conf:
  snf-settings-check --role cyclades --base-url astakos=https://a.org/astakos
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-settings-check", __doc__, examples=_EXAMPLES)
    cli.add_options(parser, "node", "role", "base-url", "settings-dir", "db-admin")
    parser.add_argument("--email", action="store_true",
                        help="also the email settings, and who gets which mail (RUNBOOK 4)")
    return parser


def act(args: Any) -> Report:
    """Read each node's settings and check them."""
    from snftools.commands.context import Context
    from snftools.settings import prove
    from snftools.settings.checks import Subject
    from snftools.settings.directory import SettingsDir
    from snftools.settings.rules import Given, Rules
    ctx = Context(args)
    part = ctx.release.part("settings")
    given = Given({name: one.base_url for name, one in ctx.site.components.items()
                   if one.base_url}, ctx.site.email, {})
    nodes = ctx.nodes(serves=SERVES, changing=False)
    given.tokens.update(_registered(ctx, nodes))
    pairs = []
    for node in nodes:
        directory = SettingsDir.read(node, args.settings_dir or "/etc/synnefo")
        rules = Rules.of(ctx.release.name, part, node.roles, email=args.email)
        pairs.append((node, Subject(directory, rules, part["checks"], given)))
    return prove.check(pairs, args.email)


def _registered(ctx: Any, nodes: Sequence[Any]) -> Dict[str, str]:
    """The tokens that Astakos' database has, where a site.conf says where that is."""
    from snftools.commands import astakos
    from snftools.errors import SnfError
    from snftools.registry import tokens
    if not ctx.site.path:
        return {}
    roles = {role for node in nodes for role in node.roles}
    try:
        with astakos.home(ctx).connection() as connection:
            found = {name: tokens.registered(connection, name)
                     for name in ("cyclades", "pithos") if name in roles}
    except SnfError:
        return {}       # settings that are wrong must be told even when no database answers
    return {name: token for name, token in found.items() if token}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
