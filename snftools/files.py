"""The one way in which a file of this machine is changed.

A temporary file in the same directory, owner and mode of the old one, write, fsync, rename,
fsync of the directory; a symlink's target is edited.  (Files of another node are changed by
`Node.write`, which does the same with what that node has.)
"""

from __future__ import annotations

import os
import stat
import tempfile
from typing import Optional

from snftools import failpoint

TEMPORARY_SUFFIX = ".snf-new"  # never ".conf": Synnefo would execute it


def write_atomic(path: str, data: bytes, mode: Optional[int] = None,
                 uid: Optional[int] = None, gid: Optional[int] = None) -> None:
    """Replace or make a file so that a crash leaves the old or the new content, whole.

    `mode`, `uid` and `gid` default to those of the old file, else 0600 and the caller's.
    Raises OSError; the old file is then as it was and nothing is left beside it.
    """
    target = os.path.realpath(path)
    old = _stat_or_none(target)
    if old is not None and not stat.S_ISREG(old.st_mode):
        raise IsADirectoryError(21, "not a regular file", path)
    directory = os.path.dirname(target)
    failpoint.reach("file.before:" + target)
    handle, temporary = tempfile.mkstemp(
        prefix="." + os.path.basename(target)[:100] + ".", suffix=TEMPORARY_SUFFIX, dir=directory)
    try:
        with os.fdopen(handle, "wb") as stream:
            _copy_identity(stream.fileno(), old, mode, uid, gid)
            stream.write(data)
            stream.flush()
            failpoint.reach("file.written:" + target)
            os.fsync(stream.fileno())
        failpoint.reach("file.synced:" + target)
        os.rename(temporary, target)
    except BaseException:
        _remove_quietly(temporary)
        raise
    failpoint.reach("file.renamed:" + target)
    fsync_directory(directory)


def append_line(path: str, line: bytes) -> None:
    """Append one line and make it durable (one write, one fsync)."""
    created = not os.path.exists(path)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        data = line.rstrip(b"\n") + b"\n"
        failpoint.reach("line.before:" + path)
        while data:
            data = data[os.write(handle, data):]
        failpoint.reach("line.written:" + path)
        os.fsync(handle)
    finally:
        os.close(handle)
    if created:
        fsync_directory(os.path.dirname(os.path.abspath(path)))


def make_private_directory(path: str) -> None:
    """Make a directory (and its parents) that only its owner may enter (0700), durably."""
    missing = []
    place = os.path.abspath(path)
    while not os.path.isdir(place) and os.path.dirname(place) != place:
        missing.append(place)
        place = os.path.dirname(place)
    os.makedirs(path, mode=0o700, exist_ok=True)
    for place in reversed(missing):
        fsync_directory(os.path.dirname(place))


def fsync_directory(path: str) -> None:
    """Make the names in a directory durable."""
    handle = os.open(path or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_identity(handle: int, old: Optional[os.stat_result], mode: Optional[int],
                   uid: Optional[int], gid: Optional[int]) -> None:
    """Give the new file the old one's owner and mode, or those asked for."""
    wanted_uid = uid if uid is not None else (old.st_uid if old else -1)
    wanted_gid = gid if gid is not None else (old.st_gid if old else -1)
    if (wanted_uid, wanted_gid) != (-1, -1):
        new = os.fstat(handle)
        if (wanted_uid not in (-1, new.st_uid)) or (wanted_gid not in (-1, new.st_gid)):
            os.fchown(handle, wanted_uid, wanted_gid)
    if mode is None:
        mode = stat.S_IMODE(old.st_mode) if old else 0o600
    os.fchmod(handle, mode)


def _stat_or_none(path: str) -> Optional[os.stat_result]:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _remove_quietly(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
