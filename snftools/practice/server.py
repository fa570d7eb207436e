"""The private PostgreSQL server of a practice site: a socket in DIR/run and no TCP port."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any, List, Optional, Sequence

from snftools.errors import Failed, Refused

PORT = 5432
# sun_path has 108 bytes; "/.s.PGSQL.5432.lock" goes after the directory.
LONGEST_SOCKET_DIR = 100 - len("/.s.PGSQL.5432.lock")

_HBA = """# The site's databases belong to synnefo, who needs a password; postgres administers.
local all         postgres              trust
local replication postgres              trust
local all         synnefo               scram-sha-256
local all         all                   reject
"""

_CONF = """
listen_addresses = ''
unix_socket_directories = '%(socket)s'
port = %(port)d
password_encryption = 'scram-sha-256'
max_connections = 60
shared_buffers = 16MB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum_naptime = 5min
logging_collector = off
"""


def bindir() -> Path:
    """Where initdb, pg_ctl and the clients lie: Debian's newest version, else PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"),
                   key=lambda path: float(Path(path).parts[4]))
    if found:
        return Path(found[-1]).parent
    other = shutil.which("initdb")
    if other is None:
        raise Failed("PostgreSQL's initdb is not installed", next="apt-get install postgresql")
    return Path(os.path.realpath(other)).parent


def server_user() -> Optional[str]:
    """The unprivileged user of the server when this is root, else None: everything as oneself."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Failed("neither the user postgres nor nobody exists; PostgreSQL refuses to run as root")


def as_server_user(argv: Sequence[str]) -> List[str]:
    """The command line that runs argv as the server's user."""
    user = server_user()
    if user is None:
        return list(argv)
    entry = pwd.getpwnam(user)
    return ["/usr/bin/setpriv", "--reuid=%d" % entry.pw_uid, "--regid=%d" % entry.pw_gid,
            "--clear-groups", "--", *argv]


def require_usable(directory: Path) -> None:
    """Refuse a directory in which the server can't live, with the reason (exit 3)."""
    socket = directory / "run"
    if len(os.fsencode(str(socket))) > LONGEST_SOCKET_DIR:
        raise Refused("%s: the path of the database's socket would be too long" % directory,
                      why="it may have %d bytes" % (LONGEST_SOCKET_DIR - len("/run")),
                      unchanged="nothing was made", next="take a directory with a shorter path")
    user = server_user()
    if user is None:
        return
    for parent in [*reversed(directory.parents), directory]:
        if not parent.exists():
            break
        if subprocess.run(as_server_user(["/usr/bin/test", "-x", str(parent)]), cwd="/").returncode:
            raise Refused(
                "%s: the database's user %s may not enter %s" % (directory, user, parent),
                why="as root, PostgreSQL runs as %s" % user, unchanged="nothing was made",
                next="take a directory below /tmp or /srv, or: chmod o+x %s" % parent)


class Server:
    """The server of the site in `directory`: data in pg/, socket and log in run/."""

    def __init__(self, directory: Path) -> None:
        self.data = directory / "pg"
        self.socket = directory / "run"
        self.log = self.socket / "postgresql.log"

    def initialize(self) -> None:
        """Make the directories and an empty cluster whose superuser is postgres."""
        self.make_directories()
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "--no-sync",
                  "--locale=C.UTF-8", "--encoding=UTF8")
        self.configure()

    def make_directories(self) -> None:
        """Make pg/ and run/ for the server's user."""
        user = server_user()
        for path, mode in ((self.data, 0o700), (self.socket, 0o755)):
            path.mkdir(exist_ok=True)
            path.chmod(mode)
            if user is not None:
                shutil.chown(path, user, pwd.getpwnam(user).pw_gid)

    def configure(self) -> None:
        """Write what differs from PostgreSQL's defaults, for this directory's socket."""
        values = {"socket": self.socket, "port": PORT}
        self._write("postgresql.auto.conf", "# Written by snf-practice-site.\n")
        self._write("practice.conf", _CONF % values)
        self._write("pg_hba.conf", _HBA)
        main = self.data / "postgresql.conf"
        if "include 'practice.conf'" not in main.read_text():
            with main.open("a") as conf:
                conf.write("include 'practice.conf'\n")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.log), "-w", "-t", "60", "-s",
                  "start", env=environment)

    def stop(self) -> None:
        """Stop the server if it runs; sessions are ended."""
        if self.running():
            self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", "60", "-s",
                      "stop")

    def running(self) -> bool:
        """Whether the process of the pidfile lives and serves this data directory."""
        try:
            pid, data = (self.data / "postmaster.pid").read_text().split("\n")[:2]
            cwd = os.readlink("/proc/%d/cwd" % int(pid))
        except (OSError, ValueError):
            return False
        return os.path.realpath(data) == cwd == os.path.realpath(str(self.data))

    def copy_to(self, other: "Server") -> None:
        """Make the same cluster for another site, consistent also while this one runs."""
        other.make_directories()
        if self.running():
            self._run("pg_basebackup", "-h", str(self.socket), "-U", "postgres", "-D",
                      str(other.data), "-c", "fast", "-X", "stream", "--no-sync")
        else:
            subprocess.run(as_server_user(["/bin/cp", "-a", "--reflink=auto", "%s/." % self.data,
                                           str(other.data)]), check=True, cwd="/")
        other.configure()

    def connect(self, dbname: str = "postgres", user: str = "postgres") -> Any:
        """A psycopg2 connection, by default as the superuser."""
        import psycopg2

        return psycopg2.connect(host=str(self.socket), port=PORT, dbname=dbname, user=user)

    def execute(self, sql: str, *parameters: Any, dbname: str = "postgres") -> None:
        """Run one statement as the superuser, outside of a transaction."""
        connection = self.connect(dbname)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters or None)
        finally:
            connection.close()

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text)
        path.chmod(0o600)
        user = server_user()
        if user is not None:
            shutil.chown(path, user, pwd.getpwnam(user).pw_gid)

    def _run(self, program: str, *arguments: str, env: Optional[dict] = None) -> None:
        argv = as_server_user([str(bindir() / program), *arguments])
        done = subprocess.run(argv, cwd="/", env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode:
            text = done.stderr.decode("utf-8", "replace").strip()
            raise Failed("%s failed: exit %d" % (program, done.returncode), why=text)
