"""Who else writes to the databases: cron jobs that run Synnefo's programs (SOURCE 6.1)."""

from __future__ import annotations

import re
from typing import Any, Iterator, List

from snftools.report import Finding
from snftools.upgrade.checks import NODE, Check, Look

_PROGRAMS = re.compile(r"\b(snf-manage|pithos-manage|pithos-migrate|astakos-)")
_DIRECTORIES = ("/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily",
                "/var/spool/cron/crontabs")


def cron(look: Look, node: Any) -> List[Finding]:
    """A line of a crontab that runs snf-manage and its like would write in the window."""
    return [Finding("other-writers", "warning", "it runs %s" % program, node=node.name,
                    where=where, why="a job that writes while the databases are migrated, "
                    "or that runs the old release's commands after it",
                    remedy="comment it out until the upgrade is done")
            for where, program in _lines(node)]


def _lines(node: Any) -> Iterator[Any]:
    for path in _files(node):
        try:
            text = node.read(path).decode("utf-8", "replace")
        except OSError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            match = None if line.lstrip().startswith("#") else _PROGRAMS.search(line)
            if match:
                yield "%s:%d" % (path, number), match.group(1)


def _files(node: Any) -> List[str]:
    found = ["/etc/crontab"] if node.exists("/etc/crontab") else []
    for directory in _DIRECTORIES:
        try:
            found += ["%s/%s" % (directory, name) for name in node.list(directory)]
        except (FileNotFoundError, NotADirectoryError):
            continue
    return found


CHECKS = [Check("other-writers", "migrate", NODE, cron)]
