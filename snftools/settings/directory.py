"""The settings of a node as Synnefo reads them (SOURCE 1.1).

Every regular file, or symlink to one, whose name ends in `.conf`, dotfiles too, in ASCII order,
executed into one namespace.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import (
    TYPE_CHECKING, Any, Dict, FrozenSet, Iterable, Iterator, List, Optional, Pattern, Tuple)

from snftools.errors import Failed
from snftools.settings.scan import Place, Scan
from snftools.settings.source import Source
from snftools.settings.values import UNSET, NotEvaluated, Unknown, present

if TYPE_CHECKING:
    from snftools.node import Node

DEFAULT_PATH = "/etc/synnefo"


@dataclass(frozen=True, eq=False)
class SettingsDir:
    """The settings files of one node, in the order in which they are executed.

    `watched`: names whose places are found in the one pass that is made over the files; those
    of other names are looked up when they are asked for. `holding`: statements with such text in a
    string are found in it as well.
    """

    path: str
    files: Tuple[Source, ...]
    node: str = ""
    watched: FrozenSet[str] = frozenset()
    holding: Optional[Pattern[str]] = None

    @classmethod
    def read(cls, node: "Node", path: str = DEFAULT_PATH,
             watch: Iterable[str] = (), holding: Optional[Pattern[str]] = None
             ) -> "SettingsDir":
        """Read the node's files. Failed when the directory or a file cannot be read."""
        return cls.of(path, read_files(node, path), node.name, watch, holding)

    @classmethod
    def of(cls, path: str, files: Iterable[Tuple[str, bytes]], node: str = "",
           watch: Iterable[str] = (), holding: Optional[Pattern[str]] = None
           ) -> "SettingsDir":
        """The same from files at hand, as (name, bytes)."""
        named = sorted((name, data) for name, data in files if name.endswith(".conf"))
        return cls(path.rstrip("/") or "/", tuple(Source(name, data) for name, data in named),
                   node, frozenset(watch), holding)

    def file_path(self, name: str) -> str:
        """The file's path on the node."""
        return self.path.rstrip("/") + "/" + name

    @cached_property
    def by_name(self) -> Dict[str, Source]:
        """The files by name."""
        return {source.name: source for source in self.files}

    def source(self, name: str) -> Optional[Source]:
        """One file, None when there is none of that name."""
        return self.by_name.get(name)

    def replaced(self, contents: Dict[str, bytes]) -> "SettingsDir":
        """The directory as it would be with these files in it."""
        known = {source.name: source.data for source in self.files}
        known.update(contents)
        return self.of(self.path, known.items(), self.node, self.watched)

    @cached_property
    def scan(self) -> Scan:
        """The one pass over all files."""
        return Scan.of(self.files, self.watched, self.holding)

    def bindings(self, name: str) -> List[Place]:
        """Where the name is bound, in whatever way, in the order of execution."""
        return self.scan.bindings(name)

    def uses(self, name: str) -> List[Place]:
        """Where the name's value is used."""
        return self.scan.uses(name)

    def names(self) -> List[str]:
        """Every name that some file binds."""
        return sorted(self.scan.names)

    def unknown(self) -> List[str]:
        """The names whose value the files' text does not tell."""
        return sorted(name for name, value in self.scan.namespace.values.items()
                      if isinstance(value, Unknown))

    def has(self, name: str) -> bool:
        """Some file binds the name."""
        return name in self.scan.names

    def faults(self) -> Iterator[Tuple[str, str]]:
        """(FILE:LINE, what) of all that stops Synnefo from executing the files."""
        return iter(self.scan.faults)

    def where(self, name: str) -> str:
        """FILE:LINE of what set the name last, "" when no file does."""
        return self.scan.namespace.places.get(name, "")

    def value(self, name: str, default: Any = UNSET) -> Any:
        """The effective value of a setting.

        `default` is for a name that no file sets. Raises NotEvaluated where the value cannot be
        known, and for every name when a file cannot be read as Python 2: Synnefo itself would
        stop there.
        """
        for where, why in self.faults():
            raise NotEvaluated(self.file_path(where), why)
        value = self.scan.namespace.values.get(name, UNSET)
        if value is UNSET:
            if default is UNSET:
                raise NotEvaluated(self.path, "%s is set in no file" % name)
            return default
        if isinstance(value, Unknown):
            raise NotEvaluated(self.file_path(self.where(name)), "%s: %s" % (name, value))
        return present(value)


def read_files(node: "Node", path: str) -> List[Tuple[str, bytes]]:
    """(name, bytes) of each settings file, in order. Failed when one cannot be read."""
    with node.glance([path]):
        try:
            names = sorted(name for name in node.list(path) if name.endswith(".conf"))
        except OSError as error:
            raise Failed("the settings directory %s cannot be listed" % path, node=node.name,
                         why=str(error.strerror or error), next="look at it as root, or name"
                         " another with --settings-dir") from error
        return list(_regular(node, path.rstrip("/"), names))


def _regular(node: "Node", path: str, names: Iterable[str]) -> Iterator[Tuple[str, bytes]]:
    """Those that are files, or links to one, as Synnefo's isfile() is."""
    for name in names:
        full = path + "/" + name
        try:
            found = node.stat(full)
            if found is not None and found.kind == "file":
                yield name, node.read(full)
        except OSError as error:
            raise Failed("the settings file %s cannot be read" % full, node=node.name,
                         why=str(error.strerror or error)) from error
