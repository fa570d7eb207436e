"""The exit table as exceptions: every command ends by one of these or by a Report.

An error says what failed and on which node, why, what is unchanged, and the line to type
next.  `cli.run` is the only place that turns one into text, JSON and an exit status.
"""

from __future__ import annotations


class SnfError(Exception):
    """The base of all errors that a command may end with; exit 1 if nothing narrower fits."""

    code = 1

    def __init__(self, what: str, *, node: str = "", why: str = "", unchanged: str = "",
                 next: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.node = node
        self.why = why
        self.unchanged = unchanged
        self.next = next


class Failed(SnfError):
    """It failed, or it could not be found out (exit 1)."""

    code = 1


class Usage(SnfError):
    """The command line can't be used (exit 2); printed as text even with --json."""

    code = 2


class Refused(SnfError):
    """A precondition does not hold; nothing was changed (exit 3)."""

    code = 3


class NotVerified(SnfError):
    """What was looked at is not as it must be, and running will not mend it (exit 4)."""

    code = 4


class Locked(SnfError):
    """Another run holds the lock (exit 75)."""

    code = 75


class Invalid(SnfError):
    """site.conf, a release or a settings file is invalid (exit 78)."""

    code = 78
