"""What a package needs of others: to know what apt brought along with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Collection, Dict, Iterable, List, Set

from snftools.errors import Failed

if TYPE_CHECKING:
    from snftools.node import Node

_FORMAT = "${Package}\\t${Pre-Depends}, ${Depends}\\n"


def brought(node: "Node", packages: Collection[str], candidates: Collection[str]) -> List[str]:
    """The candidates that the packages need, directly or not, and that nothing else does.

    Raises Failed when dpkg-query can't be asked.
    """
    result = node.run(["dpkg-query", "-W", "-f", _FORMAT])
    if result.exit != 0:
        raise Failed("dpkg-query: exit %d: %s" % (result.exit, result.error_text.strip()),
                     node=node.name)
    return found_in(parse_needs(result.lines), packages, candidates)


def parse_needs(lines: Iterable[str]) -> Dict[str, Set[str]]:
    """Each package with the names in its Depends, every alternative."""
    found = {}
    for line in lines:
        name, _, text = line.partition("\t")
        words = (word.strip() for word in re.split(r"[,|]", text))
        found[name] = {re.split(r"[\s(:\[]", word)[0] for word in words if word}
    return found


def found_in(needs: Dict[str, Set[str]], packages: Collection[str],
             candidates: Collection[str]) -> List[str]:
    """`brought`, of known needs."""
    found: Set[str] = set()
    todo = list(packages)
    while todo:
        new = (needs.get(todo.pop(), set()) & set(candidates)) - found
        found |= new
        todo.extend(new)
    while True:
        stay = [name for name in needs if name not in found and name not in packages]
        others = {name for other in stay for name in needs[other]} & found
        if not others:
            return sorted(found)
        found -= others
