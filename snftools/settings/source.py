"""One settings file as Python 2 reads it: its tokens, statements, names and faults.

A Source holds the file's bytes alone. What was read out of them is kept for the files that were
asked about last, so a directory of any number of files takes little memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Iterator, Mapping, Tuple

from snftools.settings import lexer, syntax
from snftools.settings.lexer import Token
from snftools.settings.names import Bound, Names, names_of
from snftools.settings.statements import Statement, statements

if TYPE_CHECKING:
    import ast

# Encodings of which every ASCII byte is that character: what a file may declare and be edited.
ASCII_SUPERSETS = ("ascii", "us-ascii", "utf-8", "utf8", "latin-1", "latin1", "l1", "iso-8859-",
                   "iso8859-", "cp125", "windows-125", "koi8-", "cp437", "cp737", "cp85", "cp86",
                   "cp1006", "mac-", "utf-8-unix", "latin-1-unix", "greek8", "elot-928")
KEPT = 8      # files whose tokens are kept


@dataclass(frozen=True)
class Parsed:
    """What is in a file; `faults` are (line, what), `trees` what syntax.look() finds."""

    tokens: Tuple[Token, ...]
    statements: Tuple[Statement, ...]
    names: Tuple[Names, ...]
    faults: Tuple[Tuple[int, str], ...]
    trees: Mapping[int, "ast.AST"]


@dataclass(frozen=True, eq=False)
class Source:
    """A file's name and bytes, and by properties all that is found in them."""

    name: str
    data: bytes

    @property
    def text(self) -> str:
        """One character a byte."""
        return self.data.decode("latin-1")

    @property
    def tokens(self) -> Tuple[Token, ...]:
        return parsed(self.data).tokens

    @property
    def statements(self) -> Tuple[Statement, ...]:
        return parsed(self.data).statements

    @property
    def names(self) -> Tuple[Names, ...]:
        return parsed(self.data).names

    @property
    def trees(self) -> Mapping[int, "ast.AST"]:
        return parsed(self.data).trees

    @property
    def faults(self) -> Tuple[Tuple[int, str], ...]:
        return parsed(self.data).faults

    def bound(self) -> Iterator[Bound]:
        """Every binding, in order."""
        for names in self.names:
            yield from names.bound

    def line_text(self, line: int) -> str:
        """The physical line."""
        lines = lexer.EOL.split(self.text)
        return lines[line - 1] if 0 < line <= len(lines) else ""


def parse(name: str, data: bytes) -> Source:
    """Read a file's bytes; never raises, whatever they are."""
    return Source(name, data)


@lru_cache(maxsize=KEPT)
def parsed(data: bytes) -> Parsed:
    """What is in a file's bytes; never raises, whatever they are."""
    text = data.decode("latin-1")
    found = lexer.tokens(text)
    parts, wrong = statements(found, text)
    faults = lexer.faults(found) + wrong + list(_encoding_faults(text))
    trees: Mapping[int, "ast.AST"] = {}
    if not faults and parts:
        broken, trees = syntax.look(parts)
        faults += [broken] if broken else []
    return Parsed(tuple(found), tuple(parts), tuple(names_of(part) for part in parts),
                  tuple(sorted(faults)), trees)


_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def _encoding_faults(text: str) -> Iterator[Tuple[int, str]]:
    declared = lexer.encoding(text)
    if declared and not declared.startswith(ASCII_SUPERSETS):
        yield 1, "its encoding is %s" % ascii(declared)[1:-1]
    found = None if declared else _NOT_ASCII.search(text)
    if found is None:
        return
    line = lexer.line_ends(text[:found.start()]) + 1
    yield line, "a byte outside ASCII, but no `# -*- coding: utf-8 -*-` in line 1 or 2"
