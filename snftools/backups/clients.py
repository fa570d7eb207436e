"""pg_dump and pg_restore of the node where the server's programs are."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict, Iterator, List, Optional, Tuple

from snftools.database import connect as connecting
from snftools.database import interrupt
from snftools.errors import Failed, NotVerified, Refused

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.node import Job, Node

DIRECTORY, CUSTOM = "directory", "custom"
FORMATS = (DIRECTORY, CUSTOM)
# For tests: the capabilities that old programs and servers lack are taken away.
OLD_VARIABLE = "SNF_UPGRADE_OLD_PG"

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?")
_BINDIR = "name programs that fit: [databases] bindir in site.conf"
_ENTRY = re.compile(r"^(\d+); (\d+) (\d+) (TABLE DATA|SEQUENCE SET|BLOBS?|BLOB DATA) ")


@dataclass(frozen=True)
class Clients:
    """The programs: on which node, in which directory ("": in its PATH)."""

    node: "Node"
    bindir: str = ""

    @classmethod
    def of(cls, database: "Database") -> "Clients":
        """Those for a database."""
        return cls(database.programs_node, database.bindir)

    @property
    def here(self) -> bool:
        """Whether they run on this machine, so that they can read a dump's directory."""
        return self.node.address == "local"

    def program(self, name: str) -> str:
        return "%s/%s" % (self.bindir.rstrip("/"), name) if self.bindir else name

    def version(self, name: str) -> str:
        """What `NAME --version` says; Refused when there is none."""
        result = self.node.run([self.program(name), "--version"], timeout=60)
        if not result.ok:
            raise Refused("there is no %s" % name, node=self.node.name, unchanged="everything",
                          why=result.error_text.strip(),
                          next="apt-get install postgresql-client   (on %s)" % self.node.name)
        return result.text.strip()

    def number(self, name: str) -> int:
        """The version as servers number theirs: 90500, 150018."""
        return version_number(self.version(name))

    def fit_dump(self, server_version: int) -> "Way":
        """How a server is dumped; Refused with the remedy when pg_dump does not fit it."""
        text = self.version("pg_dump")
        client = version_number(text)
        if _major(client) < _major(server_version):
            raise Refused("pg_dump is older than the server", node=self.node.name,
                          why="server %s, %s" % (shown(server_version), text),
                          unchanged="everything", next=_BINDIR)
        if client >= 150000 and server_version < 90200:
            raise Refused("pg_dump is too new for the server", node=self.node.name,
                          why="server %s, %s; from 15 on it knows none before 9.2"
                          % (shown(server_version), text), unchanged="everything", next=_BINDIR)
        return _way(text, client, server_version, self)

    def fit_restore(self, server_version: int, format_: str) -> str:
        """The version of pg_restore; Refused when it can't fill that server from that format."""
        text = self.version("pg_restore")
        client = version_number(text)
        if client >= 170000 > server_version:
            raise Refused("pg_restore is too new for the server", node=self.node.name,
                          why="server %s, %s; from 17 on it sets what older servers do not know"
                          % (shown(server_version), text), unchanged="everything", next=_BINDIR)
        if format_ == DIRECTORY and not self.here:
            raise Refused("pg_restore of this set must run where the set is",
                          node=self.node.name, unchanged="everything",
                          why="its dump is a directory, the programs are on another machine",
                          next="rsync the set to %s and run this there" % self.node.name)
        return text

    def fit_read(self, dumped_by: str) -> None:
        """Refused when pg_restore is older than the pg_dump that made the archive."""
        text = self.version("pg_restore")
        if _major(version_number(text)) < _major(version_number(dumped_by)):
            raise Refused("pg_restore is older than the dump", node=self.node.name,
                          why="%s, dumped by %s" % (text, dumped_by), unchanged="everything",
                          next=_BINDIR)

    def read_dump(self, path: str, arguments: List[str], there: bool = False) -> str:
        """Standard output of pg_restore about a dump; NotVerified when it can't read it.

        `there`: the path is one of the programs' machine."""
        words, stdin = ([path], "") if there else self.input_of(path)
        result = self.node.run([self.program("pg_restore"), *arguments, *words],
                               stdin=stdin or b"")
        if result.exit == 127:
            raise Failed("there is no pg_restore", node=self.node.name)
        if not result.ok:
            raise unreadable(self.node, result.error_text)
        return result.text

    def input_of(self, path: str) -> Tuple[List[str], str]:
        """How pg_restore is given a dump: words of its line, or a file as standard input."""
        return ([path], "") if os.path.isdir(path) else ([], path)

    def entries(self, path: str, there: bool = False) -> List[Tuple[int, int, str]]:
        """(dump id, oid, kind) of the members with data, in the archive's order."""
        matches = (_ENTRY.match(line)
                   for line in self.read_dump(path, ["-l"], there).splitlines())
        return [(int(match.group(1)), int(match.group(3)), match.group(4))
                for match in matches if match]

    def to_stdout(self) -> List[str]:
        """The option by which pg_restore prints SQL: it must be said from 12 on."""
        return ["-f", "-"] if self.number("pg_restore") >= 120000 else []


@dataclass(frozen=True)
class Way:
    """How a server is dumped: by which pg_dump, in which format, in an exported snapshot or,
    where that can't be, only while nobody else is connected (`why` says why).

    `there`: made on the disk of the programs' machine and brought over.  `stream`: why not.
    """

    client: str
    server: int
    format: str
    snapshot: bool
    why: str = ""
    there: bool = False
    stream: str = ""

    @property
    def told(self) -> str:
        """For a message: "directory", "custom, made there and brought over"."""
        return self.format + (", made there and brought over" if self.there else
                              ", a stream that ends with the line" if self.stream else "") + (
                                  "" if self.snapshot else ", only while nobody is connected")

    @property
    def reasons(self) -> str:
        """Why it is not the first one."""
        return "\n".join(filter(None, (self.why, self.stream)))


def version_number(text: str) -> int:
    """The version in the output of --version, as servers number theirs; 0 when there is none."""
    match = _VERSION.search(text)
    if not match:
        return 0
    major, minor = int(match.group(1)), int(match.group(2) or 0)
    return major * 10000 + (minor if major >= 10 else minor * 100)


def shown(version: int) -> str:
    """A server's version number as people write it."""
    return "%d" % (version // 10000) if version >= 100000 else \
        "%d.%d" % (version // 10000, version // 100 % 100)


def _major(version: int) -> int:
    return version // 10000 * 100 if version >= 100000 else version // 100


def _way(text: str, client: int, server: int, clients: Clients) -> Way:
    """-j came with 9.3, --snapshot with 9.5."""
    old = os.environ.get(OLD_VARIABLE, "").split()
    oldest = min(client, server)
    snapshot = oldest >= 90500 and "snapshot" not in old
    if not snapshot:
        return Way(text, server, CUSTOM, False, "server or pg_dump older than 9.5: no --snapshot")
    if not clients.here or "jobs" in old:
        return Way(text, server, CUSTOM, True, "the programs are on another machine")
    return Way(text, server, DIRECTORY, True)


def unreadable(node: "Node", error: str) -> NotVerified:
    """pg_restore can't read a dump."""
    return NotVerified("pg_restore can't read the dump", node=node.name,
                       why=error.strip()[:2000])


def environment(pins: Dict[str, str], pgpass: str = "") -> Dict[str, str]:
    """The environment of a program: pins, our name, the password's file; no secret in it."""
    server_pins = {key: value for key, value in pins.items() if key != "client_encoding"}
    words = {"PGOPTIONS": connecting.pin_options(server_pins),
             "PGAPPNAME": connecting.application(), "PGCONNECT_TIMEOUT": "15"}
    if pgpass:
        words["PGPASSFILE"] = pgpass
        words["PGPASSWORD"] = ""  # the administrator's, where one is set, would come before it
    return words


@contextmanager
def running(job: "Job") -> Iterator["Job"]:
    """The job, ended when we leave or must stop."""
    try:
        with interrupt.watched(job.kill):
            yield job
    finally:
        if job.poll() is None:
            job.kill()


def tail(path: str, lines: int = 5) -> str:
    """The last lines of a program's output, for a message."""
    with open(path, "rb") as stream:
        stream.seek(0, os.SEEK_END)
        stream.seek(max(0, stream.tell() - 20000))
        text = stream.read().decode("utf-8", "replace")
    return "\n".join(text.strip().splitlines()[-lines:])


def blamed(text: str) -> Optional[str]:
    """The line of a program's output that says what went wrong, or None."""
    lines = [line for line in text.splitlines() if "error:" in line.lower()]
    return lines[0] if lines else None
