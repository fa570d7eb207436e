"""snf-migrate-quota - make the limit on pending applications a resource of Astakos"""

from __future__ import annotations

import argparse
from typing import Any, Optional, Sequence, Tuple

from snftools import cli
from snftools.errors import Refused, Usage
from snftools.report import Finding, Report

_EXAMPLES = """\
  snf-migrate-quota --check
  snf-migrate-quota --pending-app-limit 2
"""


def _whole(text: str) -> int:
    """A whole number that is not negative, in plain digits."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("not a whole number: %r" % text)
    return int(text)


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-migrate-quota", __doc__, examples=_EXAMPLES)
    cli.add_options(parser, "node", "role", "settings-dir", "db-admin", "check", "yes")
    parser.add_argument("--pending-app-limit", metavar="N", type=_whole, default=None,
                        help="how many applications of a user may be pending "
                        "(default: pending_app_limit of site.conf)")
    parser.add_argument("--set-limit", action="store_true",
                        help="set N also where an administrator has set another limit since")
    return parser


def act(args: Any) -> Report:
    """Look at, or bring about, the resource's limit and the users' own ones."""
    from snftools.commands import astakos
    from snftools.commands.context import Context
    ctx = Context(args)
    home = astakos.home(ctx)
    limit = args.pending_app_limit
    if limit is None:
        limit = ctx.site.pending_app_limit
    if args.check:
        return _check(home, limit)
    if limit is None:
        raise Usage("the limit is not known: --pending-app-limit N, or pending_app_limit in "
                    "site.conf")
    with ctx.changing([home.node]):
        return _migrate(ctx, args, home, limit)


def _read(home: Any, limit: Optional[int]) -> Any:
    """The state of the quota; None while the database is not migrated."""
    from snftools.registry import quota
    with home.connection() as connection:
        return quota.read(connection, home.catalogue.quota, limit)


def _check(home: Any, limit: Optional[int]) -> Report:
    """The end state by SQL; a limit that was decided since is told, not judged."""
    state = _read(home, limit)
    if state is None or state.limit is None:
        return Report(changed=True, result={"limit": None}, lines=(
            "The resource %s is not registered yet." % home.catalogue.quota["resource"],))
    findings: Tuple[Finding, ...] = ()
    if limit is not None and state.limit not in (0, limit):
        findings = (Finding("quota-other-limit", "note", "the limit is %d, not %d"
                            % (state.limit, limit), where=home.database.name,
                            why="an administrator has set it since"),)
    return Report(changed=not state.there(limit), findings=findings, result=_result(state),
                  lines=_lines(home, state))


def _migrate(ctx: Any, args: Any, home: Any, limit: int) -> Report:
    """Run the explicit series of commands where something is missing."""
    from snftools.registry import quota
    conf = home.catalogue.quota
    state = _read(home, limit)
    if state is None or state.limit is None:
        raise Refused("the resource %s is not registered" % conf["resource"],
                      node=home.node.name, unchanged="everything", next="snf-register-services")
    if not args.set_limit:
        quota.limit_refusal(state, limit, conf["resource"])
    if state.there(limit) and state.limit == limit:
        return Report(result=_result(state), lines=_lines(home, state) + (
            "It is there; nothing was changed.",))
    with home.connection() as connection:
        least = quota.needed(connection, conf)
    found = quota.over_finding(state, limit, least, home.database.name,
                               quota.FINDING in ctx.site.waive)
    if any(finding.severity == "error" for finding in found):
        return Report(findings=found, result=_result(state), lines=("Nothing was changed.",))
    ran = quota.migrate(home.node, conf, state, limit, lambda: _read(home, limit))
    after = _read(home, limit)
    return Report(changed=True, findings=found, result=dict(_result(after), done=ran),
                  lines=tuple("%s: %s: done" % (home.node.name, line) for line in ran)
                  + _lines(home, after) + (
                      "Next: snf-backup-db create --label after-register. "
                      "Undo: snf-restore-db",))


def _result(state: Any) -> dict:
    return {"limit": state.limit, "own_limits": state.own, "carried_over": state.carried}


def _lines(home: Any, state: Any) -> tuple:
    return ("%s: %s has the limit %d;" % (home.database.name, home.catalogue.quota["resource"],
                                          state.limit),
            "own limits of %d of %d users are carried over." % (state.carried, state.own))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
