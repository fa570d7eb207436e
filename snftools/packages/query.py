"""What is installed on a node and what its apt offers, told by the node's own dpkg and apt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, MutableMapping, Sequence, Tuple
from weakref import WeakKeyDictionary

from snftools.errors import Failed

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.release import Release

# Squeeze's dpkg-query does not know db:Status-Abbrev.
_FORMAT = "${Package}\\t${Version}\\t${Status}\\n"
_OPERATORS = ("<<", "<=", "=", ">=", ">>")

_answers: MutableMapping["Node", Dict[Tuple[str, str, str], bool]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Package:
    """A package as dpkg knows it; `state` is installed, unpacked, config-files ..."""

    name: str
    version: str
    want: str
    state: str
    error: str = "ok"

    @property
    def there(self) -> bool:
        """Whether its files are on the node, configured or not."""
        return self.state not in ("not-installed", "config-files")

    @property
    def configured(self) -> bool:
        """Whether it is installed and configured without an error."""
        return self.state == "installed" and self.error == "ok"


def installed(node: "Node", names: Sequence[str] = ()) -> Dict[str, Package]:
    """What dpkg knows of these packages (of all without names), in whatever state.

    A name that dpkg never heard of is missing from the answer (OBSERVED K).  Raises Failed
    when dpkg-query can't be asked.
    """
    result = node.run(["dpkg-query", "-W", "-f", _FORMAT, *names])
    if result.exit not in (0, 1) or (result.exit == 1 and not names):
        raise Failed("dpkg-query: exit %d: %s" % (result.exit, result.error_text.strip()),
                     node=node.name)
    return parse_installed(result.lines)


def parse_installed(lines: Iterable[str]) -> Dict[str, Package]:
    """The lines of dpkg-query in our format."""
    found = {}
    for line in lines:
        fields = line.split("\t")
        words = fields[2].split() if len(fields) == 3 else []
        if len(words) == 3:
            found[fields[0]] = Package(fields[0], fields[1], words[0], words[2], words[1])
    return found


def roles_of(node: "Node", release: "Release") -> Tuple[str, ...]:
    """The roles whose application package has a status other than not-installed, config-files."""
    rows = release.part("packages")["roles"]
    known = installed(node, [row["application"] for row in rows.values()])
    return tuple(role for role, row in rows.items()
                 if row["application"] in known and known[row["application"]].there)


def compare(node: "Node", a: str, op: str, b: str) -> bool:
    """Whether version a stands in the relation (<<, <=, =, >=, >>) to b, by the node's dpkg.

    A node is asked once: what goes in lock-step has one version, compared again and again.
    """
    if op not in _OPERATORS:
        raise ValueError("not a relation of versions: %r" % op)
    known = _answers.setdefault(node, {})
    if (a, op, b) not in known:
        known[a, op, b] = _asked(node, a, op, b)
    return known[a, op, b]


def _asked(node: "Node", a: str, op: str, b: str) -> bool:
    dpkg_op = {"<<": "lt", "<=": "le", "=": "eq", ">=": "ge", ">>": "gt"}[op]
    result = node.run(["dpkg", "--compare-versions", a, dpkg_op, b])
    if result.exit not in (0, 1):
        raise Failed("dpkg --compare-versions %s %s %s: exit %d: %s"
                     % (a, dpkg_op, b, result.exit, result.error_text.strip()), node=node.name)
    return result.exit == 0


def in_range(node: "Node", version: str, conditions: Sequence[str]) -> bool:
    """Whether a version meets every condition ("<< 0.14.2~") of a range."""
    return all(compare(node, version, *split_condition(text)) for text in conditions)


def split_condition(text: str) -> Tuple[str, str]:
    """A condition's relation and version."""
    op, _, version = text.strip().partition(" ")
    if op not in _OPERATORS or not version.strip():
        raise ValueError("not a condition: %r" % text)
    return op, version.strip()


def newest(node: "Node", versions: Iterable[str]) -> str:
    """The newest of the versions; empty when there is none."""
    best = ""
    for version in versions:
        if not best or compare(node, version, ">>", best):
            best = version
    return best


def candidates(node: "Node", names: Sequence[str]) -> Dict[str, List[str]]:
    """Every version that the node's apt can fetch, by package, in apt's order.

    What only dpkg has (installed, but in no archive) is not on offer.
    """
    if not names:
        return {}
    result = node.run(["apt-cache", "madison", *names])
    if result.exit not in (0, 100):
        raise Failed("apt-cache madison: exit %d: %s"
                     % (result.exit, result.error_text.strip()), node=node.name)
    return parse_madison(result.lines, names)


def parse_madison(lines: Iterable[str], names: Sequence[str]) -> Dict[str, List[str]]:
    """The lines `name | version | source` of apt-cache madison; source packages are left out."""
    found: Dict[str, List[str]] = {name: [] for name in names}
    for line in lines:
        fields = [field.strip() for field in line.split("|")]
        if len(fields) != 3 or fields[0] not in found or fields[2].endswith(" Sources"):
            continue
        if fields[1] not in found[fields[0]]:
            found[fields[0]].append(fields[1])
    return found


def audit(node: "Node") -> List[str]:
    """The packages that dpkg --audit complains of; empty when all is well.

    Raises Failed when it complains of something that names no package.
    """
    result = node.run(["dpkg", "--audit"])
    if result.exit not in (0, 1):
        raise Failed("dpkg --audit: exit %d: %s" % (result.exit, result.error_text.strip()),
                     node=node.name)
    return parse_audit(result.text)


def parse_audit(text: str) -> List[str]:
    """The packages in the output of dpkg --audit (indented lines: name, description)."""
    return [match.group(1) for match in re.finditer(r"(?m)^ (\S+)(?: |$)", text)]


def package_names(part: Dict[str, Any], roles: Sequence[str]) -> List[str]:
    """The packages that nodes with these roles must have, in the order of the release."""
    rows = part["roles"]
    return list(dict.fromkeys(name for role in rows if role in roles
                              for name in rows[role]["packages"]))


def range_of(part: Dict[str, Any], name: str) -> List[str]:
    """The conditions for a package's version; none for one that the release does not know."""
    if name in part["lockstep"]["packages"]:
        return list(part["lockstep"]["range"])
    row = part["others"].get(name)
    return list(row["range"]) if row else []
