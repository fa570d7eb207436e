"""pg_dump and pg_restore of the node where the server's programs are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict, List, Tuple

from snftools.database import connect as connecting
from snftools.errors import Failed, NotVerified, Refused

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.node import Node

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?")
_ENTRY = re.compile(r"^(\d+); (\d+) (\d+) (TABLE DATA|SEQUENCE SET|BLOBS?|BLOB DATA) ")
_SETVAL = re.compile(r"^SELECT pg_catalog\.setval\(E?'((?:[^']|'')*)', (-?\d+), (true|false)\);",
                     re.MULTILINE)
_IDENTIFIER = re.compile(r'"((?:[^"]|"")*)"|([^."]+)')


@dataclass(frozen=True)
class Clients:
    """The programs: on which node, in which directory ("": in its PATH)."""

    node: "Node"
    bindir: str = ""

    @classmethod
    def of(cls, database: "Database") -> "Clients":
        """Those for a database; Refused when its dump can't reach this machine's directory."""
        node = database.programs_node
        if node.address != "local":
            raise Refused("the programs of database %s are on another machine" % database.name,
                          node=node.name, unchanged="everything",
                          why="a directory-format dump is written and read where they run",
                          next="run this on %s, with --node local" % node.name)
        return cls(node, database.bindir)

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

    def check(self, server_version: int) -> str:
        """The version of pg_dump, if it fits the server; else Refused with the remedy."""
        text = self.version("pg_dump")
        match = _VERSION.search(text)
        major = int(match.group(1)) if match else 0
        if server_version < 90500 or major * 10000 + int(
                (match and match.group(2)) or 0) * (100 if major < 10 else 0) < 90500:
            raise Refused("this server or its pg_dump is older than 9.5", node=self.node.name,
                          why="server %d, %s: there is no pg_dump --snapshot"
                          % (server_version, text), unchanged="everything",
                          next="name newer programs: [databases] bindir in site.conf")
        if major < server_version // 10000:
            raise Refused("pg_dump is older than the server", node=self.node.name,
                          why="server %d, %s" % (server_version // 10000, text),
                          unchanged="everything",
                          next="name newer programs: [databases] bindir in site.conf")
        return text

    def restore_output(self, arguments: List[str]) -> str:
        """Standard output of pg_restore; NotVerified when it can't read the dump."""
        result = self.node.run([self.program("pg_restore"), *arguments])
        if result.exit == 127:
            raise Failed("there is no pg_restore", node=self.node.name)
        if not result.ok:
            raise NotVerified("pg_restore can't read the dump", node=self.node.name,
                              why=result.error_text.strip()[:2000])
        return result.text

    def entries(self, dump: str) -> List[Tuple[int, int, str]]:
        """(dump id, oid, kind) of the members with data, in the archive's order."""
        found = []
        for line in self.restore_output(["-l", dump]).splitlines():
            match = _ENTRY.match(line)
            if match:
                found.append((int(match.group(1)), int(match.group(3)), match.group(4)))
        return found

    def sequence_values(self, dump: str) -> Dict[Tuple[str, ...], Tuple[int, bool]]:
        """What the dump sets each sequence to, by (schema, name)."""
        entries = [entry for entry in self.entries(dump) if entry[2] == "SEQUENCE SET"]
        if not entries:
            return {}
        found = {_identifiers(match.group(1)): (int(match.group(2)), match.group(3) == "true")
                 for match in _SETVAL.finditer(self._sequences_text(dump, entries))}
        if len(found) != len(entries):
            raise NotVerified("the dump sets %d sequences, its list names %d"
                              % (len(found), len(entries)), node=self.node.name)
        return found

    def _sequences_text(self, dump: str, entries: List[Tuple[int, int, str]]) -> str:
        """The dump's SEQUENCE SET entries as SQL."""
        wanted = "\n".join("%d; 0 %d %s" % entry for entry in entries)
        result = self.node.run([self.program("pg_restore"), "-L", "/dev/stdin", "-f", "-", dump],
                               stdin=(wanted + "\n").encode())
        if not result.ok:
            raise NotVerified("pg_restore can't read the dump", node=self.node.name,
                              why=result.error_text.strip()[:2000])
        return result.text


def environment(pins: Dict[str, str], pgpass: str = "") -> Dict[str, str]:
    """The environment of a program: pins, our name, the password's file; no secret in it."""
    server_pins = {key: value for key, value in pins.items() if key != "client_encoding"}
    words = {"PGOPTIONS": connecting.pin_options(server_pins),
             "PGAPPNAME": connecting.application(), "PGCONNECT_TIMEOUT": "15"}
    if pgpass:
        words["PGPASSFILE"] = pgpass
    return words


def tail(path: str, lines: int = 5) -> str:
    """The last lines of a program's output, for a message."""
    with open(path, "rb") as stream:
        text = stream.read()[-20000:].decode("utf-8", "replace")
    return "\n".join(text.strip().splitlines()[-lines:])


def _identifiers(text: str) -> Tuple[str, ...]:
    """The names in a quoted, dotted SQL name that stood in a string: (schema, name)."""
    return tuple(match.group(1).replace('""', '"') if match.group(1) is not None
                 else match.group(2)
                 for match in _IDENTIFIER.finditer(text.replace("''", "'")))
