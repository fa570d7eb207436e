"""The functions and methods that the evaluator may call, each on values of Python's own types."""

from __future__ import annotations

import posixpath
import re
from typing import Any, Callable, Dict, FrozenSet, Optional

_TEXT = frozenset("join strip lstrip rstrip lower upper replace split startswith endswith "
                  "partition rpartition title".split())
READING: Dict[type, FrozenSet[str]] = {
    str: _TEXT,
    dict: frozenset("get keys values items copy has_key".split()),
    list: frozenset("index count".split()),
    tuple: frozenset("index count".split()),
}
CHANGING: Dict[type, FrozenSet[str]] = {
    list: frozenset("append extend insert remove pop reverse".split()),
    dict: frozenset("update setdefault pop clear".split()),
}
_PERCENT = re.compile(r"%(?:\([^)%]*\))?[sd]|%%")
_FIELD = re.compile(r"\{(?:\d*|[A-Za-z_][A-Za-z0-9_]*)\}|\{\{|\}\}")


def percent(template: str, values: Any) -> str:
    """`template % values` of the forms %s, %d, %(name)s, %%; others raise ValueError."""
    if "%" in _PERCENT.sub("", template):
        raise ValueError("a conversion that is not evaluated")
    if _holds_containers(values):
        raise ValueError("Python 2 writes the parts of containers in its own way")
    return template % values


def _holds_containers(values: Any) -> bool:
    items = values.values() if isinstance(values, dict) else values
    items = items if isinstance(values, (tuple, dict)) else (values,)
    return any(not isinstance(item, (str, int, bool, type(None))) for item in items)


def _format(template: str, *arguments: Any, **keywords: Any) -> str:
    rest = _FIELD.sub("", template)
    if "{" in rest or "}" in rest or _holds_containers(arguments) or _holds_containers(keywords):
        raise ValueError("a field that is not evaluated")
    return template.format(*arguments, **keywords)


def method(owner: Any, name: str, changing: bool) -> Optional[Callable[..., Any]]:
    """The bound method if it may be called; `changing` asks for those which change the owner."""
    if isinstance(owner, str) and name == "format" and not changing:
        return lambda *arguments, **keywords: _format(owner, *arguments, **keywords)
    allowed = (CHANGING if changing else READING).get(type(owner), frozenset())
    if name not in allowed:
        return None
    if name == "has_key":
        return lambda key: key in owner
    if name in ("keys", "values", "items"):
        return lambda: list(getattr(owner, name)())
    found: Callable[..., Any] = getattr(owner, name)
    return found


def _text(value: Any = "") -> str:
    if _holds_containers(value):
        raise ValueError("Python 2 writes it in its own way")
    return str(value)


NAMED: Dict[str, Callable[..., Any]] = {
    "dict": dict, "list": list, "tuple": tuple, "len": len, "int": int, "bool": bool, "set": set,
    "str": _text, "unicode": _text, "os.path.join": posixpath.join,
    "os.path.dirname": posixpath.dirname, "os.path.basename": posixpath.basename,
}
