"""The node's apt and dpkg: what they would do, and doing it without a question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Dict, Iterable, List, Sequence

from snftools.errors import Failed, Locked, Refused
from snftools.packages import policy

if TYPE_CHECKING:
    from snftools.node import Node, Result

# noninteractive is for debconf alone; dpkg's own conffile question is answered by _KEEP.
ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "APT_LISTCHANGES_FRONTEND": "none",
               "NEEDRESTART_SUSPEND": "1"}
FORCE = ("--force-confdef", "--force-confold")
# Without a pty of its own dpkg stays in our process group and ends with it.
_KEEP = ["-o", "Dpkg::Use-Pty=0",
         *(word for option in FORCE for word in ("-o", "Dpkg::Options::=" + option))]

_ACTION = re.compile(r"^(Inst|Conf|Remv|Purg) (\S+)(?: \[([^]]+)\])?(?: \((\S+) )?")
_LOCK = re.compile(r"could not get lock|locked by another process|unable to (lock|acquire)|"
                   r"database (lock )?is locked|is locked by another", re.I)
_STEP = re.compile(r"^(Unpacking|Setting up|Removing) ([a-z0-9.+-]+)")

Tell = Callable[[str, str], None]


@dataclass(frozen=True)
class Action:
    """A line of `apt-get -s`: kind Inst, Conf, Remv or Purg; `old` and `new` are versions."""

    kind: str
    name: str
    old: str
    new: str


def parse_simulation(lines: Iterable[str]) -> List[Action]:
    """The actions in the output of apt-get -s."""
    found = []
    for line in lines:
        match = _ACTION.match(line)
        if match:
            found.append(Action(match.group(1), match.group(2).partition(":")[0],
                                match.group(3) or "", match.group(4) or ""))
    return found


def words_of(versions: Dict[str, str]) -> List[str]:
    """name=version, as apt-get wants them."""
    return ["%s=%s" % item for item in versions.items()]


def update(node: "Node") -> str:
    """apt-get update; empty when it worked, else what apt said (old lists may still do).

    apt exits 0 when an index could not be fetched.  Its Err: lines alone say nothing: the
    compressed forms that an archive lacks are among them.
    """
    result = node.run(["apt-get", "update"], env=ENVIRONMENT)
    told = [line for line in result.error_text.splitlines() if re.match(r"(E|W): ", line)]
    if result.ok and not any(re.match(r"E: |W: (Failed to fetch|Some index files)", line)
                             for line in told):
        return ""
    return "; ".join(told[:4]) or "exit %d" % result.exit


def simulate(node: "Node", action: str, words: Sequence[str]) -> List[Action]:
    """What apt-get ACTION WORDS would do; Refused (3) with apt's reason when it can't."""
    result = node.run(["apt-get", "-s", "-y", *_KEEP, action, *words], env=ENVIRONMENT)
    if not result.ok:
        raise Refused("apt-get can't %s these: %s" % (action, " ".join(words)), node=node.name,
                      why=reason(result), unchanged="everything",
                      next="apt-get -s %s %s    (on %s)" % (action, " ".join(words), node.name))
    return parse_simulation(result.lines)


def run(node: "Node", argv: Sequence[str], tell: Tell) -> "Result":
    """Run apt-get or dpkg with services forbidden to start.

    Raises Locked (75) when another apt or dpkg holds its lock, Failed with apt's reason.
    """
    def line(text: str) -> None:
        match = _STEP.match(text)
        if match:
            tell(match.group(1).split()[0].lower(), match.group(2))

    result = policy.guarded(node, argv, ENVIRONMENT, line)
    if result.ok:
        return result
    why = reason(result)
    if _LOCK.search(result.text):
        raise Locked("another apt or dpkg is at work", node=node.name, why=why,
                     next="wait for its end, then the same line again")
    raise Failed("%s: exit %d" % (argv[0], result.exit), node=node.name, why=why,
                 unchanged="changed configuration files, databases, services",
                 next="mend it, then the same line again: it finishes what was begun")


def get(node: "Node", action: str, words: Sequence[str], tell: Tell, *options: str) -> "Result":
    """apt-get ACTION for good."""
    return run(node, ["apt-get", "-y", *_KEEP, *options, action, *words], tell)


def configure(node: "Node", tell: Tell) -> None:
    """Finish what an interrupted dpkg left half configured.

    A package that needs others first is left to the install that follows.
    """
    try:
        run(node, ["dpkg", *FORCE, "--configure", "-a"], tell)
    except Failed:
        tell("configuring", "not all yet")


def reason(result: "Result") -> str:
    """The lines with which apt and dpkg say why."""
    lines = [line.strip() for line in (result.text + "\n" + result.error_text).splitlines()
             if line.strip()]
    told = [line for line in lines
            if re.match(r"E:|dpkg: |dpkg-deb: |Err:|.* : Depends: |end of file on stdin", line)]
    return "\n".join(told[-8:] or lines[-4:])
