"""The settings must be readable by the account that executes them (SOURCE 1.1)."""

from __future__ import annotations

import shlex
from typing import Iterator

from snftools.report import Finding
from snftools.settings.checks import Subject
from snftools.settings.directory import DEFAULT_PATH

READ, ENTER = 4, 1


def check(subject: Subject) -> Iterator[Finding]:
    """By owner, group and mode; a node that does not know the account is not judged.

    A directory that is not Synnefo's own may hold files on their way there: a warning.
    """
    reader = subject.around.reader
    if reader is None:
        return
    severity = "error" if subject.directory.path == DEFAULT_PATH else "warning"
    for path, stat in subject.around.stats.items():
        bits = READ + ENTER if stat.kind == "dir" else READ
        if reader.may(stat, bits):
            continue
        yield subject.finding(
            "readable", severity, "%s cannot read this %s (owner %d, group %d, mode %04o)" % (
                reader.name, "directory" if stat.kind == "dir" else "file", stat.uid, stat.gid,
                stat.mode & 0o7777), "", "gunicorn would not start",
            "chgrp %s %s && chmod g+%s %s" % (
                reader.name, shlex.quote(path), "rx" if stat.kind == "dir" else "r",
                shlex.quote(path)), path)
