"""A root directory copied to another place, for a rehearsal: what runs in it, and no data."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import List

from snftools import files
from snftools.errors import Failed

# Not copied: what is about the living system, and what users have stored.
_EMPTY = ("run", "tmp", "srv", "proc", "sys", "dev", "home")
_LOGS = "var/log"
_LONGEST = 1 << 20  # bytes of a file in etc that may hold the root's own path


def copy(source: str, target: str) -> bool:
    """Make `target` a root directory like `source`; False when it is there already.

    Whole or not at all: it is made beside its place and renamed.  Raises Failed.
    """
    if os.path.isdir(target):
        return False
    source = os.path.realpath(source)
    files.make_private_directory(os.path.dirname(target))
    beside = target + ".new"
    shutil.rmtree(beside, ignore_errors=True)
    os.mkdir(beside, 0o755)
    for name in sorted(os.listdir(source)):
        _copy_one(source, beside, name)
    _empty_logs(os.path.join(beside, _LOGS))
    _retell(beside, source, target)
    os.rename(beside, target)
    files.fsync_directory(os.path.dirname(target))
    return True


def _copy_one(source: str, target: str, name: str) -> None:
    path = os.path.join(source, name)
    if name in _EMPTY and not os.path.islink(path):
        made = os.path.join(target, name)
        os.mkdir(made)
        shutil.copystat(path, made)
        for below in ("lock",) if name == "run" else ():
            os.mkdir(os.path.join(made, below))
        return
    done = subprocess.run(["/bin/cp", "-a", "--reflink=auto", path, target + "/"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failed("%s can't be copied" % path, unchanged="the live site",
                     why=done.stderr.decode("utf-8", "replace").strip()[-1000:])


def _empty_logs(directory: str) -> None:
    """Directories of logs without the logs."""
    for here, _, names in os.walk(directory):
        for name in names:
            os.unlink(os.path.join(here, name))


def _retell(directory: str, old: str, new: str) -> None:
    """Where files in etc and links name the old root, they name the new one."""
    for here, directories, names in os.walk(directory):
        for name in [*directories, *names]:
            path = os.path.join(here, name)
            if os.path.islink(path):
                _relink(path, old, new)
            elif name in names and (here + "/").startswith(directory + "/etc/"):
                _rewrite(path, os.fsencode(old), os.fsencode(new))


def _relink(path: str, old: str, new: str) -> None:
    leads = os.readlink(path)
    if leads == old or leads.startswith(old + "/"):
        os.unlink(path)
        os.symlink(new + leads[len(old):], path)


def _rewrite(path: str, old: bytes, new: bytes) -> None:
    if not os.path.isfile(path) or os.path.getsize(path) > _LONGEST:
        return
    with open(path, "rb") as stream:
        data = stream.read()
    if old + b"/" in data or old + b'"' in data or old + b"\n" in data:
        with open(path, "r+b") as stream:  # in place: owner and mode stay
            stream.write(data.replace(old, new))
            stream.truncate()


def leftovers(directory: str) -> List[str]:
    """What lies in a directory, or nothing when it is gone."""
    try:
        return sorted(os.listdir(directory))
    except FileNotFoundError:
        return []
