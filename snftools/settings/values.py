"""Values of settings without executing anything: what is not surely known is NotEvaluated.

Python 2 expressions are written as Python 3 ones, parsed by `ast`, and walked by an interpreter
of our own that knows literals, references, operators and a few methods. A byte string is a str
of one character a byte while it is computed; `present` makes text of it at the end.
"""

from __future__ import annotations

import ast
import operator
import re
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from snftools.settings.lexer import NUMBER, STRING, Token
from snftools.settings.methods import NAMED, method, percent

UNSET = object()
MOST = 1000000        # characters or elements that an expression may make
MOST_BITS = 512       # bits that a number may have


class NotEvaluated(Exception):
    """The value cannot be known. `where` is FILE:LINE, `why` a plain sentence without secrets."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__("%s: %s" % (where, why))
        self.where = where
        self.why = why


class Unknown(Exception):
    """An expression, or a part of one, that this interpreter does not know; str() says why."""


def evaluate(tokens: Sequence[Token], names: Mapping[str, Any],
             tree: Optional[ast.AST] = None) -> Any:
    """The value of an expression's tokens; `names` gives the values of names, `tree` is theirs.

    A value which is an Unknown itself, a name that is not there, and whatever the interpreter
    does not know raise Unknown.
    """
    first = tokens[0] if tokens else None
    if first is not None and len(tokens) == 1:          # as most values are
        if first.kind == STRING:
            return string_value(first.text)
        if first.kind == NUMBER and first.text.isdigit() and first.text[0] != "0":
            return int(first.text)
    if is_strings(tokens):
        return [string_value(token.text) for token in tokens[1:-1:2]]
    try:
        return value_of(tree or ast.parse(python3(tokens), mode="eval").body, names)
    except SyntaxError:
        raise Unknown("it is no expression that this tool can read") from None
    except (RecursionError, MemoryError):
        raise Unknown("it is nested too deeply") from None
    except (TypeError, ValueError, KeyError, IndexError, ArithmeticError, AttributeError) as error:
        raise Unknown("it fails with %s" % type(error).__name__) from None


def is_strings(tokens: Sequence[Token]) -> bool:
    """A list that is written as strings and commas alone."""
    if len(tokens) < 3 or tokens[0].text != "[" or tokens[-1].text != "]":
        return False
    inside = tokens[1:-1]
    return (all(token.kind == STRING for token in inside[::2])
            and all(token.text == "," for token in inside[1::2]))


def python3(tokens: Sequence[Token]) -> str:
    """The tokens as one line of Python 3 with the same meaning (TOOLING 2, rule 7)."""
    return "(" + " ".join(python3_token(token) for token in tokens) + ")"


_OLD_OCTAL = re.compile(r"0[0-7]+\Z")


def python3_token(token: Token) -> str:
    """One token of it. Unknown where it can't be read."""
    kind, text = token[0], token[1]
    if kind == STRING:
        plain = text[0] in _QUOTES and "\\" not in text and text.isprintable()
        return text if plain else repr(string_value(text))
    if kind == NUMBER:
        digits = text.rstrip("lL")
        return "0o" + digits if _OLD_OCTAL.match(digits) else digits
    if text == "`":
        raise Unknown("it holds backticks")
    return "!=" if text == "<>" else text


_QUOTES = frozenset("'\"")


_STRING = re.compile(r"([uUbB]?)([rR]?)('''|\"\"\"|'|\")([\s\S]*)\3\Z")
_ESCAPE = re.compile(r"\\(\r\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|[\s\S])")
_UNICODE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\})")
_SIMPLE = {"\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n",
           "r": "\r", "t": "\t", "v": "\v", "\n": "", "\r": "", "\r\n": ""}


def string_value(text: str) -> str:
    """What a Python 2 string literal means; the escapes of bytes and of unicode differ."""
    if text[0] in _QUOTES and text[1:2] != text[0] and "\\" not in text:
        return text[1:-1]
    match = _STRING.match(text)
    if match is None:
        raise Unknown("it holds a string that this tool cannot read")
    kind, raw, _, inside = match.groups()
    inside = re.sub(r"\r\n?", "\n", inside)
    if kind in ("u", "U"):
        inside = present(inside)
        if _UNICODE.search(inside.replace("\\\\", "")):
            raise Unknown("it holds a unicode escape")
    if raw:
        return inside
    return _ESCAPE.sub(_unescape, inside)


def _unescape(match: "re.Match[str]") -> str:
    found = match.group(1)
    if found in _SIMPLE:
        return _SIMPLE[found]
    if found[0] == "x" and len(found) == 3:
        return chr(int(found[1:], 16))
    if found[0] in "01234567":
        return chr(int(found, 8) & 0xFF)
    return match.group()


def present(value: Any) -> Any:
    """The value with its byte strings as text: UTF-8 where they are that, else latin-1."""
    if isinstance(value, str):
        try:
            return value.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return value
    if isinstance(value, (list, tuple, set)):
        return type(value)(present(item) for item in value)
    if isinstance(value, dict):
        return {present(key): present(item) for key, item in value.items()}
    return value


def value_of(tree: ast.AST, names: Mapping[str, Any]) -> Any:
    """The value of a parsed expression."""
    how = _KINDS.get(type(tree))
    if how is None:
        raise Unknown("it holds what this tool does not evaluate (%s)" % type(tree).__name__)
    return how(tree, names)


def _name(tree: Any, names: Mapping[str, Any]) -> Any:
    if tree.id not in names:
        raise Unknown("%s is set in no file before this line" % tree.id)
    value = names[tree.id]
    if isinstance(value, Unknown):
        raise Unknown("%s is not known: %s" % (tree.id, value))
    return value


def _sequence(make: Callable[[List[Any]], Any]) -> Callable[[Any, Mapping[str, Any]], Any]:
    return lambda tree, names: make([value_of(item, names) for item in tree.elts])


def _dict(tree: Any, names: Mapping[str, Any]) -> Any:
    if None in tree.keys:
        raise Unknown("it holds ** in a dictionary")
    return {value_of(key, names): value_of(item, names)
            for key, item in zip(tree.keys, tree.values)}


def _divide(left: Any, right: Any) -> Any:
    both = isinstance(left, int) and isinstance(right, int)
    return left // right if both else left / right


def _multiply(left: Any, right: Any) -> Any:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, (str, list, tuple)) and isinstance(other, int):
            if len(one) * other > MOST:
                raise Unknown("it makes too much")
    return left * right


def _power(left: Any, right: Any) -> Any:
    if not isinstance(right, int) or abs(right) > MOST_BITS:
        raise Unknown("it makes too large a number")
    return left ** right


def _shift(left: Any, right: Any) -> Any:
    if right > MOST_BITS:
        raise Unknown("it makes too large a number")
    return left << right


def _modulo(left: Any, right: Any) -> Any:
    return percent(left, right) if isinstance(left, str) else left % right


_BINARY: Dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: _multiply, ast.Div: _divide,
    ast.FloorDiv: operator.floordiv, ast.Mod: _modulo, ast.Pow: _power, ast.LShift: _shift,
    ast.RShift: operator.rshift, ast.BitOr: operator.or_, ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor}
_UNARY: Dict[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
    ast.Invert: operator.invert}
_COMPARE: Dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Is: operator.is_,
    ast.IsNot: operator.is_not, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b}


def _binary(tree: Any, names: Mapping[str, Any]) -> Any:
    how = _BINARY.get(type(tree.op))
    if how is None:
        raise Unknown("it holds an operator that this tool does not evaluate")
    return _bounded(how(value_of(tree.left, names), value_of(tree.right, names)))


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise Unknown("it makes too large a number")
    if isinstance(value, (str, list, tuple)) and len(value) > MOST:
        raise Unknown("it makes too much")
    return value


def _unary(tree: Any, names: Mapping[str, Any]) -> Any:
    return _UNARY[type(tree.op)](value_of(tree.operand, names))


def _boolean(tree: Any, names: Mapping[str, Any]) -> Any:
    stop_at = isinstance(tree.op, ast.Or)
    value = None
    for item in tree.values:
        value = value_of(item, names)
        if bool(value) == stop_at:
            return value
    return value


def _compare(tree: Any, names: Mapping[str, Any]) -> Any:
    left = value_of(tree.left, names)
    for op, item in zip(tree.ops, tree.comparators):
        right = value_of(item, names)
        how = _COMPARE.get(type(op))
        if how is None:
            raise Unknown("it compares sizes")   # Python 2 orders what Python 3 does not
        if not how(left, right):
            return False
        left = right
    return True


def _choice(tree: Any, names: Mapping[str, Any]) -> Any:
    return value_of(tree.body if value_of(tree.test, names) else tree.orelse, names)


def _subscript(tree: Any, names: Mapping[str, Any]) -> Any:
    return value_of(tree.value, names)[value_of(tree.slice, names)]


def _slice(tree: Any, names: Mapping[str, Any]) -> Any:
    parts = (tree.lower, tree.upper, tree.step)
    return slice(*[None if part is None else value_of(part, names) for part in parts])


def _call(tree: Any, names: Mapping[str, Any]) -> Any:
    arguments, keywords = call_arguments(tree, names)
    dotted = _dotted(tree.func)
    if dotted in NAMED and (dotted not in names):
        return NAMED[dotted](*arguments, **keywords)
    if isinstance(tree.func, ast.Attribute):
        owner = value_of(tree.func.value, names)
        found = method(owner, tree.func.attr, changing=False)
        if found is not None:
            return _bounded(found(*arguments, **keywords))
    raise Unknown("it calls what this tool does not evaluate")


def call_arguments(tree: Any, names: Mapping[str, Any]) -> Tuple[List[Any], Dict[str, Any]]:
    """The evaluated arguments of a call; `*args` and `**kwargs` are Unknown."""
    if any(keyword.arg is None for keyword in tree.keywords):
        raise Unknown("it holds ** in a call")
    return ([value_of(argument, names) for argument in tree.args],
            {keyword.arg: value_of(keyword.value, names) for keyword in tree.keywords})


def _dotted(tree: ast.AST) -> str:
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Attribute):
        return _dotted(tree.value) + "." + tree.attr
    return ""


_KINDS: Dict[type, Callable[[Any, Mapping[str, Any]], Any]] = {
    ast.Constant: lambda tree, names: tree.value,
    ast.Name: _name, ast.Tuple: _sequence(tuple), ast.List: _sequence(list),
    ast.Set: _sequence(set), ast.Dict: _dict, ast.BinOp: _binary, ast.UnaryOp: _unary,
    ast.BoolOp: _boolean, ast.Compare: _compare, ast.IfExp: _choice,
    ast.Subscript: _subscript, ast.Slice: _slice, ast.Call: _call}
