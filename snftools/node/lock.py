"""The lock of a node: a directory below /run/lock on it, so that two control machines meet.

Old nodes have no flock; mkdir is atomic everywhere.  The directory holds one JSON file with
host, pid, start time, boot id, time and command of the holder.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Dict, Iterator, Optional, Sequence

from snftools import failpoint
from snftools.errors import Failed, Locked
from snftools.holder import Holder

if TYPE_CHECKING:
    from snftools.node.base import Node

NAME = "snf-upgrade.lock"
_PARENTS = ("/run/lock", "/var/lock")
PATIENCE = 5.0  # seconds that a holder has to write its name


@contextmanager
def node_locks(nodes: Sequence["Node"], command: str) -> Iterator[None]:
    """Hold the lock of each node, taken in order; Locked (75) when a living one has it."""
    with ExitStack() as stack:
        for node in nodes:
            stack.enter_context(_node_lock(node, command))
        yield


@contextmanager
def _node_lock(node: "Node", command: str) -> Iterator[None]:
    directory = _directory(node)
    _take(node, directory, command)
    try:
        node.settle()
        yield
    finally:
        _release(node, directory)


def _release(node: "Node", directory: str) -> None:
    """Let go; a node that can't be reached any more keeps a dead holder's lock, which is said."""
    try:
        node.remove(directory + "/holder")
        node.rmdir(directory)
    except Failed as error:
        sys.stderr.write("%s: its lock stays until the next command: %s\n"
                         % (node.name, error.why or error.what))


def _directory(node: "Node") -> str:
    for parent in _PARENTS:
        if node.exists(parent):
            return parent + "/" + NAME
    raise Failed("neither %s nor %s is there to hold a lock" % _PARENTS, node=node.name)


def _take(node: "Node", directory: str, command: str) -> None:
    """Make the directory; a dead holder of this machine is cleared, once."""
    for attempt in (1, 2):
        try:
            node.mkdir(directory, 0o755, parents=False)
        except FileExistsError:
            if attempt == 2:
                raise _locked(node, directory)
            _clear_dead(node, directory)
        except OSError as error:
            raise Failed("can't lock the node: %s" % error, node=node.name)
        else:
            failpoint.reach("lock.made:" + node.name)
            node.write(directory + "/holder",
                       json.dumps(Holder.here(command).as_dict()).encode(), mode=0o644)
            return


def _clear_dead(node: "Node", directory: str) -> None:
    """Take the lock of a dead process of this machine away; of any other: Locked."""
    holder = _named(node, directory)
    if holder is not None and not holder.is_dead_here():
        raise _locked(node, directory)
    for name in node.list(directory):      # it may have died while it wrote its name
        node.remove(directory + "/" + name)
    node.rmdir(directory)


def _named(node: "Node", directory: str) -> Optional[Holder]:
    """Who has it.  A living one writes its name right after it made the directory: who has
    not done so after a while died between the two."""
    deadline = time.monotonic() + PATIENCE
    while True:
        holder = Holder.from_dict(_read(node, directory))
        if holder is not None or time.monotonic() > deadline or not node.exists(directory):
            return holder
        time.sleep(0.2)


def _read(node: "Node", directory: str) -> Dict[str, Any]:
    """What the holder wrote; empty when it has not yet, or wrote nonsense."""
    try:
        value = json.loads(node.read(directory + "/holder").decode("utf-8", "replace"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _locked(node: "Node", directory: str) -> Locked:
    holder = Holder.from_dict(_read(node, directory))
    who = holder.describe() if holder else "a holder that wrote no name"
    return Locked("locked by %s" % who, node=node.name, unchanged="everything",
                  next="when it is surely dead: rm -r %s    (on %s)"
                       % (node.path(directory), node.name))
