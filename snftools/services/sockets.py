"""Who listens where, from the kernel's own tables: no program but cat is needed on the node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterable, Sequence, Set, Tuple

if TYPE_CHECKING:
    from snftools.node import Node

_LISTEN = "0A"


def open_ones(node: "Node", addresses: Sequence[str]) -> Tuple[str, ...]:
    """The addresses ("host:port") on whose port something listens; the host is not compared
    (a service bound to every address answers there too)."""
    # The tables are the machine's, also for a root directory: arguments are not rewritten.
    result = node.run(["cat", "/proc/net/tcp", "/proc/net/tcp6"], timeout=60)
    ports = listening(result.lines)
    return tuple(address for address in addresses if port_of(address) in ports)


def listening(lines: Iterable[str]) -> Set[int]:
    """The ports in state LISTEN of /proc/net/tcp and tcp6."""
    found = set()
    for line in lines:
        words = line.split()
        if len(words) > 3 and words[3] == _LISTEN and ":" in words[1]:
            found.add(int(words[1].rpartition(":")[2], 16))
    return found


def port_of(address: str) -> int:
    """The port of host:port; 0 for a unix socket and for what has none."""
    match = re.search(r":(\d+)$", address)
    return int(match.group(1)) if match and not address.startswith("unix:") else 0
