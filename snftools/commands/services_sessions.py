"""Who is still connected to the site's databases, for snf-services."""

from __future__ import annotations

import time
from typing import Any, List, Sequence

from snftools.errors import Failed, Refused, SnfError
from snftools.report import Finding, Report

_INTERVAL = 0.2
_COMPONENTS = ("astakos", "cyclades", "pithos")


def report(ctx: Any, settle: float, strict: bool = True) -> Report:
    """The foreign sessions as findings: errors (4) with --node all if `strict`, else warnings.

    A server ends the session of a stopped service a moment after the process: `settle`
    seconds are given to that.  Databases that can't be asked are a finding of the same weight.
    """
    whole = "all" in ctx.args.node
    try:
        found, names = _foreign(ctx, settle)
    except SnfError as error:
        return Report(findings=(Finding(
            "database-unknown", "error" if whole else "warning",
            "who is connected to the databases could not be found out: %s" % error.what,
            node=error.node, why=error.why, remedy=error.next, code=error.code),))
    judged = whole and strict and "foreign-session" not in ctx.site.waive
    severity = "error" if judged else "warning"
    findings = tuple(
        Finding("foreign-session", severity, one.describe(), where=one.database, waivable=True,
                why="it would stand in the way of backups and migrations",
                remedy="end that program, or as the administrator: "
                       "SELECT pg_terminate_backend(%d)" % one.pid)
        for one in found)
    lines = ("Databases %s: no session but ours." % " ".join(names),) \
        if names and not found else ()
    return Report(findings=findings, lines=lines, result={
        "databases": names, "sessions": [vars(one) for one in found]})


def _foreign(ctx: Any, settle: float) -> Any:
    """The foreign sessions and the names of the databases that were asked."""
    from snftools.database import find, sessions
    nodes = [node for node in ctx.all_nodes(_COMPONENTS)
             if set(node.roles) & set(_COMPONENTS)]
    databases = find.find(nodes, ctx.site, _settings_dir(ctx))
    deadline = time.monotonic() + settle
    while True:
        found: List[Any] = sessions.foreign_all(databases)
        if not found or time.monotonic() >= deadline:
            return found, [database.name for database in databases]
        time.sleep(_INTERVAL)


def need_answer(ctx: Any, nodes: Sequence[Any]) -> None:
    """Refused (3) when a database that these nodes' services use does not answer."""
    from snftools.database import find
    users = [node for node in nodes if set(node.roles) & set(_COMPONENTS)]
    try:
        find.check_answer(find.find(users, ctx.site, _settings_dir(ctx)))
    except Failed as error:
        raise Refused("the database servers must run before the services: %s" % error.what,
                      node=error.node, why=error.why, unchanged="everything",
                      next=error.next or "start the database server, then the same line again")


def _settings_dir(ctx: Any) -> str:
    return ctx.args.settings_dir or "/etc/synnefo"
