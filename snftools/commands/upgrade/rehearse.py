"""snf-upgrade rehearse - make the same upgrade on a copy of the site, days before"""

from __future__ import annotations

import os
from typing import Any, Dict, List, Tuple

from snftools import cli
from snftools.commands.upgrade import rehearse_ready as ready
from snftools.commands.upgrade import rehearse_told as told
from snftools.commands.upgrade.common import Upgrade, say_aside
from snftools.commands.upgrade.rehearse_inner import inner
from snftools.errors import Refused, SnfError, Usage
from snftools.report import Finding, Report
from snftools.state import State
from snftools.upgrade import run as runs
from snftools.upgrade.rehearsal import derive
from snftools.upgrade.rehearsal import diffs
from snftools.upgrade.rehearsal.record import Record

EXPECTED = ("service-down",)  # on a spare they are


def act(args: Any) -> Report:
    """Rehearse, or remove what a rehearsal made."""
    up = Upgrade(args)
    record = Record(up.site.state_dir)
    os.environ.pop("SNF_UPGRADE_STATE_DIR", None)  # it would name the live one to our children
    if args.clean:
        from snftools.commands.upgrade import rehearse_clean
        return rehearse_clean.look(up, record) if args.check else \
            rehearse_clean.clean(up, args, record)
    _refuse_begun(up)
    up.leave_out_silent()
    derived, values = _derived(up, args, record)
    if args.check:
        from snftools.commands.upgrade import rehearse_check
        return rehearse_check.check(up, derived, record.with_values(values),
                                    last_step(up))
    cli.confirm(args, "Take a backup of the live databases, and make the upgrade on %s?"
                % ", ".join(spare.entry.root or spare.entry.address
                            for spare in derived.spares))
    record.put(**values)
    say = say_aside(up.ctx.command)
    prepared = ready.prepare(up, args, derived, record, say)
    if prepared.findings:
        return Report(changed=True, findings=tuple(prepared.findings), result=prepared.result,
                      lines=("Nothing of the live site is changed.  Mend it, then rehearse "
                             "again.",))
    return _rehearse(up, args, derived, record, prepared)


def _refuse_begun(up: Upgrade) -> None:
    """Refused (3) once the real upgrade has begun: the live site is no 0.13 site any more."""
    journal = up.newest()
    begun = [record.step for record in journal.records
             if record.event == "begun" and record.step and record.step != "survey"] \
        if journal else []
    if begun:
        raise Refused("the upgrade of the real site has begun: %s" % begun[0],
                      unchanged="everything", next="snf-upgrade status")


def _derived(up: Upgrade, args: Any, record: Record) -> Tuple[derive.Derived, Dict[str, Any]]:
    """Where, and on which machines; the same as the last time where nothing is said.  With it
    what the record must know before anything is made."""
    site = up.site
    if args.map and args.inside:
        raise Usage("--map and --in are two ways: name one")
    base = os.path.abspath(args.inside) if args.inside else \
        os.path.join(site.state_dir, "rehearsal")
    if record.base and record.base != base and (args.inside or args.map):
        raise Refused("there is a rehearsal in %s" % record.base, unchanged="everything",
                      next="snf-upgrade rehearse --clean")
    mapped = derive.inside(site, base) if args.inside else derive.pairs(args.map, site)
    if not mapped and record.base:
        mapped, base = dict(record.values["map"]), record.base
    if args.server:
        _check_server(args.server)
    spares, left_out = derive.spares(site, mapped)
    _need_roots(spares, base)
    if not (args.server or record.values.get("server")) and (
            len(spares) > 1 or spares[0].entry.root):
        raise Usage("--server URI: which PostgreSQL server gets the copies?")
    backup_dir = os.path.join(base, "backups") if base != os.path.join(
        site.state_dir, "rehearsal") else site.backup_dir + derive.SUFFIX
    return derive.Derived(base, backup_dir, spares, left_out), {
        "base": base, "backup_dir": backup_dir, "map": dict(mapped),
        "server": args.server or record.values.get("server") or ""}


def _need_roots(spares: Tuple[derive.Spare, ...], base: str) -> None:
    """Refused (3) when a root directory that somebody else must make is not there."""
    for one in spares:
        root = one.entry.root
        if root and not root.startswith(os.path.join(base, "nodes") + "/") \
                and not os.path.isdir(root):
            raise Refused("%s is no directory" % root, unchanged="everything",
                          next="make it a root directory with the packages of %s"
                          % ", ".join(one.of))


def _check_server(uri: str) -> None:
    from snftools.database.params import NoPostgres, from_admin
    try:
        password = from_admin(uri).password
    except NoPostgres as error:
        raise Usage("--server wants a postgresql:// URI: %s" % error)
    if password:
        raise Usage("--server: a password does not belong in it: use PGPASSFILE or ~/.pgpass")


def _rehearse(up: Upgrade, args: Any, derived: derive.Derived, record: Record,
              prepared: "ready.Prepared") -> Report:
    """The ordinary commands on the derived site: check, run, rollback."""
    site, copies = ["--site", derived.conf], prepared.result["databases"]
    checked = inner(args, "check", *site)
    findings = [told.for_live(up, derived, copies, one) for one in checked.findings
                if one.check not in EXPECTED]
    if any(one.severity == "error" for one in findings):
        return told.report(up, derived, record, prepared, findings, 4)
    diff = {spare.entry.name: _diff(up, args, derived, spare.entry.name)
            for spare in derived.spares}
    prepared.result.update(diff=diff, diff_files=diffs.write(derived.base, diff))
    code, failed = _child(args, "run", "--until", last_step(up), "--yes", *site)
    state, name = State(derived.state_dir), up.site.name + derive.SUFFIX
    back, journal = 0, runs.newest(state, name, up.release.name)
    if journal is not None and code not in (130, 143):
        log = state.run_dir(journal.run)
        failed = [*(told.failures(log, journal) or failed), *told.warnings(log, journal)]
        back, stopped = _child(args, "rollback", "--yes", *site)
        failed += stopped
        journal = runs.last(state, name, up.release.name)
    findings += [told.for_live(up, derived, copies, one) for one in failed]
    findings = list(dict.fromkeys(one for one in findings if one.check not in EXPECTED))
    return told.report(up, derived, record, prepared, findings, code or back, journal)


def _child(args: Any, *words: str) -> Tuple[int, List[Finding]]:
    """One of our own commands on the derived site: its exit status, and what failed."""
    try:
        report = inner(args, *words)
    except SnfError as error:
        return error.code, [Finding("rehearsal-" + words[0], "error", error.what, error.node,
                                    why=error.why, remedy=error.next, code=error.code)]
    return report.exit_code(False), []


def last_step(up: Upgrade) -> str:
    """The row before users write: start and what follows are not made."""
    rows = [row.name for row in up.rows]
    return rows[next(number for number, row in enumerate(up.rows) if row.users_write) - 1]


def _diff(up: Upgrade, args: Any, derived: derive.Derived, node: str) -> List[str]:
    """How snf-settings-rename will change a node's settings, secrets masked."""
    from snftools.commands import settings_rename
    words = ["--check", "--diff", "--node", node, "--site", derived.conf, "--color", "never"]
    diff = settings_rename.act(settings_rename.build_parser().parse_args(
        words + (["--email"] if up.site.email else [])))
    return [line for line in diff.lines if line[:1] in ("-", "+", "@", " ")]
