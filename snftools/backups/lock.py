"""The lock of a backup directory."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import Iterator

from snftools import files
from snftools.backups import pgpass
from snftools.errors import Failed, Locked

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
        pgpass.remove_stale(backup_dir)
        yield
    finally:
        os.close(handle)
