"""Run one of our command lines as a user would, and see everything of it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional

BIN = Path(__file__).resolve().parents[2] / "bin"

COMMANDS = tuple(sorted(path.name for path in BIN.iterdir()))

# What the machine's user may have set must not reach a test.
_FOREIGN = ("SNF_UPGRADE_SITE", "SNF_UPGRADE_STATE_DIR", "SNF_UPGRADE_RUN", "PGPASSFILE",
            "PGPASSWORD", "PGHOST", "PGUSER", "PGDATABASE", "NO_COLOR", "SYNNEFO_SETTINGS_DIR")


@dataclass
class Done:
    """How a command line ended."""

    argv: list
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)

    def expect(self, code: int) -> "Done":
        """This, if it ended with that code; else an AssertionError that shows all."""
        assert self.code == code, "exit %d, not %d: %s\n--- out\n%s\n--- err\n%s" % (
            self.code, code, " ".join(self.argv), self.out, self.err)
        return self


def environment(site: Any = None, env: Optional[Dict[str, str]] = None) -> Dict[str, str]:
    """The environment of a command line; `site` has .conf, the path of its site.conf."""
    full = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    full["PYTHONDONTWRITEBYTECODE"] = "1"
    if site is not None:
        full["SNF_UPGRADE_SITE"] = str(site.conf)
    full.update(env or {})
    return full


def argv_of(command: str, *arguments: Any) -> list:
    """The words of the command line, the launcher of this checkout first."""
    return ["/usr/bin/python3", str(BIN / command), *map(str, arguments)]


def run(command: str, *arguments: Any, site: Any = None, input: Optional[str] = None,
        env: Optional[Dict[str, str]] = None, timeout: float = 300) -> Done:
    """Run to the end; standard input is closed unless `input` is given."""
    argv = argv_of(command, *arguments)
    done = subprocess.run(
        argv, env=environment(site, env), timeout=timeout, capture_output=True,
        **({"stdin": subprocess.DEVNULL} if input is None else {"input": input.encode()}))
    return Done(argv, done.returncode, done.stdout.decode("utf-8", "replace"),
                done.stderr.decode("utf-8", "replace"))


def start(command: str, *arguments: Any, site: Any = None,
          env: Optional[Dict[str, str]] = None, **popen: Any) -> subprocess.Popen:
    """Start and return the process (its own session, both streams piped)."""
    return subprocess.Popen(
        argv_of(command, *arguments), env=environment(site, env), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **popen)
