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
  snf-upgrade rehearse --map node1=spare1 --server URI
                                         all of it on a copy, days before
  snf-upgrade run                        do them; type it again after a failure
  snf-upgrade status                     how far the run is
  snf-upgrade rollback --check           the way back: its lines, its time
  snf-upgrade report --html run.html     what was done, as one page
  snf-upgrade close                      accept it; remove what was kept
  snf-upgrade inventory --list           the site, for Ansible
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's subcommands and their options."""
    parser = cli.new_parser("snf-upgrade", __doc__, examples=_EXAMPLES)
    sub = cli.add_subcommands(parser)
    _add_before(sub)
    _add_run(sub)
    _add_after(sub)
    return parser


def _add_before(sub: Any) -> None:
    """What changes nothing on the site: init, check, survey, plan, inventory."""
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
    plan = cli.add_subcommand(sub, "plan", "show the steps in their order")
    plan.add_argument("--window", type=_minutes, metavar="MINUTES", default=None,
                      help="how long the window is: tell the latest moment to turn back")
    _add_rehearse(sub)
    inventory = cli.add_subcommand(sub, "inventory", "tell the site to Ansible")
    told = inventory.add_mutually_exclusive_group(required=True)
    told.add_argument("--list", action="store_true", help="all groups and hosts")
    told.add_argument("--host", metavar="NAME", help="the variables of one node")


def _add_rehearse(sub: Any) -> None:
    """rehearse."""
    rehearse = cli.add_subcommand(sub, "rehearse", "make the same upgrade on a copy of the site")
    cli.add_options(rehearse, "check")
    rehearse.add_argument("--map", metavar="NODE=HOST", action="append", default=[],
                          help="the spare machine, or root directory, for a node (repeats)")
    rehearse.add_argument("--in", dest="inside", metavar="DIR", default="",
                          help="copy the nodes, which are root directories, into this one")
    rehearse.add_argument("--server", metavar="URI", default="",
                          help="where the databases are restored, as that administrator "
                          "(default: the spare's own server)")
    rehearse.add_argument("--clean", action="store_true",
                          help="remove all that a rehearsal made, and prove it")


def _add_run(sub: Any) -> None:
    """run and status."""
    run = cli.add_subcommand(sub, "run", "make the steps that are due, each proved")
    cli.add_options(run, "node")
    _add_waive(run)
    chosen = run.add_mutually_exclusive_group()
    chosen.add_argument("--until", metavar="STEP", help="stop after this step")
    chosen.add_argument("--only", metavar="STEP", help="make only this step")
    chosen.add_argument("--redo", metavar="STEP", help="make this step again")
    run.add_argument("--accept", metavar="STEP",
                     help="go on though this step is not proven (never a backup)")
    run.add_argument("--why", metavar="TEXT", help="why, for the journal and the report")
    run.add_argument("--patience", type=float, metavar="MINUTES", default=10.0,
                     help="tell of a step that shows no sign of life for so long (default 10)")
    status = cli.add_subcommand(sub, "status", "show how far the run is, from its journal "
                                "alone")
    status.add_argument("--follow", action="store_true",
                        help="go on showing what is done until the run ends")


def _add_after(sub: Any) -> None:
    """rollback, report, close."""
    back = cli.add_subcommand(sub, "rollback", "go back to the old release, in reverse order")
    cli.add_options(back, "check")
    back.add_argument("--to", metavar="STEP", help="only to after this step, which stays done")
    back.add_argument("--discard-new-data", action="store_true", default=False,
                      help="lose what was written since services ran on the new release")
    report = cli.add_subcommand(sub, "report", "tell what was done, when, and how it was proven")
    report.add_argument("--html", metavar="FILE", help="write one page with a timeline")
    report.add_argument("--bundle", metavar="FILE",
                        help="write journal, logs and plan for others, without any secret")
    close = cli.add_subcommand(sub, "close", "accept the upgrade; remove what was kept for the "
                               "way back")
    cli.add_options(close, "check")
    close.add_argument("--keep", action="store_true",
                       help="close the run and take the marks off, but remove nothing")


def _add_waive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--waive", metavar="NAME", action="append", default=[],
                        help="a finding that shall not stop the run (repeats; recorded)")


def _minutes(text: str) -> int:
    """A number of minutes."""
    if not text.isdigit() or not 0 < int(text) < 10000:
        raise argparse.ArgumentTypeError("not a number of minutes: %s" % text)
    return int(text)


def act(args: Any) -> Report:
    """Do what was asked for; each subcommand is a module of its own."""
    module = importlib.import_module("snftools.commands.upgrade." + args.action)
    report: Report = module.act(args)
    return report


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
