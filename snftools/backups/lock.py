"""The lock of a backup directory, and the private place for a password below it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import Iterator

from snftools import files
from snftools.database.params import Params
from snftools.errors import Failed, Locked

_PGPASS = ".pgpass-"


@contextmanager
def backup_lock(backup_dir: str, exclusive: bool) -> Iterator[None]:
    """Hold the directory's lock: exclusive to create, restore and prune, shared to verify.

    Makes the directory (0700).  Locked (75) when another holds it, Failed when it can't be
    written to.
    """
    path = os.path.join(backup_dir, ".lock")
    try:
        files.make_private_directory(backup_dir)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Failed("can't write to the backup directory %s" % backup_dir,
                     why=str(error.strerror), unchanged="everything",
                     next="name another with --backup-dir, or backup_dir in site.conf")
    try:
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked("the backup directory %s is in use by another command" % backup_dir,
                         why="pid %s" % (os.pread(handle, 20, 0).decode("ascii", "replace")
                                         .strip() or "unknown"), unchanged="everything")
        if exclusive:
            os.ftruncate(handle, 0)
            os.pwrite(handle, b"%d\n" % os.getpid(), 0)
        remove_stale(backup_dir)
        yield
    finally:
        os.close(handle)


@contextmanager
def pgpass(backup_dir: str, params: Params) -> Iterator[str]:
    """A 0600 file with the password in a 0700 directory, removed at the end; yields its path.

    The directory is locked by flock for as long as we live: after a kill the next start sees
    that nobody holds it and removes it.
    """
    directory = tempfile.mkdtemp(prefix=_PGPASS, dir=backup_dir)
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        path = os.path.join(directory, "pgpass")
        host = params.host if params.host and not params.host.startswith("/") else "*"
        words = [host, "*", "*", params.user or "*", params.password]
        line = ":".join([words[0]] + [word if word == "*" else _escaped(word)
                                      for word in words[1:]])
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(line + "\n" if params.password else "")
        yield path
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(handle)


def remove_stale(backup_dir: str) -> None:
    """Remove the password directories that no living process holds."""
    for name in os.listdir(backup_dir):
        if not name.startswith(_PGPASS):
            continue
        path = os.path.join(backup_dir, name)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(handle)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace(":", "\\:")
