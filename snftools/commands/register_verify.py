"""snf-register-verify - prove what is registered with Astakos, and that it answers"""

from __future__ import annotations

import argparse
from typing import Any, Optional, Sequence

from snftools import cli
from snftools.errors import Usage
from snftools.report import Report

_EXAMPLES = """\
  snf-register-verify                    by the database and component-list
  snf-register-verify --http             once the services run
  snf-register-verify --http --user-token-file /root/token
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-register-verify", __doc__, examples=_EXAMPLES)
    cli.add_options(parser, "node", "role", "base-url", "settings-dir", "db-admin")
    parser.add_argument("--http", action="store_true",
                        help="also ask every address over HTTP")
    parser.add_argument("--user-token-file", metavar="FILE", default=None,
                        help="also ask compute and object-store as the user with this token")
    return parser


def act(args: Any) -> Report:
    """Compare the registry with the release and the base URLs."""
    from snftools.commands import astakos
    from snftools.commands.context import Context
    from snftools.registry import verify
    token = _token(args.user_token_file)
    ctx = Context(args)
    home = astakos.home(ctx)
    wanted = astakos.wanted(ctx, args, home.catalogue)
    found = home.registry()
    if not found.migrated:
        return verify.not_migrated(home.database.name)
    probes = verify.probes_for(wanted, args.http, token)
    return verify.verify(wanted, found, home.node, home.database.name, probes)


def _token(path: Optional[str]) -> str:
    """A user's token from a file that holds it alone; Usage (2) when it does not."""
    if path is None:
        return ""
    from snftools.output import mask
    try:
        with open(path, encoding="ascii") as stream:
            token = stream.read(1 << 12).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Usage("--user-token-file %s: %s" % (path, getattr(error, "strerror", None)
                                                  or "not a token"))
    if not token or len(token.split()) != 1:
        raise Usage("--user-token-file %s: the file must hold the token alone" % path)
    mask.learn(token)
    return token


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
