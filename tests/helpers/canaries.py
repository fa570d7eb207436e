"""Programs of well-known names that must not be called: each writes down that it was."""

from __future__ import annotations

from pathlib import Path

NAMES = ("apt-get", "apt-cache", "dpkg", "dpkg-query", "dpkg-deb", "service", "invoke-rc.d", "ps",
         "sh", "bash", "env", "cp", "cat", "id", "test", "setpriv", "runuser", "sudo", "hostname",
         "python3", "psql", "pg_dump", "pg_restore", "initdb", "pg_ctl", "start-stop-daemon",
         "snf-manage", "pithos-migrate", "gunicorn", "gnt-cluster", "chgrp", "chown", "kill")


class Canaries:
    """A directory of them."""

    def __init__(self, directory: Path) -> None:
        self._log = directory / "called.txt"
        self.directory = directory
        directory.mkdir()
        directory.chmod(0o777)
        for name in NAMES:
            program = directory / name
            program.write_text('#!/bin/sh\necho "$0 $*" >> %s\nexit 99\n' % self._log)
            program.chmod(0o755)

    @property
    def path(self) -> str:
        """A PATH in which the canaries come first."""
        return "%s:/usr/sbin:/usr/bin:/sbin:/bin" % self.directory

    def called(self) -> str:
        """The command lines that reached one."""
        return self._log.read_text() if self._log.exists() else ""
