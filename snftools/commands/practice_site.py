"""snf-practice-site - make and remove a whole Synnefo 0.13 site in one directory"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import List, Optional

from snftools import cli
from snftools.report import Report

EXAMPLES = """\
  snf-practice-site create /srv/practice
  snf-practice-site create /srv/second --from /srv/practice
  snf-practice-site destroy /srv/practice
"""


def build_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = cli.new_parser("snf-practice-site", __doc__, examples=EXAMPLES, site=False)
    sub = cli.add_subcommands(parser)
    create = cli.add_subcommand(sub, "create", help="make a site in an empty directory",
                                site=False)
    create.add_argument("directory", metavar="DIR", help="where; it need not exist")
    create.add_argument("--layout", choices=("three-hosts", "one-host", "two-ganeti"),
                        default=None,
                        help="which nodes and databases (default: three-hosts)")
    create.add_argument("--scale", metavar="N", type=int, default=None,
                        help="times the data: 40 users and what they have (default: 1)")
    create.add_argument("--from", metavar="TEMPLATE", dest="template", default=None,
                        help="copy this practice site, databases included")
    create.add_argument("--no-start", action="store_true",
                        help="leave the database server and the services down")
    destroy = cli.add_subcommand(sub, "destroy", help="stop and remove a site", site=False)
    destroy.add_argument("directory", metavar="DIR", help="what create was given")
    return parser


def act(args: argparse.Namespace) -> Report:
    """Do what the command line says."""
    return destroy(args) if args.action == "destroy" else create(args)


def create(args: argparse.Namespace) -> Report:
    """Make a site, or copy one; what was half made is removed."""
    from snftools.errors import Usage
    from snftools.practice import copy
    from snftools.practice import create as making

    if args.template and (args.layout or args.scale is not None):
        raise Usage("--from takes layout and data from the template: no --layout, no --scale")
    if args.scale is not None and args.scale < 1:
        raise Usage("--scale must be 1 or more")
    directory = Path(args.directory)

    def say(text: str) -> None:
        if not args.quiet:
            print(text, file=sys.stderr, flush=True)

    with making.cleaned_up(directory):
        if args.template:
            copy.copy(Path(args.template), directory, not args.no_start, say)
        else:
            making.create(directory, args.layout or "three-hosts", args.scale or 1,
                          not args.no_start, say)
    return _made(directory)


def _made(directory: Path) -> Report:
    from snftools.practice.copy import read_marker

    facts = read_marker(directory)
    conf = directory.resolve() / "site.conf"
    lines = ["%s: a Synnefo 0.13 site, %s: %s" % (directory, facts["layout"],
                                                  " ".join(facts["nodes"])),
             "", "Try next:"]
    lines += ["  %ssnf-upgrade --site %s %s" % (_bin(), conf, word)
              for word in ("check", "plan", "run")]
    lines += ["  %ssnf-practice-site destroy %s" % (_bin(), directory)]
    result = {"site": str(conf), "layout": facts["layout"], "nodes": facts["nodes"]}
    return Report(changed=True, result=result, lines=tuple(lines))


def _bin() -> str:
    """What to type before a command's name: where it lies unless it is installed."""
    if shutil.which("snf-upgrade"):
        return ""
    return os.path.join(os.path.dirname(sys.argv[0]) or ".", "")


def destroy(args: argparse.Namespace) -> Report:
    """Stop every process of the site and remove it."""
    from snftools.practice import destroy as removing

    directory = Path(args.directory)
    ended, left = removing.destroy(directory)
    lines: List[str] = ["%s: removed, %d processes ended" % (directory, ended)]
    if left:
        lines.append("left, for it is not of the site: %s" % " ".join(left))
    return Report(changed=True, result={"ended": ended, "left": left}, lines=tuple(lines))


def main(argv: Optional[List[str]] = None) -> int:
    """Run the command; returns its exit status."""
    return cli.run(build_parser, act, argv)
