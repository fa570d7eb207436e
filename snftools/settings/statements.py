"""Statements of Python 2 source, the names that they bind and the names that they use.

Only what the editor and the evaluator must know is told apart (TOOLING 2 has the corpus that
forced the rules); what is not understood is named as such and never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

from snftools.settings.lexer import COMMENT, KEYWORDS, NAME, NEWLINE, NL, OP, Token

HEADERS = frozenset("if elif else for while try except finally with def class".split())
MODULE, FUNCTION, CLASS = "module", "function", "class"


class Statement(NamedTuple):
    """A simple statement, or the header of a compound one, without blanks and comments."""

    tokens: Tuple[Token, ...]
    line_start: int          # offset of the logical line's first byte
    line_end: int            # offset after its line end
    depth: int = 0           # blocks around it
    scope: str = MODULE
    header: bool = False
    alone: bool = True       # nothing else stands on its logical line

    @property
    def line(self) -> int:
        return self.tokens[0].line

    @property
    def plain_place(self) -> bool:
        """It is executed exactly once, when its file is."""
        return self.depth == 0 and self.scope == MODULE and not self.header


@dataclass(frozen=True)
class Block:
    indent: int
    scope: str


def column(text: str) -> int:
    """The indentation that Python 2 sees: tabs to eight, a form feed starts again."""
    width = 0
    for char in text:
        if char == "\t":
            width = (width // 8 + 1) * 8
        elif char == "\f":
            width = 0
        elif char == " ":
            width += 1
    return width


def logical_lines(found: Sequence[Token],
                  text: str) -> Iterator[Tuple[List[Token], int, int]]:
    """(significant tokens, start, end) of each logical line; it starts with its indentation."""
    line: List[Token] = []
    start = 0
    for token in found:
        kind = token[0]
        if kind is NEWLINE:
            yield line, start, token.end
            line, start = [], token.end
        elif kind is NL:
            if not line:
                start = token.end
        elif kind is not COMMENT:
            line.append(token)
    if line:
        yield line, start, len(text)


def statements(found: Sequence[Token],
               text: str) -> Tuple[List[Statement], List[Tuple[int, str]]]:
    """All statements in order, and (line, what) for each line whose indentation is wrong."""
    result: List[Statement] = []
    problems: List[Tuple[int, str]] = []
    blocks = [Block(0, MODULE)]
    opened: Optional[str] = None       # the scope of a block whose first line is next
    for line, start, end in logical_lines(found, text):
        width = column(text[start:line[0][2]])
        if opened is not None and width > blocks[-1].indent:
            blocks.append(Block(width, opened))
        else:
            if opened is not None:
                problems.append((line[0].line, "an indented block is missing"))
            while width < blocks[-1].indent:
                blocks.pop()
            if width != blocks[-1].indent:
                problems.append((line[0].line, "the indentation fits no block"))
        depth, scope = len(blocks) - 1, blocks[-1].scope
        if line[0][1] not in HEADERS and _SEPARATOR not in [token[1] for token in line]:
            result.append(Statement(tuple(line), start, end, depth, scope))
            opened = None
            continue
        parts, opened = _split(line, scope)
        alone = len(parts) == 1
        result.extend(
            Statement(tuple(part), start, end, depth + extra, inner, header, alone)
            for part, extra, inner, header in parts)
    if opened is not None:
        problems.append((result[-1].line, "an indented block is missing"))
    return result, problems


_SEPARATOR = ";"
_Part = Tuple[List[Token], int, str, bool]


def _split(line: List[Token], scope: str) -> Tuple[List[_Part], Optional[str]]:
    """The parts of a logical line, and the scope of the block that it opens (None: no block)."""
    parts: List[_Part] = []
    extra = 0
    if line[0].kind == NAME and line[0].text in HEADERS:
        colon = _header_end(line)
        if colon is not None:
            parts.append((line[:colon], 0, scope, True))
            inner = {"def": FUNCTION, "class": CLASS}.get(line[0].text, scope)
            if colon + 1 == len(line):
                return parts, inner
            line, scope, extra = line[colon + 1:], inner, 1
    for part in split_at(line, _SEPARATOR):
        if part:
            parts.append((part, extra, scope, False))
    return parts, None


def _header_end(line: List[Token]) -> Optional[int]:
    lambdas = 0
    for index, depth in depths(line):
        token = line[index]
        if depth:
            continue
        if token.kind == NAME and token.text == "lambda":
            lambdas += 1
        elif token.kind == OP and token.text == ":":
            if not lambdas:
                return index
            lambdas -= 1
    return None


def depths(line: Sequence[Token]) -> Iterator[Tuple[int, int]]:
    """(index, bracket depth) of each token; a bracket itself counts as outside."""
    depth = 0
    for index, token in enumerate(line):
        if token.kind == OP and token.text in ")]}":
            depth = max(0, depth - 1)
        yield index, depth
        if token.kind == OP and token.text in "([{":
            depth += 1


def split_at(line: Sequence[Token], mark: str) -> List[List[Token]]:
    """The line cut at an operator that stands outside all brackets."""
    if mark not in [token[1] for token in line]:
        return [list(line)]
    parts: List[List[Token]] = [[]]
    depth = 0
    for token in line:
        if token[0] == OP:
            text = token[1]
            if text in _CLOSING:
                depth = max(0, depth - 1)
            elif depth == 0 and text == mark:
                parts.append([])
                continue
            elif text in _OPENING:
                depth += 1
        parts[-1].append(token)
    return parts


_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


def is_name(token: Token) -> bool:
    """A NAME that is no keyword."""
    return token.kind == NAME and token.text not in KEYWORDS


def is_op(token: Optional[Token], text: str) -> bool:
    return token is not None and token.kind == OP and token.text == text
