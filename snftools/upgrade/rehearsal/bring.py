"""The live settings on a spare machine, its databases the copies, its outward addresses gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Sequence, Tuple
from urllib.parse import quote, urlencode

from snftools.errors import Invalid, Refused
from snftools.report import Finding
from snftools.settings import outward
from snftools.settings.directory import DEFAULT_PATH, SettingsDir, read_files
from snftools.settings.edits import Edit, EditSet
from snftools.settings.rules import Rules
from snftools.settings.values import NotEvaluated
from snftools.settings.writing import write_all

if TYPE_CHECKING:
    from snftools.database.params import Params
    from snftools.node import Node
    from snftools.state import UndoStore

CHECK = "rehearsal-outward"


@dataclass(frozen=True)
class Brought:
    """What a spare's settings will be: every file, and what is said of the outward ones."""

    node: "Node"
    files: Dict[str, bytes]
    neutral: outward.Neutral

    def as_dict(self) -> Dict[str, Any]:
        """For --json."""
        return {"neutralized": [one.as_dict() for one in self.neutral.told],
                "stays": self.neutral.stays}


def plan(live: Sequence["Node"], spare: "Node", part: Mapping[str, Any],
         copies: Mapping[str, "Params"], base: Sequence[str]) -> Brought:
    """What the spare gets from the live nodes that it stands for.

    `copies`: how each database's copy is reached, by the live name.  Refused (3) when two nodes
    have a file of one name with different content, Invalid (78) for no Python 2.
    """
    found: Dict[str, Tuple[str, bytes]] = {}
    for node in live:
        for name, data in read_files(node, DEFAULT_PATH):
            if name in found and found[name][1] != data:
                raise Refused("%s and %s can't share a spare: %s/%s differs"
                              % (found[name][0], node.name, DEFAULT_PATH, name),
                              node=spare.name, unchanged="everything",
                              next="--map %s=ANOTHER-HOST" % node.name)
            found[name] = (node.name, data)
    contents = {name: data for name, (_, data) in found.items() if name != outward.FILE}
    settings = SettingsDir.of(DEFAULT_PATH, contents.items(), live[0].name, (), None)
    try:
        neutral = outward.neutral(settings, part, _databases(settings, part["databases"], copies),
                                  set(base))
    except NotEvaluated as error:
        raise Invalid("the settings can't be evaluated", node=live[0].name, why=str(error),
                      unchanged="everything")
    return Brought(spare, {**contents, outward.FILE: neutral.text()}, neutral)


def findings(brought: Brought, live: str) -> List[Finding]:
    """What can't be followed: nothing is written then."""
    return [Finding(CHECK, "error", why, live, "%s/%s" % (DEFAULT_PATH, where),
                    "a rehearsal must not reach a live address",
                    "write it as one plain assignment, NAME = value", 3)
            for where, why in brought.neutral.live]


def _databases(settings: SettingsDir, names: Mapping[str, Any], copies: Mapping[str, "Params"]
               ) -> Dict[str, Any]:
    """The values of the settings that name databases, as far as they are set."""
    from snftools.database.params import from_django, from_url
    found: Dict[str, Any] = {}
    for name in names["django"]:
        value = settings.value(name, None)
        if value:
            found[name] = {alias: _django(row, _copy(copies, from_django(row).dbname, name))
                           for alias, row in value.items()}
    for name in names["urls"]:
        value = settings.value(name, None)
        if value:
            found[name] = _url(_copy(copies, from_url(value).dbname, name))
    return found


def _copy(copies: Mapping[str, "Params"], dbname: str, name: str) -> "Params":
    if dbname not in copies:
        raise Refused("%s names a database that no role uses: %s" % (name, dbname),
                      unchanged="everything")
    return copies[dbname]


def _django(row: Mapping[str, Any], copy: "Params") -> Dict[str, Any]:
    """An entry of DATABASES; what it says of TLS was meant for the live server."""
    options = {key: value for key, value in (row.get("OPTIONS") or {}).items()
               if not str(key).startswith("ssl")}
    return {**row, "NAME": copy.dbname, "USER": copy.user, "PASSWORD": copy.password,
            "HOST": copy.host, "PORT": str(copy.port), "OPTIONS": options}


def _url(copy: "Params") -> str:
    words = {"host": copy.host} if copy.host.startswith("/") else {}
    if words and copy.port != 5432:
        words["port"] = str(copy.port)
    place = "" if words else "%s:%d" % (copy.host, copy.port)
    return "postgresql://%s:%s@%s/%s%s" % (
        quote(copy.user, ""), quote(copy.password, ""), place, quote(copy.dbname, ""),
        "?" + urlencode(words, safe="/") if words else "")


def write(brought: Brought, release: str, part: Mapping[str, Any], undo: "UndoStore") -> List[str]:
    """Make the spare's settings these; the paths that were written.

    What else the spare has there is emptied: it would be executed too.
    """
    directory = SettingsDir.read(brought.node)
    edits = EditSet(directory, Rules.of(release, part, brought.node.roles))
    known = {source.name: source.text for source in directory.files}
    for name, data in {**dict.fromkeys(known, b""), **brought.files}.items():
        old = known.get(name, "")
        if data.decode("latin-1") != old or name not in known:
            edits.add(Edit(name, 1, 0, len(old), data.decode("latin-1"), "rehearsal", name))
    return write_all(edits, brought.node, undo)
