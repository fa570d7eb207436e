"""Who else writes: cron jobs, watchdogs, sessions of other roles (SOURCE 6.1 no. 21)."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, List

from snftools.report import Finding
from snftools.upgrade.checks import DATABASES, NODE, Check, Look

_PROGRAMS = re.compile(r"\b(snf-manage|pithos-manage|pithos-migrate|astakos-)")
_DIRECTORIES = ("/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily",
                "/var/spool/cron/crontabs")

# Configuration management and supervisors, as `ps` shows them.
_WATCHDOGS = re.compile(
    r"^(\S*/)?((python|ruby|perl)[0-9.]* (-\S+ )*(\S*/)?)?"
    r"(?P<name>puppet|chef-client|salt-minion|cf-agent|cf-execd|monit|supervisord|god)( |:|$)")
# Services that are called otherwise than their programs.
_SERVICES = {"cf-agent": "cfengine3", "cf-execd": "cfengine3", "supervisord": "supervisor"}


def cron(look: Look, node: Any) -> List[Finding]:
    """A line of a crontab that runs snf-manage and its like would write in the window."""
    return [Finding("other-writers", "warning", "it runs %s" % program, node=node.name,
                    where=where, why="a job that writes while the databases are migrated, "
                    "or that runs the old release's commands after it",
                    remedy="sed -i '%ss/^/#/' %s    (until the upgrade is done)"
                    % tuple(reversed(where.rsplit(":", 1))))
            for where, program in _lines(node)]


def _lines(node: Any) -> List[Any]:
    with node.glance(["/etc/crontab", *_DIRECTORIES]):
        return list(_read_lines(node))


def _read_lines(node: Any) -> Iterator[Any]:
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


def watchdogs(look: Look, node: Any) -> List[Finding]:
    """What starts services again, or puts settings back, behind the upgrade's back."""
    found: Dict[str, int] = {}
    for one in node.processes():
        match = _WATCHDOGS.match(one.args)
        if match:
            found.setdefault(match.group("name"), one.pid)
    return [Finding("watchdogs", "warning", "%s runs (pid %d)" % (name, pid), node=node.name,
                    why="it may start services in the window, or put the old settings back",
                    remedy="service %s stop    (until the upgrade is done)"
                    % _SERVICES.get(name, name)) for name, pid in found.items()]


def sessions(look: Look, node: Any) -> List[Finding]:
    """Who else is connected: sessions of another role than the one that the settings name."""
    from snftools.database.sessions import foreign
    return [Finding("sessions", "warning", "a session of unknown origin: %s" % one.describe(),
                    where=database.name, why="what it holds open stands in the way of the "
                    "migrations, and what it writes is not Synnefo's",
                    remedy="as its administrator: SELECT pg_terminate_backend(%d)" % one.pid)
            for database in look.databases for one in foreign(database)
            if one.user != database.owner.user]


CHECKS = [Check("other-writers", "migrate", NODE, cron),
          Check("watchdogs", "migrate", NODE, watchdogs),
          Check("sessions", "migrate", DATABASES, sessions)]
