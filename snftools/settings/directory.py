"""The settings of a node as Synnefo reads them (SOURCE 1.1).

Every regular file, or symlink to one, whose name ends in `.conf`, dotfiles too, in ASCII order,
executed into one namespace.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Optional, Tuple

from snftools.errors import Failed
from snftools.settings.lexer import Token
from snftools.settings.names import Bound
from snftools.settings.namespace import Namespace
from snftools.settings.source import Source, parse
from snftools.settings.values import UNSET, NotEvaluated, Unknown, present

if TYPE_CHECKING:
    from snftools.node import Node

DEFAULT_PATH = "/etc/synnefo"


@dataclass(frozen=True)
class Place:
    """A binding or a use of a name, and the file in which it stands."""

    source: Source
    token: Token
    bound: Optional[Bound] = None

    @property
    def where(self) -> str:
        return "%s:%d" % (self.source.name, self.token.line)


@dataclass(frozen=True)
class SettingsDir:
    """The settings files of one node, in the order in which they are executed."""

    path: str
    files: Tuple[Source, ...]
    node: str = ""

    @classmethod
    def read(cls, node: "Node", path: str = DEFAULT_PATH) -> "SettingsDir":
        """Read the node's files. Failed when the directory or a file cannot be read."""
        return cls.of(path, _read(node, path), node.name)

    @classmethod
    def of(cls, path: str, files: Iterable[Tuple[str, bytes]], node: str = "") -> "SettingsDir":
        """The same from files at hand, as (name, bytes)."""
        named = sorted((name, data) for name, data in files if name.endswith(".conf"))
        return cls(path.rstrip("/") or "/", tuple(parse(name, data) for name, data in named), node)

    def file_path(self, name: str) -> str:
        return self.path.rstrip("/") + "/" + name

    def source(self, name: str) -> Optional[Source]:
        return next((source for source in self.files if source.name == name), None)

    def replaced(self, contents: Dict[str, bytes]) -> "SettingsDir":
        """The directory as it would be with these files in it."""
        known = {source.name: source.data for source in self.files}
        known.update(contents)
        return self.of(self.path, known.items(), self.node)

    @cached_property
    def _bound(self) -> Dict[str, List[Place]]:
        result: Dict[str, List[Place]] = {}
        for source in self.files:
            for item in source.bound():
                result.setdefault(item.name, []).append(Place(source, item.token, item))
        return result

    @cached_property
    def _used(self) -> Dict[str, List[Place]]:
        result: Dict[str, List[Place]] = {}
        for source in self.files:
            for names in source.names:
                for token in names.used:
                    result.setdefault(token.text, []).append(Place(source, token))
        return result

    @cached_property
    def _namespace(self) -> Namespace:
        return Namespace().run(self.files)

    def bindings(self, name: str) -> List[Place]:
        """Where the name is bound, in whatever way, in the order of execution."""
        return list(self._bound.get(name, ()))

    def uses(self, name: str) -> List[Place]:
        """Where the name's value is used."""
        return list(self._used.get(name, ()))

    def names(self) -> List[str]:
        """Every name that some file binds."""
        return sorted(self._bound)

    def has(self, name: str) -> bool:
        """Some file binds the name."""
        return name in self._bound

    def faults(self) -> Iterator[Tuple[str, str]]:
        """(FILE:LINE, what) of all that stops Synnefo from executing the files."""
        for source in self.files:
            for line, what in source.faults:
                yield "%s:%d" % (source.name, line), what

    def where(self, name: str) -> str:
        """FILE:LINE of what set the name last, "" when no file does."""
        return self._namespace.places.get(name, "")

    def value(self, name: str, default: Any = UNSET) -> Any:
        """The effective value of a setting.

        `default` is for a name that no file sets. Raises NotEvaluated where the value cannot be
        known, and for every name when a file cannot be read as Python 2: Synnefo itself would
        stop there.
        """
        for where, why in self.faults():
            raise NotEvaluated(self.file_path(where), why)
        value = self._namespace.values.get(name, UNSET)
        if value is UNSET:
            if default is UNSET:
                raise NotEvaluated(self.path, "%s is set in no file" % name)
            return default
        if isinstance(value, Unknown):
            raise NotEvaluated(self.file_path(self.where(name)), "%s: %s" % (name, value))
        return present(value)


def _read(node: "Node", path: str) -> Iterator[Tuple[str, bytes]]:
    try:
        names = sorted(name for name in node.list(path) if name.endswith(".conf"))
    except OSError as error:
        raise Failed("the settings directory %s cannot be listed" % path, node=node.name,
                     why=str(error.strerror or error),
                     next="look at it as root, or name another with --settings-dir") from error
    for name in names:
        full = path.rstrip("/") + "/" + name
        try:
            found = node.stat(full)     # of what a symlink leads to, as Synnefo's isfile() is
            if found is None or found.kind != "file":
                continue
            yield name, node.read(full)
        except OSError as error:
            raise Failed("the settings file %s cannot be read" % full, node=node.name,
                         why=str(error.strerror or error)) from error
