"""What stands around a node's settings: who reads them, files of the web servers, packages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Iterable, Iterator, Mapping, Optional, Tuple

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.node.base import Stat
    from snftools.settings.directory import SettingsDir

BIGGEST = 1000000          # bytes of a web server's file that are looked at
_ACCOUNTS = ("/etc/passwd", "/etc/group")
_OLD = ("~", ".bak", ".old", ".orig", ".save", ".example", ".dpkg-old", ".dpkg-dist",
        ".dpkg-new", ".dpkg-bak", ".dpkg-tmp")


@dataclass(frozen=True)
class Reader:
    """The account that executes the settings (www-data)."""

    name: str
    uid: int
    gids: FrozenSet[int]

    def may(self, stat: "Stat", bits: int) -> bool:
        """Whether owner, group and mode give the account all of `bits` (4 read, 1 enter)."""
        if not self.uid:
            return True
        shift = 6 if stat.uid == self.uid else 3 if stat.gid in self.gids else 0
        return (stat.mode >> shift) & bits == bits


@dataclass(frozen=True)
class Around:
    """`web`: the text of each file that was read; `unread`: (path, why) of the others."""

    web: Mapping[str, str] = field(default_factory=dict)
    unread: Tuple[Tuple[str, str], ...] = ()
    stats: Mapping[str, "Stat"] = field(default_factory=dict)
    reader: Optional[Reader] = None
    packages: FrozenSet[str] = frozenset()


def look(node: "Node", directory: "SettingsDir", conf: Mapping[str, Any],
         packages: Iterable[str]) -> Around:
    """Ask the node. What it cannot tell is left out, what it refuses is in `unread`."""
    with node.glance([*conf["web_files"], directory.path, *_ACCOUNTS]):
        return _look(node, directory, conf, packages)


def _look(node: "Node", directory: "SettingsDir", conf: Mapping[str, Any],
          packages: Iterable[str]) -> Around:
    web: Dict[str, str] = {}
    unread = []
    for path in _web_paths(node, conf["web_files"]):
        text, why = _text(node, path)
        if why:
            unread.append((path, why))
        else:
            web[path] = text
    stats = {}
    for path in [directory.path, *map(directory.file_path,
                                      (source.name for source in directory.files))]:
        try:
            found = node.stat(path)
        except OSError:
            continue
        if found is not None:
            stats[path] = found
    return Around(web, tuple(unread), stats, _reader(node, conf["reader"]), frozenset(packages))


def _web_paths(node: "Node", paths: Iterable[str]) -> Iterator[str]:
    """The files that these paths are or hold, without those that no server reads."""
    for path in paths:
        try:
            found = node.stat(path)
            names = node.list(path) if found is not None and found.kind == "dir" else None
        except OSError:
            yield path        # reading it tells why
            continue
        if found is not None and names is None:
            yield path
        for name in names or ():
            ignored = name.startswith(".") or name.endswith(_OLD)
            if not ignored and not (path.endswith("/gunicorn.d") and "." in name):
                yield path + "/" + name


def _text(node: "Node", path: str) -> Tuple[str, str]:
    """(text, "") of a file, or ("", why it was not read); directories and the like are empty."""
    try:
        found = node.stat(path)
        if found is None or found.kind != "file":
            return "", ""
        if found.size > BIGGEST:
            return "", "it has %d bytes" % found.size
        return node.read(path).decode("latin-1"), ""
    except FileNotFoundError:
        return "", ""
    except OSError as error:
        return "", error.strerror or str(error)


def _reader(node: "Node", name: str) -> Optional[Reader]:
    """The account by the node's own files; None where they do not know it."""
    try:
        people, groups = (node.read(path).decode("latin-1").splitlines() for path in _ACCOUNTS)
    except OSError:
        return None
    for fields in (line.split(":") for line in people):
        if fields[0] == name and len(fields) > 3 and fields[2].isdigit() and fields[3].isdigit():
            gids = {int(fields[3])}
            for group in (line.split(":") for line in groups):
                if len(group) > 3 and group[2].isdigit() and name in group[3].split(","):
                    gids.add(int(group[2]))
            return Reader(name, int(fields[2]), frozenset(gids))
    return None
