"""Python 2 source as tokens, byte for byte.

Settings files are Python 2 code of any age and encoding. The text given here is the file's
bytes decoded as latin-1, so one character is one byte and joining the tokens gives the bytes
back. Nothing here raises: what is no Python becomes an ERR token.
"""

from __future__ import annotations

import re
from string import ascii_letters
from typing import List, NamedTuple, Tuple

BOM = "\xef\xbb\xbf"
NAME, NUMBER, STRING, OP = "NAME", "NUMBER", "STRING", "OP"
COMMENT, BLANK, NEWLINE, NL, ERR = "COMMENT", "BLANK", "NEWLINE", "NL", "ERR"
OPENING = {"(": ")", "[": "]", "{": "}"}

KEYWORDS = frozenset(
    "and as assert break class continue def del elif else except exec finally for from global "
    "if import in is lambda not or pass print raise return try while with yield".split())


class Token(NamedTuple):
    """One piece of the text; `line` counts from 1, as Python counts lines."""

    kind: str
    text: str
    start: int
    line: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


_EOL = r"\r\n|\n|\r"
_NUMBER = (
    r"0[xX][0-9a-fA-F]+[lL]?|0[oO][0-7]+[lL]?|0[bB][01]+[lL]?"
    r"|(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?[jJ]?|\d+[eE][+-]?\d+[jJ]?|\d+[jJ]|\d+[lL]?")
_OPERATOR = (
    r"\*\*=|//=|>>=|<<=|<>|!=|==|<=|>=|\*\*|//|>>|<<|\+=|-=|\*=|/=|%=|&=|\|=|\^="
    r"|[-+*/%&|^~<>()\[\]{},:.`=;@]")
_PREFIX = r"(?:[uU][rR]?|[bB][rR]?|[rR])?"
# A string up to its closing quote, or to what no string of that sort may hold. No alternative
# can fail after it matched, so the time is linear in the text.
_STRINGS = (r"'''(?:[^'\\]{m}|\\[\s\S]|'(?!''))*(?:'''){q}",
            r'"""(?:[^"\\]{m}|\\[\s\S]|"(?!""))*(?:"""){q}',
            r"'(?!'')(?:[^'\\\r\n]{m}|\\(?:\r\n|[\s\S]))*'{q}",
            r'"(?!"")(?:[^"\\\r\n]{m}|\\(?:\r\n|[\s\S]))*"{q}')
_STRING = _PREFIX + "(?:" + "|".join(_STRINGS) + ")"
_CLOSED = re.compile(_STRING.replace("{q}", "").replace("{m}", "") + r"\Z")
_PIECE = re.compile(r"[ \t\f]+|\\(?:%s)|\#[^\r\n]*|%s|%s|%s|[A-Za-z_][A-Za-z0-9_]*|%s|[\s\S]" % (
    _EOL, _EOL, _STRING.replace("{q}", "?").replace("{m}", "+"), _NUMBER, _OPERATOR))
_KINDS = {
    **dict.fromkeys(" \t\f", BLANK), "#": COMMENT, "\r": NEWLINE, "\n": NEWLINE,
    **dict.fromkeys("0123456789", NUMBER), **dict.fromkeys("'\"", STRING),
    **dict.fromkeys(ascii_letters + "_", NAME),
    **dict.fromkeys("-+*/%&|^~<>()[]{},:`=;@", OP)}
EOL = re.compile(_EOL)


def line_ends(text: str) -> int:
    """How many lines end in the text: only CR LF, LF and CR end one in Python 2."""
    if "\r" not in text:
        return text.count("\n")
    return len(EOL.findall(text))


def tokens(text: str) -> List[Token]:
    """The text as tokens. What stands between two of them is blank, or a continued line's end."""
    found: List[Token] = []
    make, kinds, change, add = tuple.__new__, _KINDS, _CHANGE, found.append
    start = len(BOM) if text.startswith(BOM) else 0
    line, depth, significant = 1, 0, False
    for piece in _PIECE.findall(text, start):
        kind, ended = kinds.get(piece[0], ERR), 0
        if kind is NEWLINE:
            ended = 1
            kind = NEWLINE if significant and not depth else NL
            significant = depth > 0
        elif kind is OP:
            if piece in change:
                depth = max(0, depth + change[piece])
        elif kind not in _CERTAIN and not piece.isidentifier():
            kind, ended = _kind(piece), line_ends(piece)
        if kind is not BLANK:
            add(make(Token, (kind, piece, start, line)))
            significant = significant or kind not in _LAYOUT
        start += len(piece)
        line += ended
    return found


_CHANGE = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_CERTAIN = frozenset([BLANK, COMMENT, NUMBER])
_LAYOUT = frozenset([COMMENT, NEWLINE, NL])


def _kind(piece: str) -> str:
    """The kind of a piece whose first character does not tell it."""
    if piece in (".", "!="):
        return OP
    if piece[0] == ".":
        return NUMBER
    if piece[0] == "\\" and len(piece) > 1:
        return BLANK
    return STRING if _CLOSED.match(piece) else ERR


def faults(found: List[Token]) -> List[Tuple[int, str]]:
    """(line, what) of everything that makes the tokens untrustworthy, first one first."""
    problems = [(t.line, _describe(t)) for t in found if t[0] is ERR]
    stack: List[Token] = []
    for token in found:
        if token[1] not in _CHANGE or token[0] is not OP:
            continue
        if token[1] in OPENING:
            stack.append(token)
        elif not stack or OPENING[stack.pop()[1]] != token[1]:
            problems.append((token.line, "'%s' closes nothing" % token.text))
            break
    else:
        problems.extend((t.line, "'%s' is never closed" % t.text) for t in stack)
    return sorted(problems)


def _describe(token: Token) -> str:
    if token.text.lstrip("uUbBrR")[:1] in ("'", '"'):
        return "a string is never closed"
    return "%s is no Python" % ascii(token.text[:8])


_COOKIE = re.compile(r"coding[:=]\s*([-\w.]+)", re.ASCII)
_COMMENT_LINE = re.compile(r"[ \t\f]*#([^\r\n]*)")


def encoding(text: str) -> str:
    """The encoding that the file declares (BOM, or a cookie in line 1 or 2), "" for none."""
    if text.startswith(BOM):
        return "utf-8"
    position = 0
    for _ in range(2):
        comment = _COMMENT_LINE.match(text, position)
        cookie = _COOKIE.search(comment.group(1)) if comment else None
        if cookie:
            return cookie.group(1).lower().replace("_", "-")
        end = EOL.search(text, position)
        if end is None:
            break
        position = end.end()
    return ""
