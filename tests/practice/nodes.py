"""Nodes with nothing but Synnefo's stand-in programs, on databases of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence

from snftools.practice import data
from tests.helpers.postgres import Postgres

PRACTICE = Path(data.__file__).parent
PACKAGES = {
    "astakos": ("snf-astakos-app", "snf-pithos-backend"),
    "cyclades": ("snf-cyclades-app", "snf-pithos-backend"),
    "pithos": ("snf-pithos-app", "snf-pithos-backend"),
    "node1": ("snf-astakos-app", "snf-cyclades-app", "snf-pithos-backend"),
}
EVERYWHERE = ("snf-common", "snf-webproject", "python-astakosclient", "python-objpool")
SQL = {
    "snf-astakos-app": ("im", "quotaholder_app"),
    "snf-cyclades-app": ("db",),
    "snf-pithos-backend": ("pithos",),
}
URLS = {name: "https://%s.example.org" % name for name in ("astakos", "cyclades", "pithos")}
THREE = {"astakos": "snf_astakos", "cyclades": "snf_cyclades", "pithos": "snf_pithos"}
ONE = {"astakos": "snf_apps", "cyclades": "snf_apps", "pithos": "snf_pithos"}

RUN = """
import importlib, sys
sys.path.insert(0, sys.argv[1] + "/usr/lib/synnefo")
from manage.context import Context
argv = sys.argv[2:]
sys.argv = ["snf-manage"]
module = importlib.import_module({"migrate": "manage.south", "syncdb": "manage.syncdb"}[argv[0]])
sys.exit(module.COMMANDS[argv[0]](Context(sys.path[0][: -len("/usr/lib/synnefo")]), argv[1:]))
"""


class Answer(NamedTuple):
    """What a program did."""

    exit: int
    out: str
    err: str


class Nodes:
    """The nodes of one layout; their databases carry a prefix, so that tests don't meet."""

    def __init__(self, postgres: Postgres, path: Path, layout: Dict[str, str], prefix: str):
        self.postgres = postgres
        self.path = path
        self.databases = {name: prefix + dbname for name, dbname in layout.items()}
        for name in set(self.databases.values()):
            postgres.execute('CREATE DATABASE "%s" OWNER synnefo' % name)

    def fill(self, scale: int = 1) -> None:
        """Make the 0.13 databases."""
        data.fill(self.postgres.connect, self.databases, scale, URLS)

    def install(self, node: str, version: str = "0.14") -> Path:
        """Lay out the programs of a node; return its root."""
        root = self.path / node
        shutil.copytree(str(PRACTICE / "programs" / "manage"), str(root / "usr/lib/synnefo/manage"))
        (root / "usr/bin").mkdir()
        shutil.copy(str(PRACTICE / "programs" / "pithos-migrate"), str(root / "usr/bin"))
        (root / "usr/lib/synnefo/versions").mkdir()
        for package in PACKAGES[node] + EVERYWHERE:
            (root / "usr/lib/synnefo/versions" / package).write_text(version + "\n")
            for app in SQL.get(package, ()) if version == "0.14" else ():
                shutil.copytree(
                    str(PRACTICE / "sql" / "0.14" / app), str(root / "usr/lib/synnefo/sql" / app)
                )
        (root / "etc/synnefo").mkdir(parents=True)
        self.configure(node)
        return root

    def configure(self, node: str, **changed: str) -> None:
        """Write the settings of a node; `changed` replaces words of its connection."""
        component = "astakos" if node == "node1" else node
        words = {"host": self.postgres.host, "database": self.databases[component], **changed}
        default = {
            "ENGINE": "postgresql_psycopg2",
            "NAME": words["database"],
            "USER": "synnefo",
            "PASSWORD": "",
            "HOST": words["host"],
            "PORT": str(self.postgres.port),
        }
        url = "postgresql://synnefo@/%s?host=%s&port=%d" % (
            words["database"] if node == "pithos" else self.databases["pithos"],
            words["host"],
            self.postgres.port,
        )
        text = "PITHOS_BACKEND_DB_CONNECTION = %r\n" % url
        if node != "pithos":
            text += "DATABASES = {'default': %r}\n" % default
            text += "SECRET_ENCRYPTION_KEY = %r\n" % data.ENCRYPTION_KEY
        (self.path / node / "etc/synnefo/10-practice.conf").write_text(text)

    def run(self, node: str, command: Sequence[str], stdin: str = "") -> Answer:
        """Run snf-manage or pithos-migrate of a node."""
        done = subprocess.run(
            self.argv(node, command),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def argv(self, node: str, command: Sequence[str]) -> List[str]:
        """The command line that runs a stand-in of a node."""
        root = self.path / node
        if command[0] == "snf-manage":
            return [sys.executable, "-c", RUN, str(root)] + list(command[1:])
        return [sys.executable, str(root / "usr/bin" / command[0])] + list(command[1:])

    def psql(self, component: str, sql: str) -> List[Any]:
        """Run SQL as superuser; return the rows, if it gives any."""
        connection = self.postgres.connect(self.databases[component])
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def destroy(self) -> None:
        """Drop the databases."""
        for name in set(self.databases.values()):
            self.postgres.execute('DROP DATABASE IF EXISTS "%s"' % name)
