"""One pass over the settings files: faults, places of names, and the namespace they leave."""

from __future__ import annotations

import fnmatch
import gc
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Dict, FrozenSet, Iterator, List, Optional, Pattern, Set, Tuple

from snftools.settings.lexer import COMMENT, NAME, STRING, Token
from snftools.settings.names import NAMESPACES, Bound
from snftools.settings.namespace import Namespace
from snftools.settings.source import Source
from snftools.settings.statements import Statement

CODE = frozenset(["exec", "eval", "execfile"]) | NAMESPACES


@dataclass(frozen=True)
class Place:
    """A binding or a use of a name, and the file in which it stands."""

    source: Source
    token: Token
    bound: Optional[Bound] = None

    @property
    def where(self) -> str:
        """FILE:LINE."""
        return "%s:%d" % (self.source.name, self.token.line)


Held = Tuple[str, Statement, Tuple[str, ...]]       # file, statement, names that it binds


@dataclass
class Scan:
    """What a pass found. Places are kept of watched names; of others, the files alone."""

    watched: FrozenSet[str]
    faults: List[Tuple[str, str]] = field(default_factory=list)
    opaque: List[Place] = field(default_factory=list)
    quoted: List[Place] = field(default_factory=list)   # comments and strings with watched names
    coded: List[Place] = field(default_factory=list)    # strings with them that may be code
    holding: Optional[Pattern[str]] = None
    held: List[Held] = field(default_factory=list)      # statements with a string that has it
    files: Tuple[Source, ...] = ()
    names: Set[str] = field(default_factory=set)        # every name that some file binds
    namespace: Namespace = field(default_factory=Namespace)
    _bound: Dict[str, List[Place]] = field(default_factory=dict)
    _used: Dict[str, List[Place]] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Tuple[Source, ...], watched: FrozenSet[str],
           holding: Optional[Pattern[str]] = None) -> "Scan":
        """Read the files in order."""
        scan = cls(watched, files=files, holding=holding)
        for name in watched:
            scan._bound[name], scan._used[name] = [], []
        collecting = gc.isenabled()
        gc.disable()       # millions of tokens, and no cycle among them
        try:
            for source in files:
                scan._file(source)
        finally:
            if collecting:
                gc.enable()
        return scan

    def _file(self, source: Source) -> None:
        self.faults += [("%s:%d" % (source.name, line), what) for line, what in source.faults]
        for statement, names in zip(source.statements, source.names):
            for item in names.bound:
                self.names.add(item.name)
                if item.name in self.watched:
                    self._bound[item.name].append(Place(source, item.token, item))
            for token in names.used:
                if token.text in self.watched:
                    self._used[token.text].append(Place(source, token))
            if names.opaque:
                self.opaque.append(Place(source, statement.tokens[0]))
        self.namespace.execute(source)
        if self._words.search(source.data):
            self._mentions(source)
        if self.holding and self.holding.search(source.text):
            self._hold(source, self.holding)

    def _hold(self, source: Source, holding: Pattern[str]) -> None:
        for statement, names in zip(source.statements, source.names):
            if any(token.kind == STRING and holding.search(token.text)
                   for token in statement.tokens):
                self.held.append((source.name, statement,
                                  tuple(bound.name for bound in names.bound)))

    @cached_property
    def _words(self) -> "Pattern[bytes]":
        return re.compile(rb"\b(?:%s)\b" % (
            b"|".join(sorted(name.encode() for name in self.watched)) or rb"\Z."))

    def _mentions(self, source: Source) -> None:
        found = [token for token in source.tokens if token.kind in (COMMENT, STRING)
                 and self._words.search(token.text.encode("latin-1"))]
        self.quoted += [Place(source, token) for token in found]
        strings = {token.start for token in found if token.kind == STRING}
        for statement in source.statements if strings else ():
            if any(token.kind == NAME and token.text in CODE for token in statement.tokens):
                self.coded += [Place(source, token) for token in statement.tokens
                               if token.start in strings]

    def bindings(self, name: str) -> List[Place]:
        """Where the name is bound."""
        if name not in self._bound:
            self._bound[name] = [
                Place(source, item.token, item) for source in self._with(name)
                for item in source.bound() if item.name == name]
        return list(self._bound[name])

    def uses(self, name: str) -> List[Place]:
        """Where the name's value is used."""
        if name not in self._used:
            self._used[name] = [
                Place(source, token) for source in self._with(name)
                for names in source.names for token in names.used if token.text == name]
        return list(self._used[name])

    def words(self, pattern: str) -> Set[str]:
        """The words in the files that fit a shell pattern, names or not."""
        wanted = re.compile(fnmatch.translate(pattern))
        return {word for source in self.files for word in _WORD.findall(source.text)
                if wanted.match(word)}

    def _with(self, name: str) -> Iterator[Source]:
        """The files in whose text the name stands at all."""
        return (source for source in self.files if name.encode() in source.data)


_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
