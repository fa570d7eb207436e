"""What snf-backup-db does when it takes or proves a set."""

from __future__ import annotations

from typing import Any, List

from snftools.commands import databases as which
from snftools.errors import NotVerified, Usage
from snftools.report import Finding, Report


def create(ctx: Any, args: Any) -> Report:
    """Take a set and prove it."""
    from snftools.backups import sets
    from snftools.database import interrupt
    sets.check_label(args.label)
    if args.lock_wait < 1:
        raise Usage("--lock-wait wants seconds, from 1")
    if args.no_digests and args.verify not in (None, "files"):
        raise Usage("--no-digests leaves nothing to prove but files")
    level = "files" if args.no_digests else args.verify or _level(ctx, args.label)
    if args.check:
        return interrupt.run(lambda: _check(ctx, args, level))
    return interrupt.run(lambda: _create(ctx, args, level))


def _create(ctx: Any, args: Any, level: str) -> Report:
    from snftools.backups import dump, lock, show
    from snftools.backups import verify as proving
    from snftools.database import admin
    with lock.backup_lock(ctx.site.backup_dir, exclusive=True):
        databases = which.found(ctx)
        if not all(dump.way(database).snapshot for database in databases):
            level = "restore"  # what no snapshot holds together is proven as far as can be
        if level == "restore":
            admin.need_admin(databases)
            for database in databases:
                dump.need_restorable(database)
        taken = dump.take(ctx.site.backup_dir, databases, dump.Wish(
            args.label, args.jobs, ctx.token.run_id if ctx.token else "", args.step,
            args.reason, args.hold, which.whole(ctx), not args.no_digests, args.lock_wait),
            ctx.progress)
        for database in databases:
            proving.verify(taken, database, level, ctx.progress, args.jobs)
    return Report(changed=True, result={"set": show.as_dict(taken)},
                  lines=tuple(show.taken(taken)))


def _level(ctx: Any, label: str) -> str:
    """How far a set of that label is proven: release data."""
    part = ctx.release.part("backups")
    return str(part["labels"].get(label, part)["verify"])


def _check(ctx: Any, args: Any, level: str) -> Report:
    """Whether there is a set of that label at that level that equals the databases now."""
    from snftools.backups import dump, wayback
    databases = which.found(ctx)
    equal = [wayback.equal(ctx.site.backup_dir, database, level, args.label)
             for database in databases]
    names = {backup.name if backup else "" for backup in equal}
    name = names.pop() if len(names) == 1 else ""
    text = "set %s, proven at level %s, equals the databases now" % (name, level) if name else \
        "no set with label %s at level %s equals the databases now" % (args.label, level)
    ways = dict(zip((database.name for database in databases),
                    dump.ways(ctx.site.backup_dir, databases)))
    formats = ["%s: format %s%s" % (key, way.told, ": " + (way.stream or way.why)
                                    if way.stream or not way.snapshot else "")
               for key, way in ways.items()]
    return Report(changed=not name, lines=(text, *formats), result={
        "set": name, "level": level, "formats": {key: way.format for key, way in ways.items()}})


def verify(ctx: Any, args: Any) -> Report:
    """Prove a set."""
    from snftools.backups import lock, sets, show
    from snftools.database import interrupt
    if args.server:
        _check_server(args)
    backup = sets.find(ctx.site.backup_dir, args.set)
    with lock.backup_lock(ctx.site.backup_dir, exclusive=False):
        findings = interrupt.run(lambda: _verify(ctx, args, backup))
    lines = ["%s: proven at level %s" % (backup.name, args.level)] if not findings else []
    return Report(findings=tuple(findings), result={"set": show.as_dict(backup)},
                  lines=tuple(lines))


def _verify(ctx: Any, args: Any, backup: Any) -> List[Finding]:
    from snftools.backups import verify as proving
    from snftools.database import admin
    databases = which.of_set(ctx, backup, args.level, args.server)
    if args.level == "restore":
        admin.need_admin(databases)
    findings = []
    for database in databases:
        try:
            proving.verify(backup, database, args.level, ctx.progress, args.jobs,
                           bool(args.server))
        except NotVerified as error:
            findings.append(Finding("backup-damaged", "error", error.what, why=error.why,
                                    where=backup.directory(database.name),
                                    remedy="use another set: snf-backup-db list"))
    return findings


def _check_server(args: Any) -> None:
    """Usage (2) unless --server is a URI without a password, for level restore."""
    from snftools.database.params import NoPostgres, from_admin
    if args.level != "restore":
        raise Usage("--server is for --level restore")
    try:
        password = from_admin(args.server).password
    except NoPostgres as error:
        raise Usage("--server wants a postgresql:// URI: %s" % error)
    if password:
        raise Usage("--server: a password does not belong in it: use PGPASSFILE or ~/.pgpass")
