"""What is edited at one binding: the name, the value, or a line after it that has the last word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, List, Optional, Sequence, Set, Tuple

from snftools.settings import masked, ways
from snftools.settings.edits import Edit, EditSet
from snftools.settings.insert import Insert
from snftools.settings.lexer import OP, STRING, Token, line_ends
from snftools.settings.rules import Rule, literal, same, stripped
from snftools.settings.statements import depths
from snftools.settings.values import Unknown, evaluate, present, string_value

if TYPE_CHECKING:
    from snftools.settings.scan import Place

Refuse = Callable[[str, Optional["Place"], str, str], None]


class Amend:
    """Adds the edits of bindings to an EditSet."""

    def __init__(self, edits: EditSet, refuse: Refuse) -> None:
        self.edits, self.refuse = edits, refuse
        self.insert = Insert(edits)
        self.rules = edits.rules
        self._closed: Set[Tuple[str, str, int]] = set()

    def token(self, place: "Place", new: str, row: Rule) -> None:
        """The name itself."""
        token = place.token
        self.edits.add(Edit(place.source.name, token.line, token.start, token.end, new,
                            row.id, row.to, token.text, new))

    def set(self, place: "Place", rule: Rule, value: Any, names: Sequence[str]) -> None:
        """The binding gives `value`; where that can't be written there, a line after it does."""
        item = place.bound
        assert item is not None
        if ways.settable(item):
            if not same(rule, self._written(place), value):
                self._value(place, rule, literal(value))
        if not ways.final(item):
            self.override(place, rule, value, names)

    def override(self, place: "Place", rule: Rule, value: Any, names: Sequence[str]) -> None:
        """`NAME = value` after the outermost statement in which the name is bound."""
        assert place.bound is not None
        source = place.source
        offset = ways.after(source, place.bound.statement)
        key = (source.name, rule.to, offset)
        followers = ways.next_after(source, offset)
        for bound in source.bound():
            if bound.statement in followers and bound.name in names and ways.final(bound):
                return
        if key not in self._closed:
            self._closed.add(key)
            self.insert.line(source, offset, rule, value)

    def strip(self, place: "Place", rule: Rule, row: Rule, effective: Any, remedy: str,
              names: Sequence[str]) -> None:
        """The row's suffix goes from the end of the value; refused where that can't be done."""
        item = place.bound
        assert item is not None
        old = self._written(place) if ways.settable(item) else None
        if isinstance(old, str):
            if stripped(old, row.strip) != old:
                self._value(place, rule, literal(stripped(old, row.strip)))
            return
        if isinstance(effective, str) and stripped(effective, row.strip) == effective:
            return
        inner = self._inside(place, row.strip) if ways.settable(item) else None
        if inner is not None:
            self._value(place, rule, *inner)
        elif isinstance(effective, str) and item.statement.plain_place:
            self.override(place, rule, stripped(effective, row.strip), names)
        else:
            self.refuse("the value of %s is computed" % item.name, place,
                        "%s must go from its end" % row.strip, remedy)

    def _tokens(self, place: "Place") -> List[Token]:
        item = place.bound
        assert item is not None and item.value is not None
        return [token for token in item.statement.tokens
                if item.value[0] <= token.start < item.value[1]]

    def _written(self, place: "Place") -> Any:
        """The value if it is written out, else an Unknown."""
        try:
            return present(evaluate(self._tokens(place), {}))
        except Unknown as unknown:
            return unknown

    def _inside(self, place: "Place", suffix: str) -> Optional[Tuple[str, Tuple[int, int]]]:
        """What to write, and where, that the expression's last literal loses the suffix.

        `A + 'x/suffix'` and `'%s/suffix' % A`: whatever A is, the result ends in the suffix.
        """
        tokens = self._tokens(place)
        outside = [tokens[index] for index, depth in depths(tokens) if depth == 0]
        operators = {token.text for token in outside if token.kind == OP} - set("()[]{}.")
        if operators == {"+"} and len(tokens) > 1 and tokens[-2].text == "+":
            found = tokens[-1]
        elif operators == {"%"} and len(tokens) > 1 and tokens[1].text == "%":
            found = tokens[0]
        else:
            return None
        if found.kind != STRING:
            return None
        try:
            old = present(string_value(found.text))
        except Unknown:
            return None
        if stripped(old, suffix) == old:
            return None
        if found is tokens[-1] and not stripped(old, suffix):
            return "", (tokens[-3].end, tokens[-1].end)
        return literal(stripped(old, suffix)), (found.start, found.end)

    def _value(self, place: "Place", rule: Rule, new: str,
               part: Optional[Tuple[int, int]] = None) -> None:
        """Write the value, or a part of it: names in the rest may have edits of their own."""
        item = place.bound
        assert item is not None and item.value is not None
        text, (first, last) = place.source.text, item.value
        start, end = part or item.value
        old, whole = text[first:last], text[first:start] + new + text[end:last]
        secret = rule.secret or self.rules.is_secret(rule.to)
        if not secret:
            self.insert.comment(place, "%s = %s" % (item.name, old), rule)
        self.edits.add(Edit(
            place.source.name, line_ends(text[:start]) + 1, start, end, new,
            rule.id, rule.to, "***" if secret else masked.url(old),
            "%s = %s" % (rule.to, "***" if secret else masked.url(whole))))
