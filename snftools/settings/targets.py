"""The left sides of assignments: which names they bind, and what each of them gets."""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from snftools.settings.how import ITEM, PLAIN, TUPLE
from snftools.settings.lexer import NAME, Token
from snftools.settings.statements import depths, is_name, is_op, split_at


def elements(target: Sequence[Token], value: Sequence[Token]) -> Dict[Token, Tuple[int, int]]:
    """Which part of a tuple that is written out goes to which name of a tuple of targets."""
    left, right = _written_out(target), _written_out(value)
    if len(left) != len(right) or not left:
        return {}
    found: Dict[Token, Tuple[int, int]] = {}
    for one, other in zip(left, right):
        value_span = span(other)
        if len(one) == 1 and is_name(one[0]) and value_span:
            found[one[0]] = value_span
        else:
            found.update(elements(one, other))
    return found


def _written_out(tokens: Sequence[Token]) -> List[List[Token]]:
    """The elements of `a, b`, `(a, b)` or `[a, b]`; none for anything else."""
    if enclosed(tokens):
        tokens = tokens[1:-1]
        if any(depth == 0 and tokens[index].text == "for" for index, depth in depths(tokens)):
            return []
    pieces = split_at(tokens, ",")
    return [piece for piece in pieces if piece] if len(pieces) > 1 else []


def span(tokens: Sequence[Token]) -> Optional[Tuple[int, int]]:
    """Where the tokens start and end in the text."""
    return (tokens[0].start, tokens[-1].end) if tokens else None


def targets(tokens: Sequence[Token]) -> Iterator[Tuple[Token, str]]:
    """(name token, plain | tuple | item) of an assignment's left side."""
    pieces = [piece for piece in split_at(tokens, ",") if piece]
    several = len(pieces) > 1 or len(split_at(tokens, ",")) > 1
    for piece in pieces:
        if len(piece) == 1 and is_name(piece[0]):
            yield piece[0], TUPLE if several else PLAIN
        elif enclosed(piece):
            for token, how in targets(piece[1:-1]):
                alone = how == PLAIN and not several and is_op(piece[0], "(")
                yield token, (PLAIN if alone else TUPLE) if how != ITEM else ITEM
        elif is_name(piece[0]):
            yield piece[0], ITEM


def enclosed(piece: Sequence[Token]) -> bool:
    """One pair of brackets is around all of it."""
    if len(piece) < 2 or not (is_op(piece[0], "(") or is_op(piece[0], "[")):
        return False
    inner = [index for index, depth in depths(piece) if depth == 0]
    return inner == [0, len(piece) - 1]


def target_names(tokens: Sequence[Token]) -> List[Token]:
    """The names in a target, whatever happens to them."""
    return [token for token, how in targets(tokens)]


def until(tokens: Sequence[Token], word: str) -> List[Token]:
    """The tokens before a word that stands outside brackets."""
    result: List[Token] = []
    for index, depth in depths(tokens):
        if depth == 0 and tokens[index].kind == NAME and tokens[index].text == word:
            break
        result.append(tokens[index])
    return result
