"""The release's rows about settings, and what their values are for one site."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Dict, FrozenSet, List, Mapping, Pattern, Sequence, Tuple
from urllib.parse import urlsplit

from snftools.errors import Usage

RENAME, SET, JOIN, ADD = "rename", "set-from-site", "join", "add"
REMOVED, FORBID = "comment-removed", "forbid-default"


@dataclass(frozen=True)
class Rule:
    """One row of settings.conf, see there."""

    id: str
    kind: str
    roles: Tuple[str, ...]
    name: str = ""
    to: str = ""
    value: str = ""
    strip: str = ""
    suffix: str = ""
    shape: str = "text"
    files: Tuple[str, ...] = ()
    near: Tuple[str, ...] = ()
    derive: Tuple[str, ...] = ()
    names: Tuple[str, ...] = ()
    pattern: str = ""
    note: str = ""
    note_unless: str = ""
    only_with: str = ""
    secret: bool = False
    required: bool = False

    def home(self, roles: Sequence[str]) -> str:
        """The file whose package owns the setting, for the first of the node's roles."""
        homes = dict(item.split(":", 1) for item in self.files)
        return next((homes[role] for role in self.roles if role in roles and role in homes), "")


@dataclass(frozen=True)
class Rules:
    """The rows that hold for a node with certain roles."""

    release: str
    roles: Tuple[str, ...]
    rows: Tuple[Rule, ...]
    secret: Tuple[str, ...]

    @classmethod
    def of(cls, release: str, part: Mapping[str, Any], roles: Sequence[str],
           email: bool = False, answers: Sequence[str] = ()) -> "Rules":
        """From the release's part "settings"; `answers` are keys that site.conf gives: what
        asks for one of them is not noted."""
        rows = [_rule(name, row) for name, row in part["rules"].items()]
        rows = [replace(row, note="") if row.note_unless in answers else row for row in rows]
        return cls(release, tuple(roles),
                   tuple(row for row in rows if set(row.roles) & set(roles)
                         and (row.only_with != "email" or email)),
                   tuple(part["secret"]))

    def kind(self, *kinds: str) -> List[Rule]:
        return [row for row in self.rows if row.kind in kinds]

    def is_secret(self, name: str) -> bool:
        """The name's value must not be shown."""
        return _any_of(self.secret).search(name.upper()) is not None

    def names(self) -> FrozenSet[str]:
        """Every name that a row is about."""
        found = {name for row in self.rows
                 for name in (row.name, row.to, *row.names, *row.near, *row.derive)}
        return frozenset(found - {""})

    def old_names(self) -> FrozenSet[str]:
        """The names that become others."""
        return frozenset(row.name for row in self.kind(RENAME))


@cache
def _any_of(words: Tuple[str, ...]) -> "Pattern[str]":
    return re.compile("|".join(map(re.escape, words)) or r"\Z.")


def _rule(name: str, row: Mapping[str, Any]) -> Rule:
    return Rule(id=name, **{key: tuple(value) if isinstance(value, list) else value
                            for key, value in row.items()})


@dataclass
class Given:
    """What the site gives: base URLs and tokens by component, [email] by key."""

    base_urls: Dict[str, str] = field(default_factory=dict)
    email: Mapping[str, Any] = field(default_factory=dict)
    tokens: Dict[str, str] = field(default_factory=dict)
    registered: Dict[str, str] = field(default_factory=dict)    # 0.13's URL by component

    def value(self, rule: Rule) -> Any:
        """The rule's value, or None when it is not given."""
        source, _, key = rule.value.partition(":")
        found: Any = None
        if source == "base_url":
            found = self.base_urls.get(key)
        elif source == "origin" and self.base_urls.get(key):
            found = "%s://%s" % urlsplit(self.base_urls[key])[:2]
        elif source == "token":
            found = self.tokens.get(key)
        elif source == "email":
            found = self.email.get(key)
        if found is None or found == "":
            return None
        if rule.shape == "people":
            return people(found)
        if rule.shape == "url":
            return found.rstrip("/") + rule.suffix
        return found


_PERSON = re.compile(r"\s*\"?([^<>\"]*?)\"?\s*<\s*([^<>\s]+@[^<>\s]+)\s*>\s*\Z")


def people(found: Any) -> Tuple[Tuple[str, str], ...]:
    """`Name <address>` or a bare address, one or several, as ((name, address), ...)."""
    items = found if isinstance(found, (list, tuple)) else [found]
    return tuple(_person(item) for item in items if item.strip())


def _person(text: str) -> Tuple[str, str]:
    match = _PERSON.match(text)
    if match:
        return match.group(1) or match.group(2).split("@")[0], match.group(2)
    bare = text.strip()
    if re.match(r"[^@\s<>]+@[^@\s<>]+\Z", bare):
        return bare.split("@")[0], bare
    raise Usage("no mail address: %s (write it as: Name <name@example.org>)" % text)


def same(rule: Rule, one: Any, other: Any) -> bool:
    """Equal for Synnefo: a slash at the end of a base URL means nothing to it."""
    if rule.shape == "url" and isinstance(one, str) and isinstance(other, str):
        return one.rstrip("/") == other.rstrip("/")
    if rule.shape == "people":
        return _pairs(one) == _pairs(other)
    return bool(one == other) and type(one) is type(other)


def _pairs(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return value
    return tuple(tuple(item) if isinstance(item, (list, tuple)) else item for item in value)


def stripped(value: Any, suffix: str) -> Any:
    """Text without the suffix (and slashes around it) at its end; anything else as it is."""
    if not suffix or not isinstance(value, str):
        return value
    bare = value.rstrip("/")
    return bare[:-len(suffix)].rstrip("/") if bare.endswith(suffix) else value


def literal(value: Any) -> str:
    """The value as Python 2 source in ASCII; text becomes the bytes of its UTF-8."""
    return ascii(_bytes(value))


def _bytes(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8").decode("latin-1")
    if isinstance(value, (tuple, list)):
        return type(value)(_bytes(item) for item in value)
    if isinstance(value, dict):
        return {_bytes(key): _bytes(item) for key, item in value.items()}
    return value
