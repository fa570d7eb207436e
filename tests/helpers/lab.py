"""A private PostgreSQL server with a database to back up, and our commands pointed at it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from snftools.practice import tree
from snftools.practice.server import PORT
from tests.helpers import cli
from tests.helpers.postgres import Postgres

OWNER = "owner"  # owns the databases, may not make any

SIMPLE = """
CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, made timestamptz DEFAULT now());
INSERT INTO users (name) SELECT 'user ' || i FROM generate_series(1, 2000) i;
CREATE INDEX users_name ON users (name);
CREATE TABLE files (id bigint PRIMARY KEY, content bytea, size double precision);
INSERT INTO files SELECT i, decode(md5(i::text), 'hex'), i / 3.0 FROM generate_series(1, 300) i;
GRANT SELECT ON users TO reader;
"""


class Lab:
    """The server, a backup directory and a state directory; destroyed at the end."""

    def __init__(self) -> None:
        self.postgres = Postgres()
        self.server = self.postgres.server
        self.dir = Path(tempfile.mkdtemp(prefix="snflab", dir="/tmp"))
        self.dir.chmod(0o755)
        self.backups = self.dir / "backups"
        self.node = self.dir / "node"
        tree.make(self.node, "lab", self.dir)
        self.env: Dict[str, str] = {"SNF_UPGRADE_STATE_DIR": str(self.dir / "state"),
                                    "TMPDIR": str(self.dir)}
        self.postgres.execute("CREATE ROLE %s LOGIN NOSUPERUSER NOCREATEDB" % OWNER)
        self.postgres.execute("CREATE ROLE reader NOLOGIN")

    def database(self, name: str = "db", sql: str = SIMPLE, more: str = "") -> str:
        """A new database of the owner; `more` is for CREATE DATABASE."""
        self.postgres.execute('CREATE DATABASE "%s" OWNER %s TEMPLATE template0 %s'
                              % (name, OWNER, more))
        self.sql(sql, name)
        return name

    def sql(self, text: str, dbname: str = "db", user: str = OWNER) -> List[Tuple[Any, ...]]:
        """Run statements as the owner, in one transaction; the last one's rows."""
        connection = self.postgres.connect(dbname, user)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def names(self) -> List[str]:
        """The databases of the server but its own."""
        return [row[0] for row in self.sql(
            "SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0',"
            " 'template1') ORDER BY 1", "postgres", "postgres")]

    def uri(self, name: str = "db", user: str = OWNER) -> str:
        return self.postgres.url(name, user)

    @property
    def admin(self) -> str:
        return "postgresql://postgres@/?host=%s&port=%d" % (self.server.socket, PORT)

    def words(self, name: str) -> List[str]:
        """The options; a node of our own, so that no other test meets its lock."""
        return ["--node", str(self.node), "--backup-dir", str(self.backups),
                "-d", self.uri(name), "--db-admin", self.admin]

    def create(self, *arguments: str, name: str = "db", env: Optional[Dict[str, str]] = None
               ) -> cli.Done:
        """snf-backup-db create --label l, proven at its label's level."""
        return cli.run("snf-backup-db", "create", "--label", "l", *self.words(name), *arguments,
                       env={**self.env, **(env or {})})

    def verify(self, level: str, *arguments: str, name: str = "db",
               env: Optional[Dict[str, str]] = None) -> cli.Done:
        """snf-backup-db verify l."""
        return cli.run("snf-backup-db", "verify", "l", "--level", level, *self.words(name),
                       *arguments, env={**self.env, **(env or {})})

    def restore(self, *arguments: str, name: str = "db", env: Optional[Dict[str, str]] = None
                ) -> cli.Done:
        """snf-restore-db l --yes."""
        return cli.run("snf-restore-db", "l", *self.words(name), "--yes", *arguments,
                       env={**self.env, **(env or {})})

    def prune(self) -> cli.Done:
        return cli.run("snf-backup-db", "prune", "--yes", "--backup-dir", self.backups,
                       env=self.env)

    def sets(self) -> List[Path]:
        """The sets, oldest first: of one second, the one without a number."""
        found = self.backups.glob("2*") if self.backups.exists() else ()
        return sorted(found, key=lambda path: (path.name[:16], re.match(
            r"-\d+-", path.name[16:]) is not None, path.name))

    def dump(self, name: str = "db") -> Path:
        """The dump of the newest set."""
        return self.sets()[-1] / name / "dump"

    def stopped_at(self, point: str, command: str, *arguments: str,
                   meanwhile: Callable[[], None]) -> Tuple[int, str]:
        """Run, stop at a failpoint, do something, go on; exit status and what was printed."""
        process = subprocess.Popen(
            cli.argv_of(command, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=cli.environment(
                None, {**self.env, "SNF_UPGRADE_FAILPOINT": point + "=SIGSTOP"}))
        wait_for(lambda: state_of(process.pid) == "T" or process.poll() is not None)
        assert process.poll() is None, process.communicate()[0]
        try:
            meanwhile()
        finally:
            process.send_signal(signal.SIGCONT)
        out, _ = process.communicate(timeout=120)
        return process.returncode, out.decode("utf-8", "replace")

    def check_clean(self) -> None:
        """No password, no scratch database, no program of ours is left."""
        assert not list(self.backups.glob(".pgpass*"))
        assert not [name for name in self.names() if name.startswith("snf_verify")]
        assert not self.children()

    def children(self) -> Dict[int, str]:
        """Programs that work on this server or its backups, by their pids."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                raw = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            words = raw.replace(b"\0", b" ").decode("utf-8", "replace")
            if "pg_dump" in words.partition(" ")[0] or "pg_restore" in words.partition(" ")[0]:
                if str(self.dir) in words or str(self.server.socket) in words:
                    found[int(entry.name)] = words
        return found

    def kill_server(self) -> None:
        """End the server as a power cut does."""
        pid = int((self.server.data / "postmaster.pid").read_text().split("\n")[0])
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not self._server_processes())
        # Where nobody collects the dead one, it would still count as running.
        (self.server.data / "postmaster.pid").unlink()
        for path in self.server.socket.glob(".s.PGSQL.*"):
            path.unlink()

    def _server_processes(self) -> List[str]:
        """The server's processes: they live in its data directory, and end when they notice."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(str(entry / "cwd")) == str(self.server.data):
                    found.append(entry.name)
            except OSError:
                continue
        return found

    def destroy(self) -> None:
        self.postgres.destroy()
        shutil.rmtree(str(self.dir), ignore_errors=True)


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> None:
    """Poll until it holds; AssertionError after the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def state_of(pid: int) -> str:
    """R, S, T, Z of a process; "" when it is gone."""
    try:
        return Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
