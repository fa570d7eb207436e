"""The one `sh -c`: environment, directory and arguments, quoted by us.

plumbum starts the shell and nothing more: its own ways to set a directory run `$(...)` in it
and its argument handling differs from version to version.
"""

from __future__ import annotations

import re
import shlex
from typing import Callable, List, Mapping, Optional, Sequence

_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def words(argv: Sequence[str], env: Mapping[str, str], cwd: Optional[str],
          become: str = "", around: Optional[Callable[[str], str]] = None) -> List[str]:
    """The arguments of `/bin/sh` that run argv in that environment and directory.

    A directory that can't be entered is exit 126.  Nothing secret belongs into `env`: it
    stands in the command line of the shell.  `around` makes the whole script of what prepares
    "$@", in the place of its plain execution.
    """
    script = "".join("export %s=%s; " % (_checked(name), shlex.quote(value))
                     for name, value in env.items())
    if cwd is not None:
        script += "cd -- %s || exit 126; " % shlex.quote(cwd)
    script = around(script) if around else script + 'exec "$@"'
    if become == "sudo":
        # The inner shell exports again: sudo clears the environment.
        return ["-c", 'exec sudo -n -- /bin/sh "$@"', "sh", "-c", script, "sh", *argv]
    return ["-c", script, "sh", *argv]


def _checked(name: str) -> str:
    """A name that a shell can export."""
    if not _NAME.match(name):
        raise ValueError("not a variable name: %r" % name)
    return name
