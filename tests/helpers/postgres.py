"""A plain private PostgreSQL server for tests that need databases but no site."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from snftools.practice.server import PORT, Server

TRUST = "local all all trust\nlocal replication all trust\n"


class Postgres:
    """The server; everybody may log in without a password on its socket."""

    def __init__(self) -> None:
        self.dir = Path(tempfile.mkdtemp(prefix="snfpg", dir="/tmp"))
        self.dir.chmod(0o755)
        self.server = Server(self.dir)
        self.server.initialize()
        (self.server.data / "pg_hba.conf").write_text(TRUST)
        self.server.start()
        self.host = str(self.server.socket)
        self.port = PORT

    def dsn(self, dbname: str = "postgres", user: str = "postgres") -> str:
        """A connection string for libpq."""
        return "host=%s port=%d dbname=%s user=%s" % (self.host, self.port, dbname, user)

    def url(self, dbname: str = "postgres", user: str = "postgres") -> str:
        """The same as a URI."""
        return "postgresql://%s@/%s?host=%s&port=%d" % (user, dbname, self.host, self.port)

    def connect(self, dbname: str = "postgres", user: str = "postgres") -> Any:
        """A psycopg2 connection, not in autocommit."""
        return self.server.connect(dbname, user)

    def execute(self, sql: str, dbname: str = "postgres") -> None:
        """Run one statement outside of a transaction."""
        self.server.execute(sql, dbname=dbname)

    def destroy(self) -> None:
        """Stop the server and remove it."""
        self.server.stop()
        shutil.rmtree(str(self.dir))
