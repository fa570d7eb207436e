"""The namespace which the settings files leave, computed in the order in which Synnefo reads.

SOURCE 1.1: every *.conf is executed into one namespace, so each statement sees what stood
before it and the last assignment wins. What is not surely known is an Unknown value that says
where and why; it spreads to all that is made from it.
"""

from __future__ import annotations

import ast
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from snftools.settings import how
from snftools.settings.flow import Flow, State
from snftools.settings.lexer import Token
from snftools.settings.methods import method
from snftools.settings.names import Bound, Names
from snftools.settings.source import Source
from snftools.settings.statements import Statement, is_op, split_at
from snftools.settings.values import Unknown, call_arguments, evaluate, python3, value_of


class Namespace:
    """Names with their values or an Unknown, and where each got it."""

    def __init__(self) -> None:
        self.values: Dict[str, Any] = {}
        self.places: Dict[str, str] = {}
        self._trees: Mapping[int, ast.AST] = {}
        self.shared: Dict[str, Unknown] = {}     # what functions set whenever they are called

    def run(self, sources: Iterable[Source]) -> "Namespace":
        """Execute files in order."""
        for source in sources:
            self.execute(source)
        return self

    def execute(self, source: Source) -> None:
        """Execute one more file."""
        flow = Flow(self._truth)
        self._trees = source.trees
        for statement, names in zip(source.statements, source.names):
            state = flow.state(statement)
            if state is not False:
                self._step(source, statement, names, state)

    def _truth(self, statement: Statement) -> State:
        try:
            return bool(evaluate(statement.tokens[1:], self.values, self._tree(statement)))
        except Unknown:
            return None

    def _tree(self, statement: Statement) -> Optional[ast.AST]:
        return self._trees.get(statement.tokens[0].start)

    def _step(self, source: Source, statement: Statement, names: Names, state: State) -> None:
        where = "%s:%d" % (source.name, statement.line)
        if names.opaque:
            for name in self.values:
                self._set(name, Unknown("%s may set it to anything" % where), where)
        found: List[Tuple[Bound, Any]] = []      # all of `A, B = B, A` before the first is set
        for bound in names.bound:
            if bound.how == how.PARAMETER or statement.scope != "module":
                if bound.how == how.GLOBAL:
                    self.shared[bound.name] = Unknown("a function may set it")
                    self._set(bound.name, _KEPT, where)
                continue
            found.append((bound, self._bound_value(statement, bound, state)))
        for bound, value in found:
            if isinstance(value, Unknown) and bound.how in (how.ITEM, how.AUGMENTED):
                self._spoil(self.values.get(bound.name), value, where)
            self._set(bound.name, value, where)
        if not names.bound and statement.scope == "module" and not statement.header:
            self._lend(statement, where)

    def _set(self, name: str, value: Any, where: str) -> None:
        if name in self.shared:
            self.values[name] = self.shared[name]
        elif value is _GONE:
            self.values.pop(name, None)
        elif value is not _KEPT:
            self.values[name] = value
        self.places[name] = where

    def _bound_value(self, statement: Statement, bound: Bound, state: State) -> Any:
        if bound.how == how.GLOBAL:
            return _KEPT
        if state is None:
            return Unknown("it is set under a condition, in a loop or in a block")
        try:
            if bound.how in (how.PLAIN, how.CHAINED):
                tokens = statement.tokens
                alone = bound.how == how.PLAIN and tokens[1].text == "="
                return evaluate(tokens[2:] if alone else split_at(tokens, "=")[-1], self.values,
                                self._tree(statement))
            if bound.how == how.AUGMENTED:
                return self._augmented(statement, bound)
            if bound.how == how.TUPLE:
                return self._unpacked(statement, bound)
            if bound.how == how.ITEM:
                return self._changed(statement)
            if bound.how == how.DELETE:
                return _GONE
        except Unknown as unknown:
            return unknown
        except Exception as error:      # what a value's own method raises, whatever it is
            return Unknown("it fails with %s" % type(error).__name__)
        return Unknown(_WHY.get(bound.how, "it is not set by a plain assignment"))

    def _augmented(self, statement: Statement, bound: Bound) -> Any:
        operator = statement.tokens[1]
        plain = Token(operator.kind, operator.text[:-1], operator.start, operator.line)
        opening, closing = plain._replace(text="("), plain._replace(text=")")
        value = evaluate([bound.token, plain, opening, *statement.tokens[2:], closing],
                         self.values)
        old = self.values.get(bound.name)
        if isinstance(old, list) and isinstance(value, list) and operator.text == "+=":
            old[:] = value          # in place, as Python does: other names for it see it too
            return old
        return value

    def _unpacked(self, statement: Statement, bound: Bound) -> Any:
        if bound.value is not None:
            start, end = bound.value
            return evaluate([token for token in statement.tokens if start <= token.start < end],
                            self.values)
        parts = split_at(statement.tokens, "=")
        if len(parts) != 2:
            raise Unknown("several targets are set at once")
        value = evaluate(parts[1], self.values)
        target = parts[0]
        if is_op(target[0], "(") or is_op(target[0], "["):
            target = target[1:-1]
        pieces = [piece for piece in split_at(target, ",") if piece]
        position = [piece == [bound.token] for piece in pieces].index(True)
        if len(value) != len(pieces):
            raise Unknown("the numbers of names and values differ")
        return value[position]

    def _changed(self, statement: Statement) -> Any:
        """`X[...] = value`, `X.append(...)`, `del X[...]` on a known container, in place."""
        owner = statement.tokens[0]
        tokens: Sequence[Token] = statement.tokens
        if owner.text == "del":
            raise Unknown("a part of it is deleted")
        if isinstance(self.values.get(owner.text), Unknown) or owner.text not in self.values:
            raise Unknown("%s is not known here" % owner.text)
        parts = split_at(tokens, "=")
        if len(parts) == 2:
            self._set_item(parts)
        elif len(parts) == 1 and is_op(tokens[-1], ")"):
            self._call_method(tokens)
        else:
            raise Unknown("it is changed in a way that is not followed")
        return self.values[owner.text]

    def _set_item(self, parts: List[List[Token]]) -> None:
        value = evaluate(parts[1], self.values)
        tree: Any = _parsed(parts[0])
        if not isinstance(tree, ast.Subscript):
            raise Unknown("an attribute of it is set")
        value_of(tree.value, self.values)[value_of(tree.slice, self.values)] = value

    def _call_method(self, tokens: Sequence[Token]) -> None:
        tree: Any = _parsed(tokens)
        if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Attribute):
            raise Unknown("it is changed in a way that is not followed")
        owner = value_of(tree.func.value, self.values)
        found = method(owner, tree.func.attr, changing=True)
        if found is None:
            if method(owner, tree.func.attr, changing=False) is None:
                raise Unknown("a method of it is called that is not followed")
            return
        arguments, keywords = call_arguments(tree, self.values)
        found(*arguments, **keywords)

    def _lend(self, statement: Statement, where: str) -> None:
        """A container handed to a function may come back changed."""
        if not is_op(statement.tokens[-1], ")"):
            return
        for token in statement.tokens[1:]:
            if isinstance(self.values.get(token.text), (list, dict, set)):
                self._spoil(self.values[token.text],
                            Unknown("%s hands it to a function" % where), where)

    def _spoil(self, old: Any, unknown: Unknown, where: str) -> None:
        """Every name of a container that was changed, and of what holds it, is unknown now."""
        if isinstance(old, (list, dict, set)):
            for name, value in self.values.items():
                if _holds(value, old):
                    self._set(name, unknown, where)


def _holds(value: Any, part: Any) -> bool:
    seen, left = set(), [value]
    while left:
        item = left.pop()
        if item is part:
            return True
        if isinstance(item, (dict, list, tuple)) and id(item) not in seen:
            seen.add(id(item))
            left.extend(item.values() if isinstance(item, dict) else item)
    return False


_KEPT, _GONE = object(), object()
_WHY = {how.LOOP: "it is the variable of a loop", how.WITH: "it is set by a with statement",
        how.EXCEPT: "it is an exception", how.IMPORT: "it is imported",
        how.DEF: "it is a function", how.CLASS: "it is a class",
        how.DYNAMIC: "it is set through the namespace itself"}


def _parsed(tokens: Sequence[Token]) -> ast.AST:
    try:
        return ast.parse(python3(tokens), mode="eval").body
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        raise Unknown("it is changed in a way that is not followed") from None
