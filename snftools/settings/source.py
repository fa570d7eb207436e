"""One settings file as Python 2 reads it: its tokens, statements, names and faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, Tuple

from snftools.settings import lexer
from snftools.settings.lexer import Token
from snftools.settings.names import Bound, Names, names_of
from snftools.settings.statements import Statement, statements

# Encodings of which every ASCII byte is that character: what a file may declare and be edited.
ASCII_SUPERSETS = ("ascii", "us-ascii", "utf-8", "utf8", "latin-1", "latin1", "l1", "iso-8859-",
                   "iso8859-", "cp125", "windows-125", "koi8-", "cp437", "cp737", "cp85", "cp86",
                   "cp1006", "mac-", "utf-8-unix", "latin-1-unix", "greek8", "elot-928")


@dataclass(frozen=True)
class Source:
    """A file's bytes and all that was found in them; `faults` are (line, what)."""

    name: str
    data: bytes
    text: str
    tokens: Tuple[Token, ...]
    statements: Tuple[Statement, ...]
    names: Tuple[Names, ...]
    faults: Tuple[Tuple[int, str], ...]

    def bound(self) -> Iterator[Bound]:
        for names in self.names:
            yield from names.bound

    def line_text(self, line: int) -> str:
        """The physical line, for a message."""
        return _lines(self.text)[line - 1] if 0 < line <= len(_lines(self.text)) else ""


def parse(name: str, data: bytes) -> Source:
    """Read a file's bytes; never raises, whatever they are."""
    text = data.decode("latin-1")
    found = lexer.tokens(text)
    parts, wrong = statements(found)
    faults = lexer.faults(found) + wrong + list(_encoding_faults(text))
    return Source(name, data, text, tuple(found), tuple(parts),
                  tuple(names_of(part) for part in parts), tuple(sorted(faults)))


def _encoding_faults(text: str) -> Iterator[Tuple[int, str]]:
    declared = lexer.encoding(text)
    if declared and not declared.startswith(ASCII_SUPERSETS):
        yield 1, "its encoding is %s" % ascii(declared)[1:-1]
    if declared or text.isascii():
        return
    position = next(index for index, char in enumerate(text) if ord(char) > 127)
    line = lexer.line_ends(text[:position]) + 1
    yield line, "a byte outside ASCII, but no `# -*- coding: utf-8 -*-` in line 1 or 2"


def _lines(text: str) -> List[str]:
    return lexer.EOL.split(text)
