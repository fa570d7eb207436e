"""snf-upgrade - plan, run and follow the upgrade of a whole Synnefo site"""

from __future__ import annotations

import argparse
import importlib
from typing import Any, Optional, Sequence

from snftools import cli
from snftools.report import Report

_EXAMPLES = """\
  snf-upgrade init node1 node2           draft site.conf from what is on the nodes
  snf-upgrade check                      every problem at once, each with a remedy
  snf-upgrade plan                       the steps, in order
  snf-upgrade run                        do them; type it again after a failure
  snf-upgrade status                     how far the run is
  snf-upgrade rollback --check           the way back: its lines, its time
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's subcommands and their options."""
    parser = cli.new_parser("snf-upgrade", __doc__, examples=_EXAMPLES)
    sub = cli.add_subcommands(parser)
    init = cli.add_subcommand(sub, "init", "draft site.conf from what is on the nodes")
    init.add_argument("host", nargs="*", metavar="HOST", default=[],
                      help="[user@]host or /DIR (default: this machine)")
    check = cli.add_subcommand(sub, "check", "look for every problem on every node")
    cli.add_options(check, "node")
    _add_waive(check)
    survey = cli.add_subcommand(sub, "survey", "record what the site is before it changes")
    cli.add_options(survey, "node", "check")
    survey.add_argument("--compare", action="store_true",
                        help="change nothing; tell whether the site is as its survey has it")
    cli.add_subcommand(sub, "plan", "show the steps in their order")
    run = cli.add_subcommand(sub, "run", "make the steps that are due, each proved")
    cli.add_options(run, "node")
    _add_waive(run)
    chosen = run.add_mutually_exclusive_group()
    chosen.add_argument("--until", metavar="STEP", help="stop after this step")
    chosen.add_argument("--only", metavar="STEP", help="make only this step")
    chosen.add_argument("--redo", metavar="STEP", help="make this step again")
    cli.add_subcommand(sub, "status", "show how far the run is, from its journal alone")
    back = cli.add_subcommand(sub, "rollback", "go back to the old release, in reverse order")
    cli.add_options(back, "check")
    back.add_argument("--to", metavar="STEP", help="only to after this step, which stays done")
    back.add_argument("--discard-new-data", action="store_true", default=False,
                      help="lose what was written since services ran on the new release")
    return parser


def _add_waive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--waive", metavar="NAME", action="append", default=[],
                        help="a finding that shall not stop the run (repeats; recorded)")


def act(args: Any) -> Report:
    """Do what was asked for; each subcommand is a module of its own."""
    module = importlib.import_module("snftools.commands.upgrade." + args.action)
    report: Report = module.act(args)
    return report


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
