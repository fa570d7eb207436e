"""What the toolkit remembers on the machine where it is typed: runs, undo copies, locks.

state_dir/
    lock                    flock: exclusive for run and rollback, shared for small commands
    runs/<run id>/          journal, survey, logs
    undo/<id>/<node>/       first old contents of files, first versions of packages
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Optional

from snftools import files
from snftools.errors import Failed, Locked
from snftools.holder import Holder

RUN_VARIABLE = "SNF_UPGRADE_RUN"
_ID = re.compile(r"^[0-9]{8}T[0-9]{6}Z(-[0-9]+)?$")


def new_id() -> str:
    """An ID made of the UTC time: 20131112T000411Z."""
    return datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")


@dataclass(frozen=True)
class RunToken:
    """What a child of the master gets in SNF_UPGRADE_RUN: the run's id, the lock's descriptor."""

    run_id: str
    fd: int

    def text(self) -> str:
        """The variable's value."""
        return "%s:%d" % (self.run_id, self.fd)

    @classmethod
    def current(cls, state_dir: str) -> Optional["RunToken"]:
        """The token of this process, if its descriptor really is the site's lock."""
        run_id, _, fd = os.environ.get(RUN_VARIABLE, "").partition(":")
        if not fd.isdigit() or not _ID.match(run_id):
            return None
        try:
            held, lock = os.fstat(int(fd)), os.stat(os.path.join(state_dir, "lock"))
        except OSError:
            return None
        if (held.st_dev, held.st_ino) != (lock.st_dev, lock.st_ino):
            return None
        return cls(run_id, int(fd))


class State:
    """The state directory of a site, made when something is first written."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def make(self) -> None:
        """Make the directory, 0700; Failed when that can't be."""
        try:
            files.make_private_directory(self.directory)
        except OSError as error:
            raise Failed("can't make the state directory %s: %s"
                         % (self.directory, error.strerror))

    def run_dir(self, run_id: str) -> str:
        """Where a run's journal, survey and logs lie."""
        return os.path.join(self.directory, "runs", run_id)

    def runs(self) -> List[str]:
        """The ids of all runs, oldest first."""
        return self._ids("runs")

    def undo_ids(self) -> List[str]:
        """The ids of everything that can be undone, oldest first."""
        return self._ids("undo")

    def undo(self, undo_id: str) -> "UndoStore":
        """The store of one ID (which need not exist yet)."""
        return UndoStore(os.path.join(self.directory, "undo", undo_id), undo_id)

    def newest_undo(self, node: str, name: str) -> Optional["UndoStore"]:
        """The newest store that kept `name` for the node, if any."""
        for undo_id in reversed(self.undo_ids()):
            store = self.undo(undo_id)
            if store.has(node, name):
                return store
        return None

    def _ids(self, kind: str) -> List[str]:
        try:
            names = os.listdir(os.path.join(self.directory, kind))
        except FileNotFoundError:
            return []
        return sorted(name for name in names if _ID.match(name))

    # -- the site's lock -----------------------------------------------------------------

    @contextmanager
    def site_lock(self, exclusive: bool, command: str) -> Iterator[int]:
        """Hold the site's lock; yields the descriptor.  Locked (75) when another holds it."""
        self.make()
        handle = self.open_lock()
        try:
            self.take(handle, exclusive, command)
            yield handle
        finally:
            os.close(handle)

    def open_lock(self) -> int:
        """Open the lock file."""
        try:
            return os.open(os.path.join(self.directory, "lock"),
                           os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Failed("can't open the site's lock: %s" % error)

    def take(self, handle: int, exclusive: bool, command: str) -> None:
        """flock the open lock file at once, or Locked (75)."""
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = self.holder()
            who = holder.describe() if holder else "another command"
            raise Locked("the site is locked by %s" % who, unchanged="everything",
                         next="snf-upgrade status")
        if exclusive:
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(Holder.here(command).as_dict()).encode(), 0)

    def holder(self) -> Optional[Holder]:
        """Who last took the site's lock exclusively (he may be dead)."""
        try:
            with open(os.path.join(self.directory, "lock")) as stream:
                return Holder.from_dict(json.load(stream))
        except (OSError, ValueError, AttributeError, TypeError):
            return None


class UndoStore:
    """What one ID keeps, written once: the first old content stays, later ones are ignored."""

    def __init__(self, directory: str, undo_id: str) -> None:
        self.directory = directory
        self.id = undo_id

    def keep(self, node: str, name: str, value: Any) -> bool:
        """Keep a JSON-able value under a name; False when one was kept before."""
        path = self._path(node, name)
        if os.path.exists(path):
            return False
        files.make_private_directory(os.path.dirname(path))
        files.write_atomic(path, json.dumps(value).encode(), mode=0o600)
        return True

    def replace(self, node: str, name: str, value: Any) -> None:
        """Keep a value, in place of an earlier one (bookkeeping, not old contents)."""
        path = self._path(node, name)
        files.make_private_directory(os.path.dirname(path))
        files.write_atomic(path, json.dumps(value).encode(), mode=0o600)

    def load(self, node: str, name: str) -> Any:
        """The value kept under a name, or None."""
        try:
            with open(self._path(node, name), "rb") as stream:
                return json.loads(stream.read().decode())
        except FileNotFoundError:
            return None

    def has(self, node: str, name: str) -> bool:
        """Whether anything was kept under the name."""
        return os.path.exists(self._path(node, name))

    def keep_file(self, node: str, path: str, data: Optional[bytes], mode: int = 0,
                  uid: int = -1, gid: int = -1) -> bool:
        """Keep a file's old bytes (None: there was no file), mode and owner; the first stay."""
        content = None if data is None else base64.b64encode(data).decode()
        return self.keep(node, "files/" + _file_name(path),
                         {"path": path, "data": content, "mode": mode, "uid": uid, "gid": gid})

    def kept_files(self, node: str) -> Dict[str, Dict[str, Any]]:
        """The kept files by path; "data" is bytes or None."""
        directory = os.path.join(self.directory, node, "files")
        found = {}
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
            if not name.endswith(".json"):
                continue
            value = self.load(node, "files/" + name[:-len(".json")])
            if value["data"] is not None:
                value["data"] = base64.b64decode(value["data"])
            found[value["path"]] = value
        return found

    def directory_for(self, node: str, name: str) -> str:
        """A private directory of this store, made now (saved packages)."""
        path = os.path.join(self.directory, node, name)
        files.make_private_directory(path)
        return path

    def nodes(self) -> List[str]:
        """The nodes for which something was kept."""
        return sorted(os.listdir(self.directory)) if os.path.isdir(self.directory) else []

    def _path(self, node: str, name: str) -> str:
        return os.path.join(self.directory, node, name + ".json")


def _file_name(path: str) -> str:
    """A path as one file name: readable, and different for different paths."""
    return path.strip("/").replace("_", "__").replace("/", "_s")


def wait_until(deadline: float, condition: Any, interval: float = 0.05) -> bool:
    """Poll until the condition holds or `deadline` (time.monotonic) is over."""
    while True:
        if condition():
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(interval)
