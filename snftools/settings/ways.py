"""In which ways a name is bound, and what may be done about each of them."""

from __future__ import annotations

from typing import List

from snftools.settings import how
from snftools.settings.names import Bound
from snftools.settings.scan import Place
from snftools.settings.source import Source
from snftools.settings.statements import CLASS, FUNCTION, Statement

DESCRIBED = {
    how.PLAIN: "in a class", how.CHAINED: "together with other names",
    how.TUPLE: "as part of a tuple", how.AUGMENTED: "by += or its like",
    how.ITEM: "by changing a part of it", how.LOOP: "by a loop", how.WITH: "by with",
    how.EXCEPT: "by except", how.IMPORT: "by import", how.ALIAS: "by import",
    how.DEF: "by def", how.CLASS: "by class", how.PARAMETER: "as a parameter",
    how.DELETE: "by del", how.GLOBAL: "by a function, with global",
    how.DYNAMIC: "through a string"}
_NEVER = frozenset([how.DYNAMIC, how.PARAMETER, how.IMPORT, how.DEF, how.CLASS])
_CLAUSES = frozenset(["elif", "else", "except", "finally"])


def followed(bound: Bound) -> bool:
    """Renaming the name here and everywhere else leaves the meaning of the files as it is."""
    return bound.how not in _NEVER and bound.statement.scope != CLASS


def local(bound: Bound) -> bool:
    """It is a function's own variable (unless the function says global)."""
    return bound.statement.scope == FUNCTION and bound.how != how.GLOBAL


def settable(bound: Bound) -> bool:
    """The value stands there and can be replaced alone."""
    return bound.how in (how.PLAIN, how.TUPLE) and bound.value is not None


def final(bound: Bound) -> bool:
    """Once the statement was executed the name has the value that stands there."""
    return settable(bound) and bound.statement.plain_place


def globals_of(places: List[Place]) -> List[Place]:
    """Where functions bind the name for the whole module."""
    return [place for place in places if place.bound is not None
            and place.bound.how == how.GLOBAL and place.bound.statement.scope == FUNCTION]


def after(source: Source, statement: Statement) -> int:
    """Where the outermost compound statement around this one ends: offset of the next line."""
    statements = source.statements
    index = statements.index(statement)
    while index + 1 < len(statements) and _belongs(statements[index], statements[index + 1]):
        index += 1
    return statements[index].line_end


def _belongs(one: Statement, following: Statement) -> bool:
    first = following.tokens[0].text
    return (following.depth > 0 or (following.header and first in _CLAUSES)
            or following.line_start == one.line_start)


def next_after(source: Source, offset: int) -> List[Statement]:
    """The statements of the logical line that comes next."""
    rest = [item for item in source.statements if item.line_start >= offset]
    return [item for item in rest if item.line_start == rest[0].line_start]
