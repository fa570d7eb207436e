"""Settings for a rehearsal: a file of its own with the last word on every outward address.

The live site's files stay byte for byte: what the release's rules find in them, they find on the
real site too.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Set, Tuple

from snftools.settings.directory import SettingsDir
from snftools.settings.rules import literal
from snftools.settings.values import NotEvaluated, Unknown, present

# Sorts behind what begins with a letter or a digit: files are executed in ASCII order.
FILE = "~snf-rehearsal.conf"
_ADDRESS = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)([^\s/'\"?#,;]+)")
_HEADER = "# Made by snf-upgrade rehearse: nothing of the live site is reached from here.\n"


@dataclass(frozen=True)
class Outward:
    """A setting that leads out of the rehearsal, and where the live files set it."""

    name: str
    what: str
    where: str

    def as_dict(self) -> Dict[str, str]:
        """For --json."""
        return {"name": self.name, "what": self.what, "where": self.where}


@dataclass
class Neutral:
    """What a node's settings become (live while it is made); `live` are (FILE:LINE, why) of
    what can't be followed."""

    values: Dict[str, Any] = field(default_factory=dict)
    told: List[Outward] = field(default_factory=list)
    stays: List[str] = field(default_factory=list)
    live: List[Tuple[str, str]] = field(default_factory=list)

    def text(self) -> bytes:
        """The file's content."""
        lines = ["%s = %s\n" % item for item in sorted(
            (name, literal(value)) for name, value in self.values.items())]
        return (_HEADER + "".join(lines)).encode("ascii")


def neutral(directory: SettingsDir, part: Mapping[str, Any], given: Mapping[str, Any],
            base: Set[str]) -> Neutral:
    """The overrides for one node, proven on the staged files.

    `given`: names with the value that they get (those of databases); `base`: HOST[:PORT] of the
    base URLs, which stay.  Raises NotEvaluated when the files are no Python 2.
    """
    found = Neutral()
    for name, value in given.items():
        _override(found, directory, name, "the databases", value)
    for name, row in part["settings"].items():
        if row["always"] or (directory.has(name) and _leads(directory, name, row["begins"])):
            _override(found, directory, name, row["what"], ast.literal_eval(row["value"]))
    for name in directory.names():
        if name not in found.values:
            _unlisted(found, directory, name, base, part["host"])
    _prove(found, directory, base, part["host"])
    return found


def _leads(directory: SettingsDir, name: str, beginning: str) -> bool:
    """Whether the value begins so; one that is not known may."""
    value = directory.scan.namespace.values.get(name)
    return not isinstance(value, str) or value.startswith(beginning)


def _override(found: Neutral, directory: SettingsDir, name: str, what: str, value: Any) -> None:
    found.values[name] = value
    found.told.append(Outward(name, what, directory.where(name)))


def _unlisted(found: Neutral, directory: SettingsDir, name: str, base: Set[str],
              host: str) -> None:
    """A setting that the release does not list: its addresses are looked at."""
    value = directory.scan.namespace.values.get(name)
    if isinstance(value, Unknown):
        return
    outward = [address for address in addresses(value) if address not in base]
    if outward:
        _override(found, directory, name, "an address", _without(present(value), base, host))
    elif list(addresses(value)):
        found.stays.append(name)


def addresses(value: Any) -> Iterator[str]:
    """HOST[:PORT] of each address in a value, without user and password, in lower case."""
    if isinstance(value, str):
        for match in _ADDRESS.finditer(value):
            yield match.group(2).rpartition("@")[2].lower()
    elif isinstance(value, dict):
        for item in value.values():
            yield from addresses(item)
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from addresses(item)


def _without(value: Any, base: Set[str], host: str) -> Any:
    """The value with every outward host replaced."""
    def instead(match: "re.Match[str]") -> str:
        own = match.group(2).rpartition("@")[2].lower() in base
        return match.group() if own else match.group(1) + host
    if isinstance(value, str):
        return _ADDRESS.sub(instead, value)
    if isinstance(value, dict):
        return {key: _without(item, base, host) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return type(value)(_without(item, base, host) for item in value)
    return value


def _prove(found: Neutral, directory: SettingsDir, base: Set[str], host: str) -> None:
    """Read the files as they will be: each override holds, and no value is left unknown that
    may be made from a live address."""
    staged = SettingsDir.of(directory.path, [
        *((source.name, source.data) for source in directory.files), (FILE, found.text())],
        directory.node, found.values, _ADDRESS)
    for name, value in found.values.items():
        try:
            right = staged.value(name) == value
        except NotEvaluated as unknown:
            if staged.scan.faults:
                raise
            found.live.append((unknown.where.rpartition("/")[2], unknown.why))
            continue
        if not right:
            found.live.append((staged.where(name), "it has the last word on %s" % name))
    allowed = base | {address for value in found.values.values() for address in addresses(value)}
    known = staged.scan.namespace.values
    unknown_names = {name for name, value in known.items() if isinstance(value, Unknown)}
    for where, names, text in _suspects(staged, found.values):
        hit = sorted(unknown_names & set(names))
        if hit and any(address not in allowed for address in addresses(text)):
            found.live.append((where, "%s is computed, from an address" % hit[0]))
        elif hit and not text:
            found.live.append((where, "%s is computed from a setting that leads out" % hit[0]))


def _suspects(staged: SettingsDir, overridden: Mapping[str, Any]
              ) -> Iterator[Tuple[str, Tuple[str, ...], str]]:
    """(FILE:LINE, names bound there, text with addresses or, where an outward setting is used,
    nothing)."""
    for file, statement, names in staged.scan.held:
        yield ("%s:%d" % (file, statement.line), names,
               " ".join(token.text for token in statement.tokens))
    for name in overridden:
        for place in staged.uses(name):
            for used in place.source.names:
                if any(token is place.token for token in used.used):
                    yield place.where, tuple(bound.name for bound in used.bound), ""
