"""The private place for a password that pg_dump needs: a 0600 file in a 0700 directory."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Iterator

from snftools.database.params import Params
from snftools.errors import Refused, SnfError

if TYPE_CHECKING:
    from snftools.node import Node

_HERE = ".pgpass-"
_THERE = ".snf-pgpass-"  # in /tmp of another machine, with our host and pid


@contextmanager
def pgpass(backup_dir: str, params: Params, node: "Node") -> Iterator[str]:
    """Yields the path of the file on the node, "" where libpq itself looks the password up.

    It is removed at the end; after a kill the next start removes it.
    """
    if params.libpq:
        yield ""
    elif node.address == "local":
        with _file_here(backup_dir, params) as path:
            yield path
    else:
        with _file_there(node, params) as path:
            yield path


def line(params: Params) -> bytes:
    """The line of a pgpass file.  Refused when the format can't hold the password."""
    if "\n" in params.password or "\r" in params.password:
        raise Refused("the password of database %s has a line end in it" % params.dbname,
                      why="a pgpass file can't hold that", unchanged="everything")
    host = params.host if params.host and not params.host.startswith("/") else ""
    words = [_escaped(host) or "*", "*", "*", _escaped(params.user) or "*",
             _escaped(params.password)]
    return (":".join(words) + "\n").encode("utf-8") if params.password else b""


def remove_stale(backup_dir: str) -> None:
    """Remove the password directories that no living process holds."""
    for name in os.listdir(backup_dir):
        if not name.startswith(_HERE):
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


@contextmanager
def _file_here(backup_dir: str, params: Params) -> Iterator[str]:
    """The directory is locked by flock for as long as we live."""
    text = line(params)
    directory = tempfile.mkdtemp(prefix=_HERE, dir=backup_dir)
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        path = os.path.join(directory, "pgpass")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
            stream.write(text)
        yield path
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(handle)


@contextmanager
def _file_there(node: "Node", params: Params) -> Iterator[str]:
    """On another machine; what dead processes of this machine left there goes first."""
    mine = "%s%s-" % (_THERE, socket.gethostname())
    for name in node.list("/tmp"):
        if name.startswith(mine) and not _alive(name[len(mine):].partition("-")[0]):
            _remove_there(node, "/tmp/" + name)
    directory = "/tmp/%s%d-%s" % (mine, os.getpid(), os.urandom(4).hex())
    text = line(params)
    node.mkdir(directory, 0o700, parents=False)
    try:
        node.write(directory + "/pgpass", text, mode=0o600)
        yield directory + "/pgpass"
    finally:
        try:
            _remove_there(node, directory)
        except SnfError:
            pass  # the node is away: at the next start


def _remove_there(node: "Node", directory: str) -> None:
    node.remove(directory + "/pgpass")
    node.rmdir(directory)


def _alive(pid: str) -> bool:
    return pid.isdigit() and os.path.exists("/proc/" + pid)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace(":", "\\:")
