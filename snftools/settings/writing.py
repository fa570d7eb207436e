"""Edited settings written all or none, proven by reading them again, and put back.

Whatever stops it (a kill, a full disk), each file is the old or the new one, whole, and the undo
store has had all old bytes since before the first write.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from snftools.errors import Failed, Refused, SnfError
from snftools.files import TEMPORARY_SUFFIX
from snftools.settings.directory import SettingsDir, read_files
from snftools.settings.edits import Edit, EditSet

if TYPE_CHECKING:
    from snftools.node import Node, Stat
    from snftools.state import UndoStore

WROTE = "settings-wrote"      # the undo store's record: path -> sha256 of all that was written
NEW_FILE_MODE = 0o640
_ROOM = ".snf-settings" + TEMPORARY_SUFFIX


def write_all(edits: EditSet, node: "Node", undo: "UndoStore") -> List[str]:
    """Write all files or none; returns their paths.

    Refused when a file is not what it was when it was read; Failed when one cannot be written:
    those already written are put back.
    """
    contents = edits.contents()
    if not contents:
        return []
    directory, changed = edits.directory, edits.changed()
    _still_the_same(directory, node)
    _make_room(directory, node, sum(map(len, contents.values())))
    stats = {name: node.stat(directory.file_path(name)) for name in contents}
    _keep(directory, node, undo, contents, stats)
    written: List[str] = []
    try:
        for name, data in contents.items():
            _write_one(directory, node, name, data, changed[name], stats[name], written)
    except BaseException as error:
        _put_back(directory, node, written, contents, undo, error)
        if isinstance(error, OSError):
            raise Failed("the settings were not written", node=node.name,
                         why="%s: %s" % (directory.file_path(name), error.strerror or error),
                         unchanged="all settings files (what was written is put back)",
                         next="mend it, then run the command again") from error
        raise
    return [directory.file_path(name) for name in contents]


def _write_one(directory: SettingsDir, node: "Node", name: str, data: bytes,
               edits: Sequence[Edit], stat: Optional["Stat"], written: List[str]) -> None:
    path, source = directory.file_path(name), directory.source(name)
    old = source.data if source else None
    now = _content(node, path)
    if now == data != old:
        return          # another name of a file that was written just now
    if now != old:
        raise _changed(path, node)
    written.append(name)
    if stat is not None:
        node.write(path, data)
    else:
        model = _model(directory, node)
        node.write(path, data, mode=model.mode if model.kind == "file" else NEW_FILE_MODE,
                   owner=(model.uid, model.gid))
    found = _content(node, path)
    if found is None or not proven(old or b"", found, edits):
        raise Failed("%s holds something else than was written" % path, node=node.name,
                     unchanged="all settings files (what was written is put back)",
                     next="look at the disk, then run the command again")


def proven(old: bytes, new: bytes, edits: Sequence[Edit]) -> bool:
    """`new` is `old` with these edits and not a byte besides."""
    position, at = 0, 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        for piece in (old[position:edit.start], edit.new.encode("latin-1")):
            if new[at:at + len(piece)] != piece:
                return False
            at += len(piece)
        position = edit.end
    return new[at:] == old[position:]


def _still_the_same(directory: SettingsDir, node: "Node") -> None:
    """The directory holds the very files that were planned on."""
    now = dict(read_files(node, directory.path))
    then = {source.name: source.data for source in directory.files}
    for name in sorted({*now, *then}):
        if now.get(name) != then.get(name):
            raise _changed(directory.file_path(name), node)


def _changed(path: str, node: "Node") -> Refused:
    return Refused("%s was changed while it was being edited" % path, node=node.name,
                   unchanged="all settings files", next="run the command again")


def _make_room(directory: SettingsDir, node: "Node", size: int) -> None:
    """Find a full disk or a directory that takes no file before anything is changed.

    Temporary files that a killed run left here are taken away; the node's lock is held.
    """
    try:
        for name in node.list(directory.path):
            if name.startswith(".") and name.endswith(TEMPORARY_SUFFIX):
                node.remove(directory.file_path(name))
        path = directory.file_path(_ROOM)
        try:
            node.write(path, b"\n" * size, mode=0o600)
        finally:
            node.remove(path)
    except OSError as error:
        raise Failed("no settings can be written in %s" % directory.path, node=node.name,
                     why=error.strerror or str(error), unchanged="all settings files",
                     next="mend it, then run the command again") from error


def _keep(directory: SettingsDir, node: "Node", undo: "UndoStore",
          contents: Dict[str, bytes], stats: Dict[str, Optional["Stat"]]) -> None:
    """Keep all old bytes, look once more, then say what is going to be written."""
    wrote: Dict[str, List[str]] = dict(undo.load(node.name, WROTE) or {})
    try:
        for name, data in contents.items():
            path, source, stat = directory.file_path(name), directory.source(name), stats[name]
            if source is None or stat is None:
                undo.keep_file(node.name, path, None)
            else:
                undo.keep_file(node.name, path, source.data, stat.mode, stat.uid, stat.gid)
            wrote[path] = [*wrote.get(path, []), _sha(data)]
        _still_the_same(directory, node)
        undo.replace(node.name, WROTE, wrote)
    except OSError as error:
        raise Failed("the old bytes can't be kept in %s" % undo.directory, node=node.name,
                     why=error.strerror or str(error), unchanged="all settings files",
                     next="mend it, then run the command again") from error


def _model(directory: SettingsDir, node: "Node") -> "Stat":
    """Whose owner a new file gets (a directory's mode is not a file's)."""
    beside = [directory.file_path(source.name) for source in directory.files[:1]]
    for path in [*beside, directory.path]:
        stat = node.stat(path)
        if stat is not None:
            return stat
    raise Failed("%s is gone" % directory.path, node=node.name, unchanged="all settings files")


def _put_back(directory: SettingsDir, node: "Node", written: Sequence[str],
              contents: Dict[str, bytes], undo: "UndoStore", cause: BaseException) -> None:
    left = []
    for name in written:
        path, source = directory.file_path(name), directory.source(name)
        try:
            now = _content(node, path)
            if now == (source.data if source else None):
                continue
            if source is None:
                node.remove(path)
            else:
                node.write(path, source.data)
        except (OSError, SnfError):
            left.append(path)
    if left:
        raise Failed("the settings were not written, and not all could be put back",
                     node=node.name, why=str(getattr(cause, "strerror", None) or cause),
                     unchanged="all settings files but " + ", ".join(left),
                     next="mend it, then: snf-settings-rename --node %s --undo %s"
                     % (node.name, undo.id)) from cause


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _content(node: "Node", path: str) -> Optional[bytes]:
    try:
        return node.read(path)
    except FileNotFoundError:
        return None


def undo_changes(node: "Node", store: "UndoStore", check: bool = False) -> List[str]:
    """Put back the bytes from before the ID's first change; returns the paths (to be) changed.

    Refused when a file is neither as the ID left it nor as it was before: somebody changed it.
    """
    wrote: Dict[str, List[str]] = store.load(node.name, WROTE) or {}
    for directory in [] if check else sorted({path.rpartition("/")[0] for path in wrote}):
        node.sweep(directory)
    todo: List[Tuple[str, Dict[str, Any]]] = []
    for path, kept in sorted(store.kept_files(node.name).items()):
        if path not in wrote:
            continue
        now = _content(node, path)
        if now == kept["data"]:
            continue
        if now is None or _sha(now) not in wrote[path]:
            raise Refused("%s was changed since %s" % (path, store.id), node=node.name,
                          unchanged="all settings files",
                          next="compare it by hand; its old bytes are kept in " + store.directory)
        todo.append((path, kept))
    done: List[str] = []
    for path, kept in [] if check else todo:
        try:
            _restore(node, path, kept)
        except OSError as error:
            raise Failed("%s was not put back" % path, node=node.name,
                         why=error.strerror or str(error),
                         unchanged="that file (put back: %s)" % (", ".join(done) or "none"),
                         next="mend it, then run the same line again") from error
        done.append(path)
    return [path for path, _ in todo]


def _restore(node: "Node", path: str, kept: Dict[str, Any]) -> None:
    if kept["data"] is None:
        node.remove(path)
    else:
        node.write(path, kept["data"], mode=kept["mode"], owner=(kept["uid"], kept["gid"]))
    if _content(node, path) != kept["data"]:
        raise Failed("%s was not put back" % path, node=node.name)
