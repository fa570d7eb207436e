"""Whether statements are Python 2 that compiles, told by the parser of this Python.

The statements are written as Python 3 of the same shape: strings and numbers emptied (but in what
is to be evaluated), what only Python 2 writes (print, exec, backticks, `except E, e`, tuples as
parameters) in today's form.
It errs on the side of accepting: what it refuses, Python 2.7 refuses as well (the test asks it).
"""

from __future__ import annotations

import ast
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from snftools.settings.lexer import KEYWORDS, NAME, NUMBER, OP, STRING, Token
from snftools.settings.statements import Statement, is_name
from snftools.settings.values import Unknown, is_strings, python3_token

# Keywords of Python 3 that are names in Python 2.
_NAMES = {word: word + "_" for word in ("True", "False", "None", "nonlocal", "async", "await")}
_OPENING = {"(": ")", "[": "]", "{": "}"}


Fault = Optional[Tuple[int, str]]


def look(statements: Sequence[Statement]) -> Tuple[Fault, Dict[int, ast.AST]]:
    """((line, what) of the first statement that is no Python 2, trees).

    A tree is the value of `NAME = value`, or the condition of an `if`, by the offset of its
    statement; not all of them have one.
    """
    modern = any(_future_print(statement.tokens) for statement in statements)
    known: Dict[int, int] = {}
    lines = []
    for number, statement in enumerate(statements, 1):
        words = _valued(statement.tokens)
        if words:
            known[number] = statement.tokens[0].start
        lines.append(_line(statement, words or _words(statement.tokens, modern)))
    try:
        return None, dict(_trees(ast.parse("\n".join(lines) + "\n").body, known))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _fault(statements, modern), {}     # perhaps a value was to blame


def _fault(statements: Sequence[Statement], modern: bool) -> Fault:
    lines = [_line(statement, _words(statement.tokens, modern)) for statement in statements]
    try:
        ast.parse("\n".join(lines) + "\n")
    except SyntaxError as error:
        number = min(max(error.lineno or 1, 1), len(statements))
        return statements[number - 1].line, "a syntax error"
    except (RecursionError, MemoryError):
        return None
    return None


def _line(statement: Statement, words: str) -> str:
    return " " * statement.depth + words + (":" if statement.header else "")


def _valued(tokens: Sequence[Token]) -> str:
    """The statement with its strings and numbers in it, "" where that is not needed or known."""
    if tokens[0].text not in ("if", "elif") and (
            len(tokens) < 4 or tokens[1].text != "=" or not is_name(tokens[0])
            or is_strings(tokens[2:])):
        return ""
    if not _UNVALUED.isdisjoint([token[1] for token in tokens]):
        return ""
    try:
        return " ".join([token[1] if token[0] is NAME else python3_token(token)
                         for token in tokens])
    except Unknown:
        return ""


_SIMPLE = (ast.Assign, ast.Expr)


def _trees(body: Iterable[Any], known: Dict[int, int]) -> Iterator[Tuple[int, ast.AST]]:
    for node in body:
        if isinstance(node, (ast.Assign, ast.If)) and node.lineno in known:
            yield known[node.lineno], node.value if isinstance(node, ast.Assign) else node.test
        if isinstance(node, _SIMPLE):
            continue
        for inner in ("body", "orelse", "finalbody", "handlers"):
            yield from _trees(getattr(node, inner, ()), known)


def _future_print(tokens: Sequence[Token]) -> bool:
    return (tokens[0].text == "from"
            and [token.text for token in tokens[1:3]] == ["__future__", "import"]
            and any(token.text == "print_function" for token in tokens))


def _words(tokens: Sequence[Token], modern: bool) -> str:
    if len(tokens) > 2 and tokens[1].text == "=" and is_name(tokens[0]) and (
            len(tokens) == 3 and (tokens[2].kind in _OPERANDS or is_name(tokens[2]))
            or is_strings(tokens[2:])):
        return "0"          # as most of a settings file is: nothing to parse
    first = tokens[0].text if tokens[0].kind == NAME else ""
    parts = _plain(tokens)
    if first == "def" and len(parts) > 2:
        parts[2:] = _parameters(parts[2:], 1)
    if first in ("print", "exec"):
        rest = parts[1:]
        if first == "print" and rest[:1] == [">>"]:
            del rest[0]
        if first == "print" and modern:
            return _joined(["_", *parts[1:]])
        return _joined(["_", "(", *rest, ")"])
    if first == "raise" and len(parts) > 1:
        return _joined(["raise", "_", "(", *parts[1:], ")"])
    if first == "except" and len(parts) > 1 and "as" not in parts:
        return _joined(["except", "(", *parts[1:], ")"])
    return _joined(parts)


def _plain(tokens: Sequence[Token]) -> List[str]:
    if any(token.text in _RARE for token in tokens):
        return _lambdas(_comprehensions(_backticks(_simple(token) for token in tokens)))
    return [_simple(token) for token in tokens]


_RARE = frozenset(["`", "lambda", "for"])
_OPERANDS = (STRING, NUMBER)
_UNVALUED = _RARE | {"nonlocal", "async", "await"}


def _simple(token: Token) -> str:
    if token.kind == STRING:
        return '""'
    if token.kind == NUMBER:
        return "0"
    if token.kind == OP:
        return "!=" if token.text == "<>" else token.text
    return _NAMES.get(token.text, token.text)


def _joined(parts: Iterable[str]) -> str:
    return " ".join(parts).replace(". .", "..").replace(".. .", "...")


def _backticks(parts: Iterable[str]) -> List[str]:
    result: List[str] = []
    for part in parts:
        if part != "`":
            result.append(part)
        elif result and _ends_operand(result[-1]):
            result.append(")")
        else:
            result += ["_", "("]
    return result


def _ends_operand(part: str) -> bool:
    return part in (")", "]", "}", '""') or (
        part not in KEYWORDS and (part[0].isalnum() or part[0] == "_"))


def _lambdas(parts: List[str]) -> List[str]:
    """`lambda (a, b), c: x` without the brackets of its parameters."""
    index = 0
    while index < len(parts):
        if parts[index] == "lambda":
            parts[index + 1:] = _parameters(parts[index + 1:], 0)
        index += 1
    return parts


def _parameters(parts: List[str], depth: int) -> List[str]:
    """Tuples among parameters become names; `depth` 1: the list itself is in brackets."""
    result: List[str] = []
    level, index = 0, 0
    while index < len(parts):
        part = parts[index]
        starts = level == depth and (not result or result[-1] in (",", "(")) and (
            bool(result) or depth == 0)
        if part == "(" and starts:
            end = _closing(parts, index)
            result.append("_")
            index = end + 1
            continue
        if part in _OPENING:
            level += 1
        elif part in (")", "]", "}"):
            level -= 1
        if level < depth or (depth == 0 and level == 0 and part == ":"):
            return result + parts[index:]
        result.append(part)
        index += 1
    return result


def _closing(parts: Sequence[str], start: int) -> int:
    level = 0
    for index in range(start, len(parts)):
        if parts[index] in _OPENING:
            level += 1
        elif parts[index] in (")", "]", "}"):
            level -= 1
            if not level:
                return index
    return len(parts) - 1


def _comprehensions(parts: List[str]) -> List[str]:
    """`[x for x in 1, 2]` with brackets around `1, 2`."""
    before: Dict[int, int] = {}
    after: Dict[int, int] = {}
    for start, part in enumerate(parts):
        if part == "[":
            for first, last in _bare_tuples(parts, start, _closing(parts, start)):
                before[first] = before.get(first, 0) + 1
                after[last] = after.get(last, 0) + 1
    if not before:
        return parts
    result: List[str] = []
    for index, part in enumerate(parts):
        result += ["("] * before.get(index, 0) + [part] + [")"] * after.get(index, 0)
    return result


def _bare_tuples(parts: Sequence[str], start: int, end: int) -> List[Tuple[int, int]]:
    """(first, last) of each unbracketed tuple after `in` of the comprehension start to end."""
    found: List[Tuple[int, int]] = []
    level, looking, first, comma = 0, False, -1, False
    for index in range(start + 1, end + 1):
        part = parts[index]
        if level == 0 and first >= 0 and (part in ("for", "if") or index == end):
            if comma:
                found.append((first, index - 1))
            first, comma = -1, False
        if level == 0 and part == "for":
            looking = True
        elif level == 0 and part == "in" and looking:
            looking, first = False, index + 1
        elif level == 0 and part == "," and first >= 0:
            comma = True
        if part in _OPENING:
            level += 1
        elif part in (")", "]", "}"):
            level -= 1
    return found
