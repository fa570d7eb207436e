"""What is in a dump, read without restoring it: digests of rows, large objects, sequences.

A directory's members are read side by side; a custom archive is one stream of SQL that
pg_restore prints, in which each table's COPY block stands.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Tuple

from snftools.backups.clients import Clients, unreadable
from snftools.database import interrupt
from snftools.database.digest import Tell
from snftools.errors import Failed, NotVerified

TAIL = b"\\.\n\n\n"
CUSTOM_NAME = "archive"  # the file of a custom dump below dump/

_PART = 1 << 20
# Before 10 pg_restore prints names without their schema, which it sets before.
_SETVAL = re.compile(r"^SELECT pg_catalog\.setval\(E?'((?:[^']|'')*)', (-?\d+), (true|false)\);"
                     r"|^SET search_path = ((?:[^;\"]|\"[^\"]*\")+), pg_catalog;", re.MULTILINE)
_IDENTIFIER = re.compile(r'"((?:[^"]|"")*)"|([^."]+)')
_ENTRY = re.compile(rb"^-- TOC entry \d+ \(class \d+ OID (\d+)\)")
_OPEN = re.compile(rb"lo_open\('(\d+)'")
_WRITE = re.compile(rb"^SELECT pg_catalog\.lowrite\(0, (E?)'((?:[^']|'')*)'\);")

Name = Tuple[str, ...]
Sequences = Dict[Name, Tuple[int, bool]]


@dataclass
class Contents:
    """What a dump holds: sha256 by oid, values of sequences by name, and what can't be read."""

    tables: Dict[int, str] = field(default_factory=dict)
    large_objects: Dict[int, str] = field(default_factory=dict)
    sequences: Sequences = field(default_factory=dict)
    problems: Dict[int, str] = field(default_factory=dict)


def path_of(directory: str, format_: str) -> str:
    """The dump of a backup's directory: a directory, or a custom archive's file."""
    dump = os.path.join(directory, "dump")
    return dump if format_ == "directory" else os.path.join(dump, CUSTOM_NAME)


def read(clients: Clients, path: str, oids: List[int], jobs: int = 2, tell: Tell = None
         ) -> Contents:
    """Read all of a dump; `oids` are those of the large objects that it should have.

    NotVerified when pg_restore can't read it; members that can't be read are `problems`.
    """
    if os.path.isdir(path):
        return _read_directory(clients, path, oids, jobs, tell or _nobody)
    return Stream(tell or _nobody).read(clients, path)


def _nobody(size: int) -> None:
    """Who is told of bytes when nobody asks."""


def sequence_values(clients: Clients, path: str) -> Sequences:
    """What a dump sets each sequence to, by (schema, name)."""
    if not os.path.isdir(path):
        return Stream(_nobody).read(clients, path).sequences
    with tempfile.NamedTemporaryFile("w", prefix="snf-list-") as wanted:
        def write(text: str) -> None:
            wanted.write(text)
            wanted.flush()
        return listed_sequences(clients, path, wanted.name, write)


def listed_sequences(clients: Clients, path: str, listing: str, write: Callable[[str], None],
                     there: bool = False) -> Sequences:
    """The same of a dump in which pg_restore can seek: it gets the list of what is wanted,
    a file that `write` fills.  `there`: both are on the programs' machine."""
    entries = [entry for entry in clients.entries(path, there) if entry[2] == "SEQUENCE SET"]
    if not entries:
        return {}
    write("".join("%d; 0 %d %s\n" % entry for entry in entries))
    found = _sequences(clients.read_dump(path, ["-L", listing, *clients.to_stdout()], there))
    if len(found) != len(entries):
        raise NotVerified("the dump sets %d sequences, its list names %d"
                          % (len(found), len(entries)), node=clients.node.name)
    return found


def _read_directory(clients: Clients, path: str, oids: List[int], jobs: int,
                    tell: Callable[[int], None]) -> Contents:
    members = [(number, oid) for number, oid, kind in clients.entries(path)
               if kind == "TABLE DATA"]
    members.sort(key=lambda one: -_size(os.path.join(path, "%d.dat.gz" % one[0])))
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        tables = [(oid, pool.submit(_member, os.path.join(path, "%d.dat.gz" % number), TAIL, tell))
                  for number, oid in members]
        blobs = [(oid, pool.submit(_member, os.path.join(path, "blob_%d.dat.gz" % oid), b"",
                                   tell))
                 for oid in oids]
        found = Contents(sequences=sequence_values(clients, path))
        for wanted, into in ((tables, found.tables), (blobs, found.large_objects)):
            for oid, result in wanted:
                into[oid], problem = result.result()
                if problem:
                    found.problems[oid] = problem
    return found


def _member(path: str, tail: bytes, tell: Callable[[int], None]) -> Tuple[str, str]:
    """(sha256 of a member's content without its tail, what is wrong or "")."""
    digest = hashlib.sha256()
    rest = b""
    name = os.path.basename(path)
    try:
        with gzip.open(path, "rb") as stream:
            for part in iter(lambda: stream.read(_PART), b""):
                interrupt.check()
                tell(len(part))
                rest += part
                keep = len(rest) - len(tail)
                digest.update(memoryview(rest)[:max(keep, 0)])
                rest = rest[max(keep, 0):]
    except (OSError, EOFError, zlib.error) as error:
        return "", "%s can't be read: %s" % (name, error)
    return digest.hexdigest(), "" if rest == tail else "%s has no proper end" % name


class Stream:
    """The SQL that pg_restore prints of a custom archive, taken line by line (live)."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self.found = Contents()
        self._text: List[bytes] = []
        self._large: Dict[int, Any] = {}
        self._oid = 0
        self._rows: Optional[Any] = None
        self._blob: Optional[Any] = None
        self._take: Callable[[bytes], None] = self._sql

    def read(self, clients: Clients, path: str) -> Contents:
        """All of an archive; NotVerified when pg_restore can't read it, or it has no end."""
        result = clients.node.run(
            [clients.program("pg_restore"), "-a", "-v", *clients.to_stdout()],
            stdin=path, stdout=self.feed)
        if result.exit == 127:
            raise Failed("there is no pg_restore", node=clients.node.name)
        if not result.ok or self._rows is not None:
            raise unreadable(clients.node, result.error_text)
        return self.contents()

    def feed(self, line: bytes) -> None:
        """The next line, with its end."""
        interrupt.check()
        self._take(line)

    def contents(self) -> Contents:
        """What the lines so far hold."""
        self.found.sequences = _sequences(b"".join(self._text).decode("utf-8", "replace"))
        self.found.large_objects = {oid: digest.hexdigest() for oid, digest
                                    in self._large.items()}
        return self.found

    def _sql(self, line: bytes) -> None:
        """A line outside of a COPY block."""
        entry = _ENTRY.match(line)
        if entry:
            self._oid = int(entry.group(1))
        elif line.startswith(b"COPY "):
            self._take = self._copy
            self._copy(line)
        elif line.startswith(b"SELECT pg_catalog.lowrite("):
            match = _WRITE.match(line)
            if match and self._blob is not None:
                self._blob.update(_bytea(*match.groups()))
        else:
            opened = _OPEN.search(line)
            if opened:
                self._blob = self._large.setdefault(int(opened.group(1)), hashlib.sha256())
            self._text.append(line)

    def _copy(self, line: bytes) -> None:
        """The COPY statement, which a column's name may spread over lines."""
        if line.endswith(b" FROM stdin;\n"):
            self._rows = hashlib.sha256()
            self._take = self._row

    def _row(self, line: bytes) -> None:
        if line == b"\\.\n":
            self.found.tables[self._oid] = self._rows.hexdigest() if self._rows else ""
            self._rows = None
            self._take = self._sql
        elif self._rows is not None:
            self._rows.update(line)
            self._tell(len(line))


def _bytea(escaped: bytes, text: bytes) -> bytes:
    """The bytes of a bytea literal, hexadecimal or (before 9.0) with octal escapes."""
    plain = text.replace(b"''", b"'")
    if escaped:
        plain = plain.replace(b"\\\\", b"\\")
    if plain.startswith(b"\\x"):
        return bytes.fromhex(plain[2:].decode("ascii"))
    return re.sub(rb"\\([0-7]{3})|\\\\", lambda found: bytes([int(found.group(1), 8)])
                  if found.group(1) else b"\\", plain)


def _sequences(text: str) -> Sequences:
    found: Sequences = {}
    schema: Name = ()
    for match in _SETVAL.finditer(text):
        if match.group(4):
            schema = _identifiers(match.group(4))
            continue
        name = _identifiers(match.group(1))
        found[name if len(name) > 1 else schema + name] = (int(match.group(2)),
                                                           match.group(3) == "true")
    return found


def _identifiers(text: str) -> Name:
    """The names in a quoted, dotted SQL name that stood in a string: (schema, name)."""
    return tuple(match.group(1).replace('""', '"') if match.group(1) is not None
                 else match.group(2)
                 for match in _IDENTIFIER.finditer(text.replace("''", "'")))


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
