"""Nodes with all of Synnefo's stand-in programs, on migrated databases that cost a copy each."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List, Optional

from snftools.practice import data
from tests.helpers.postgres import Postgres
from tests.practice.nodes import PRACTICE, THREE, Answer, Nodes

HOSTS = {
    "astakos": "https://accounts.example.org",
    "cyclades": "https://cyclades.example.org",
    "pithos": "https://pithos.example.org",
}
SCRIPTS = ("snf-manage", "snf-component-register", "snf-service-export", "astakos-migrate-0.14")
ONLY = {"cyclades": ("snf-manage",), "pithos": ("snf-manage",)}
TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*[A-Za-z0-9])[\w-]{43}(?![\w-])")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MIGRATIONS = {
    "astakos": (
        "syncdb --noinput",
        "migrate quotaholder_app 0001 --fake --noinput",
        "migrate quotaholder_app --noinput",
        "migrate im --noinput",
    ),
    "cyclades": ("syncdb --noinput", "migrate --noinput"),
}


class Programs(Nodes):
    """The nodes; `template` gives the databases, without it they are empty."""

    def __init__(
        self, postgres: Postgres, path: Path, prefix: str, template: Optional[Nodes] = None
    ):
        if template is None:
            super().__init__(postgres, path, THREE, prefix)
            return
        self.postgres = postgres
        self.path = path
        self.databases = {name: prefix + dbname for name, dbname in THREE.items()}
        for name, database in self.databases.items():
            words = (database, template.databases[name])
            postgres.execute('CREATE DATABASE "%s" TEMPLATE "%s" OWNER synnefo' % words)

    def fill(self, scale: int = 1) -> None:
        """Make the 0.13 databases with the host names that were recorded."""
        data.fill(self.postgres.connect, self.databases, scale, HOSTS)

    def install(self, node: str, version: str = "0.14") -> Path:
        """Lay out the programs of a node, its base URLs among the settings."""
        root = super().install(node, version)
        for name in ONLY.get(node, SCRIPTS):
            shutil.copy(str(PRACTICE / "programs" / name), str(root / "usr/bin"))
        lines = ["%s_BASE_URL = %r" % (node.upper(), HOSTS[node] + "/" + node)]
        (root / "etc/synnefo/20-urls.conf").write_text("\n".join(lines) + "\n")
        return root

    def migrate(self) -> None:
        """Bring the databases of astakos and cyclades to 0.14 with the nodes' own programs."""
        for node, commands in MIGRATIONS.items():
            for command in commands:
                done = self.call(node, "snf-manage " + command)
                assert done.exit == 0, done.err

    def register(self, *components: str) -> None:
        """Register components by the dialogue, answered through a pipe."""
        answers = []
        for name in ("astakos", "cyclades", "pithos"):
            url = HOSTS[name] + "/" + name
            astakos = [url + "/ui/", "y", ""] if name == "astakos" else ["y"]
            answers += ["y", url] + astakos if name in components else ["n"]
        done = self.call("astakos", "snf-component-register", "\n".join(answers) + "\n")
        assert done.out.count("Added service") == 7, done

    def call(
        self, node: str, command: str, stdin: str = "", env: Optional[Dict[str, str]] = None
    ) -> Answer:
        """Run a shell command on a node, with the programs of the node in its PATH."""
        path = "%s:%s" % (self.path / node / "usr/bin", "/usr/bin:/bin")
        done = subprocess.run(
            ["bash", "-c", command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=str(self.path),
            env={"PATH": path, "LC_ALL": "C.UTF-8", **(env or {})},
        )
        return Answer(done.returncode, done.stdout, done.stderr)


def normalised(text: str) -> List[str]:
    """Lines without tokens, UUIDs and paths; where Python 2 had no order, sorted."""
    text = UUID.sub("U" * 36, TOKEN.sub("T" * 43, text)).replace("\r\n", "\n").rstrip("\n")
    text = re.sub(r"\S*/usr/bin/(?=snf-manage)", "", text)
    return sort_unordered(text.split("\n") if text else [])


def sort_unordered(lines: List[str]) -> List[str]:
    """Sort each run of lines that a dict of Python 2 has put into an order of its own."""
    result: List[str] = []
    pending: List[str] = []
    for line in lines:
        if re.match(r"Resource '.*' updated|U{36} ", line):
            pending.append(line)
            continue
        result += sorted(pending) + [line]
        pending = []
    return result + sorted(pending)


def unbuffered() -> Dict[str, str]:
    """An environment in which programs write at once, as on a terminal."""
    return {"PYTHONUNBUFFERED": "1", "TERM": os.environ.get("TERM", "dumb")}
