"""snf-upgrade report - tell what was done, when, and how it was proven"""

from __future__ import annotations

from typing import Any, List, Tuple

from snftools import cli, files
from snftools.commands.upgrade.common import Upgrade
from snftools.errors import Failed, Refused
from snftools.output.text import human_size, table
from snftools.report import Finding, Report
from snftools.upgrade import run as runs
from snftools.upgrade.report import bundle, page, text
from snftools.upgrade.report.gather import gather


def act(args: Any) -> Report:
    """Gather; print it, or write the page or the bundle."""
    up = Upgrade(args)
    journal = runs.last(up.state, up.site.name, up.release.name)
    if journal is None:
        raise Refused("there is no run to tell of", unchanged="everything",
                      next="snf-upgrade plan")
    plan = up.plan(journal.run)
    told = gather(up, journal, plan)
    lines: List[str] = []
    findings: Tuple[Finding, ...] = ()
    if args.html:
        _write(args.html, lambda: files.write_atomic(args.html, page.page(told).encode("utf-8"),
                                                     mode=0o644))
        lines.append("Written: %s" % args.html)
    if args.bundle:
        missed = bundle.learn_secrets(up)
        found = bundle.contents(up, journal, plan, told)
        listed = table([[name, human_size(len(data))] for name, data in found.items()])
        if not args.quiet and not args.json and not args.yes:
            print("\n".join(listed), flush=True)
        cli.confirm(args, "Write these into %s?" % args.bundle)
        _write(args.bundle, lambda: bundle.write(args.bundle, found, journal.run))
        lines += [*listed, "Written: %s   secrets are replaced; look before you pass it on"
                  % args.bundle]
        findings = tuple(Finding("secrets", "warning", "not masked, for it could not be read: "
                                 + what) for what in missed)
    return Report(result=told, findings=findings, changed=bool(args.html or args.bundle),
                  lines=tuple(lines or text.lines(told)))


def _write(path: str, write: Any) -> None:
    try:
        write()
    except OSError as error:
        raise Failed("can't write %s: %s" % (path, error.strerror or error),
                     unchanged="everything")
