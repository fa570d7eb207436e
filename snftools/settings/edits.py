"""Edits of settings files: collected, shown, written all or none, and taken back."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Set, Tuple

from snftools.errors import Failed, Refused
from snftools.settings import masked
from snftools.settings.directory import SettingsDir
from snftools.settings.rules import Rules
from snftools.settings.source import Source, parse

if TYPE_CHECKING:
    from snftools.node import Node, Stat
    from snftools.state import UndoStore

WROTE = "settings-wrote"      # the undo store's record: path -> sha256 of what was written last
NEW_FILE_MODE = 0o640


@dataclass(frozen=True)
class Edit:
    """Bytes start to end of a file (offsets in its text) become `new`."""

    file: str
    line: int
    start: int
    end: int
    new: str
    rule: str
    name: str
    before: str = ""        # what a person may see of the old and the new
    after: str = ""

    def as_dict(self, path: str) -> Dict[str, Any]:
        return {"file": path, "line": self.line, "rule": self.rule, "name": self.name,
                "old": self.before, "new": self.after}


@dataclass
class EditSet:
    """All edits of one node's settings (live while the rules add to it)."""

    directory: SettingsDir
    rules: Rules
    edits: List[Edit] = field(default_factory=list)
    _known: Set[Edit] = field(default_factory=set)

    def add(self, edit: Edit) -> None:
        """One more edit; the same one twice is one."""
        if edit not in self._known:
            self._known.add(edit)
            self.edits.append(edit)

    def changed(self) -> Dict[str, List[Edit]]:
        """The edits by file."""
        result: Dict[str, List[Edit]] = {}
        for edit in self.edits:
            result.setdefault(edit.file, []).append(edit)
        return result

    def contents(self) -> Dict[str, bytes]:
        """The files that change, by name, as they will be."""
        result = {}
        for name, edits in sorted(self.changed().items()):
            source = self.directory.source(name)
            old = source.text if source else ""
            new = _applied(old, edits)
            if source is None or new != old:
                result[name] = new.encode("latin-1")
        return result

    def stage(self) -> SettingsDir:
        """The settings as they will be."""
        return self.directory.replaced(self.contents())

    def diff(self) -> List[str]:
        """A unified diff with the secrets masked."""
        lines: List[str] = []
        for name, data in self.contents().items():
            path = self.directory.file_path(name)
            old = self.directory.source(name) or parse(name, b"")
            lines += difflib.unified_diff(
                _shown(old, self.rules), _shown(parse(name, data), self.rules),
                path, path + " (new)", lineterm="")
        return lines

    def apply(self, node: "Node", undo: "UndoStore") -> List[str]:
        """Write all files or none; returns their paths.

        Each is read again and must be what was planned. Refused when a file is not what it was
        when it was read; Failed when one cannot be written: those already written are put back.
        """
        contents = self.contents()
        for name in contents:
            self._still_the_same(node, name)
        wrote = dict(undo.load(node.name, WROTE) or {})
        done: List[str] = []
        for name, data in contents.items():
            path = self.directory.file_path(name)
            source = self.directory.source(name)
            stat = node.stat(path)
            model = stat or self._model(node)
            _keep(undo, node, path, source, stat)
            wrote[path] = _sha(data)
            undo.replace(node.name, WROTE, wrote)
            try:
                self._still_the_same(node, name)
                done.append(name)
                _write(node, path, data, None if stat else model)
            except (OSError, Failed, Refused) as error:
                self._put_back(node, done)
                why = getattr(error, "strerror", None) or str(error)
                raise Failed("%s was not written" % path, node=node.name, why=why,
                             unchanged="all settings files (what was written is put back)",
                             next="mend it, then run the command again") from error
        return [self.directory.file_path(name) for name in contents]

    def _still_the_same(self, node: "Node", name: str) -> None:
        path = self.directory.file_path(name)
        source = self.directory.source(name)
        if _content(node, path) != (source.data if source else None):
            raise Refused("%s was changed while it was being edited" % path, node=node.name,
                          unchanged="all settings files", next="run the command again")

    def _model(self, node: "Node") -> Optional["Stat"]:
        for source in self.directory.files:
            return node.stat(self.directory.file_path(source.name))
        return node.stat(self.directory.path)

    def _put_back(self, node: "Node", names: List[str]) -> None:
        for name in names:
            path = self.directory.file_path(name)
            source = self.directory.source(name)
            if _content(node, path) == (source.data if source else None):
                continue
            if source is None:
                node.remove(path)
            else:
                node.write(path, source.data)


def _applied(text: str, edits: List[Edit]) -> str:
    parts, position = [], 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        if edit.start < position:
            raise ValueError("two edits of the same place: %s" % edit.file)
        parts += [text[position:edit.start], edit.new]
        position = edit.end
    return "".join(parts) + text[position:]


def _shown(source: Source, rules: Rules) -> List[str]:
    text = masked.shown(source, rules).encode("latin-1").decode("utf-8", "backslashreplace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _content(node: "Node", path: str) -> Optional[bytes]:
    try:
        return node.read(path)
    except FileNotFoundError:
        return None


def _keep(undo: "UndoStore", node: "Node", path: str, source: Optional[Source],
          stat: Optional["Stat"]) -> None:
    if source is None or stat is None:
        undo.keep_file(node.name, path, None)
    else:
        undo.keep_file(node.name, path, source.data, stat.mode, stat.uid, stat.gid)


def _write(node: "Node", path: str, data: bytes, model: Optional["Stat"]) -> None:
    """`model`: whose owner a new file gets (a directory's mode is not a file's)."""
    if model is None:
        node.write(path, data)
    else:
        mode = model.mode if model.kind == "file" else NEW_FILE_MODE
        node.write(path, data, mode=mode, owner=(model.uid, model.gid))
    if _content(node, path) != data:
        raise Failed("%s holds something else than was written" % path, node=node.name)


def undo_changes(node: "Node", store: "UndoStore", check: bool = False) -> List[str]:
    """Put back the bytes from before the ID's first change; returns the paths (to be) changed.

    Refused when a file is neither as the ID left it nor as it was before: somebody changed it.
    """
    wrote: Dict[str, str] = store.load(node.name, WROTE) or {}
    todo: List[Tuple[str, Dict[str, Any]]] = []
    for path, kept in sorted(store.kept_files(node.name).items()):
        if path not in wrote:
            continue
        now = _content(node, path)
        if now == kept["data"]:
            continue
        if now is None or _sha(now) != wrote[path]:
            raise Refused("%s was changed since %s" % (path, store.id), node=node.name,
                          unchanged="all settings files",
                          next="compare it by hand; its old bytes are kept in " + store.directory)
        todo.append((path, kept))
    for path, kept in [] if check else todo:
        if kept["data"] is None:
            node.remove(path)
        else:
            node.write(path, kept["data"], mode=kept["mode"], owner=(kept["uid"], kept["gid"]))
        if _content(node, path) != kept["data"]:
            raise Failed("%s was not put back" % path, node=node.name)
    return [path for path, _ in todo]
