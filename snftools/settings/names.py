"""Which names a statement binds, in which way, and which it uses."""

from __future__ import annotations

import re
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from snftools.settings.how import (
    ALIAS, AUGMENTED, CHAINED, CLASS, DEF, DELETE, DYNAMIC, EXCEPT, GLOBAL, IMPORT, ITEM, LOOP,
    PARAMETER, PLAIN, WITH)
from snftools.settings.lexer import KEYWORDS, NAME, OP, STRING, Token
from snftools.settings.statements import (
    MODULE, Statement, depths, is_name, is_op, split_at)
from snftools.settings.targets import elements, span, target_names, targets, until

AUGMENTED_OPS = frozenset("+= -= *= /= %= &= |= ^= **= //= >>= <<=".split())
NAMESPACES = frozenset("globals locals vars setattr delattr".split())
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Bound(NamedTuple):
    """One name bound by one statement; `value` is the (start, end) of its value in the text."""

    name: str
    how: str
    token: Token
    statement: Statement
    value: Optional[Tuple[int, int]] = None

    @property
    def simple(self) -> bool:
        """A plain assignment which is executed exactly once."""
        return self.how == PLAIN and self.statement.plain_place


class Names(NamedTuple):
    """What one statement does with names. `opaque`: it may bind any name (exec, import *)."""

    bound: Tuple[Bound, ...]
    used: Tuple[Token, ...]
    opaque: bool = False


def names_of(statement: Statement) -> Names:
    """The names that a statement binds and uses (TOOLING 2, rules 5 and 6)."""
    return _usual(statement) or _any(statement)


def _usual(statement: Statement) -> Optional[Names]:
    """`NAME = value` without anything that binds names inside: nearly all of a settings file."""
    tokens = statement.tokens
    if len(tokens) < 3 or not is_name(tokens[0]) or not is_op(tokens[1], "="):
        return None
    used: List[Token] = []
    for index, token in enumerate(tokens[2:], 2):
        kind, text = token[0], token[1]
        if kind == NAME:
            if text in _UNUSUAL:
                return None
            if text not in KEYWORDS and tokens[index - 1][1] != ".":
                used.append(token)
        elif kind == OP and text == "=":
            return None
    value = (tokens[2].start, tokens[-1].end)
    return Names((Bound(tokens[0].text, PLAIN, tokens[0], statement, value),), tuple(used))


_UNUSUAL = frozenset(["lambda", "for", "eval", "execfile"]) | NAMESPACES


def _any(statement: Statement) -> Names:
    first = statement.tokens[0]
    word = first.text if first.kind == NAME else ""
    bound: Dict[Token, Bound] = {}
    for item in _bindings(statement, word):
        bound.setdefault(item.token, item)
    for item in _inside(statement):
        bound.setdefault(item.token, item)
    skipped = set(_not_names(statement, word))
    used = tuple(
        token for token in statement.tokens
        if is_name(token) and token not in skipped
        and (token not in bound or bound[token].how in (AUGMENTED, ITEM)))
    return Names(tuple(bound.values()), used, _opaque(statement, word))


def _bindings(statement: Statement, word: str) -> Iterator[Bound]:
    tokens = statement.tokens
    if word in ("import", "from"):
        return _imports(statement, word)
    if word in ("def", "class"):
        return _definition(statement, word)
    if word == "for":
        return (_bound(t, LOOP, statement) for t in target_names(until(tokens[1:], "in")))
    if word in ("with", "except"):
        return _as_targets(statement, WITH if word == "with" else EXCEPT)
    if word == "del":
        return (_bound(t, how if how == ITEM else DELETE, statement)
                for t, how in targets(tokens[1:]))
    if word == "global":
        return (_bound(t, GLOBAL, statement) for t in tokens[1:] if is_name(t))
    if statement.header or word in ("print", "exec", "return", "yield", "assert", "raise"):
        return iter(())
    return _assignment(statement)


def _bound(token: Token, how: str, statement: Statement,
           value: Optional[Tuple[int, int]] = None) -> Bound:
    return Bound(token.text, how, token, statement, value)


def _assignment(statement: Statement) -> Iterator[Bound]:
    tokens = statement.tokens
    augmented = any(token.text in AUGMENTED_OPS for token in tokens)
    for index, depth in depths(tokens) if augmented else ():
        if depth == 0 and tokens[index].kind == OP and tokens[index].text in AUGMENTED_OPS:
            how = AUGMENTED if index == 1 else ITEM
            value = span(tokens[index + 1:])
            if is_name(tokens[0]):
                yield _bound(tokens[0], how, statement, value)
            return
    parts = split_at(tokens, "=")
    if len(parts) < 2:
        if _changes_in_place(tokens):
            yield _bound(tokens[0], ITEM, statement)
        return
    parted = elements(parts[0], parts[-1]) if len(parts) == 2 else {}
    for target in parts[:-1]:
        for token, how in targets(target):
            if how == PLAIN and len(parts) > 2:
                how = CHAINED
            whole = how in (PLAIN, CHAINED)
            yield _bound(token, how, statement,
                         span(parts[-1]) if whole else parted.get(token))


def _changes_in_place(tokens: Sequence[Token]) -> bool:
    """`NAME.method(...)` or `NAME[...].method(...)` as a statement of its own."""
    return (len(tokens) > 3 and is_name(tokens[0]) and is_op(tokens[-1], ")")
            and (is_op(tokens[1], ".") or is_op(tokens[1], "[")))


def _as_targets(statement: Statement, how: str) -> Iterator[Bound]:
    tokens = statement.tokens
    for index, depth in depths(tokens):
        token = tokens[index]
        if depth == 0 and token.kind == NAME and token.text == "as" and index:
            for name in target_names(_first_piece(tokens[index + 1:])):
                yield _bound(name, how, statement)
        elif depth == 0 and how == EXCEPT and is_op(token, ","):
            for name in target_names(tokens[index + 1:]):
                yield _bound(name, how, statement)


def _first_piece(tokens: Sequence[Token]) -> List[Token]:
    return split_at(tokens, ",")[0]


def _imports(statement: Statement, word: str) -> Iterator[Bound]:
    tokens = list(statement.tokens)
    if word == "from":
        start = next((i for i, t in enumerate(tokens) if t.text == "import"), len(tokens))
        tokens = tokens[start:]
    inner = [t for t in tokens[1:] if t.text not in "()"]
    for piece in split_at(inner, ","):
        names = [t for t in piece if is_name(t)]
        if not names:
            continue
        renamed = [i for i, t in enumerate(piece) if t.text == "as"]
        if renamed:
            yield _bound(names[-1], ALIAS, statement)
        else:
            yield _bound(names[0], IMPORT, statement)


def _definition(statement: Statement, word: str) -> Iterator[Bound]:
    tokens = statement.tokens
    if len(tokens) < 2 or not is_name(tokens[1]):
        return
    yield _bound(tokens[1], DEF if word == "def" else CLASS, statement)
    if word == "def":
        yield from _parameters(statement, tokens[3:-1])


def _parameters(statement: Statement, tokens: Sequence[Token]) -> Iterator[Bound]:
    for piece in split_at(tokens, ","):
        target = [t for t in split_at(piece, "=")[0] if t.text not in ("*", "**")]
        for name in target_names(target):
            yield _bound(name, PARAMETER, statement)


def _inside(statement: Statement) -> Iterator[Bound]:
    """Names bound inside expressions: comprehensions (they leak), lambdas, globals()['X']."""
    tokens = statement.tokens
    for index, token in enumerate(tokens):
        if token.kind != NAME:
            continue
        if token.text == "for" and index:
            for name in target_names(until(tokens[index + 1:], "in")):
                yield _bound(name, LOOP, statement)
        elif token.text == "lambda":
            rest = split_at(tokens[index + 1:], ":")[0]
            yield from _parameters(statement, rest)
    if any(is_name(t) and t.text in NAMESPACES for t in tokens):
        for token in tokens:
            text = token.text.strip("uUbBrR'\"")
            if token.kind == STRING and _IDENTIFIER.match(text):
                yield Bound(text, DYNAMIC, token, statement)


def _not_names(statement: Statement, word: str) -> Iterator[Token]:
    """NAME tokens that are no variables: attributes, keywords of calls, module names."""
    tokens = statement.tokens
    if word in ("import", "from"):
        yield from tokens
        return
    brackets: List[str] = []
    lambdas: List[int] = []
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.kind == NAME and token.text == "lambda":
            lambdas.append(len(brackets))
        elif lambdas and is_op(token, ":") and lambdas[-1] == len(brackets):
            lambdas.pop()
        elif token.kind == OP and token.text in "([{":
            brackets.append(token.text)
        elif token.kind == OP and token.text in ")]}" and brackets:
            brackets.pop()
        elif is_name(token) and is_op(before, "."):
            yield token
        elif is_name(token) and is_op(after, "=") and brackets[-1:] == ["("] and not lambdas:
            yield token
        elif word in ("with", "except") and token.text == "as":
            yield token


def _opaque(statement: Statement, word: str) -> bool:
    tokens = statement.tokens
    if word == "exec":      # with `in` it has a namespace of its own
        return not any(depth == 0 and tokens[index].text == "in"
                       for index, depth in depths(tokens))
    if word == "from":
        return bool(tokens) and is_op(tokens[-1], "*")
    for index, token in enumerate(tokens[:-1]):
        if token.kind != NAME or not is_op(tokens[index + 1], "("):
            continue
        if index and is_op(tokens[index - 1], "."):
            continue
        if token.text in ("execfile", "eval"):
            return True
        if token.text in NAMESPACES and statement.scope == MODULE and not _literal_access(tokens):
            return True
    return False


def _literal_access(tokens: Sequence[Token]) -> bool:
    """The namespace is reached by string literals alone: `globals()['X'] = 1`, setattr(m, 'X')."""
    return any(t.kind == STRING for t in tokens)
