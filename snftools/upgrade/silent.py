"""Ganeti nodes that do not answer: the run goes on without them (DESIGN 4).

Only nodes with no role but `ganeti` can be left out, and only when a Ganeti node that answers
says that the master is not among them: without the master no state of a VM reaches Cyclades.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence

from snftools.errors import Failed, SnfError
from snftools.node import at_once
from snftools.report import Finding
from snftools.site import NodeEntry
from snftools.upgrade import survey

ANSWER = 60.0  # seconds that a node has to answer


def find(nodes: Sequence[NodeEntry], open_node: Callable[[NodeEntry], Any],
         wanted: Sequence[str] = ()) -> Dict[str, str]:
    """The nodes to go on without, by name: why each does not answer.

    `wanted` are the nodes that the command line names: they are never left out.  Raises Failed
    when a silent one may be the Ganeti master.
    """
    plain = [open_node(node) for node in nodes
             if set(node.roles) == {"ganeti"} and not node.offline]
    said = dict(zip((node.name for node in plain), at_once(plain, _why_silent)))
    silent = {name: why for name, why in said.items() if why and name not in wanted}
    answering = [node for node in nodes if "ganeti" in node.roles and not node.offline
                 and not said.get(node.name)]
    if silent and not _has_master([open_node(node) for node in answering]):
        raise Failed("%s: no answer, and no other node is known to be the Ganeti master"
                     % ", ".join(silent), unchanged="everything",
                     why="; ".join("%s: %s" % one for one in silent.items()),
                     next="mend the connection, or set offline = yes for it in site.conf")
    return silent


def findings(silent: Dict[str, str], site_path: str, severity: str = "warning") -> List[Finding]:
    """Each node that was left out, with what to type once it answers."""
    return [Finding("reach", severity, "does not answer; the run goes on without it", node=name,
                    why=why, code=1, remedy="snf-upgrade run --node %s --site %s"
                    % (name, site_path)) for name, why in silent.items()]


def _why_silent(node: Any) -> str:
    try:
        answer = node.run(["true"], timeout=ANSWER)
    except SnfError as error:
        return error.why or error.what
    return "" if answer.ok else answer.error_text.strip()[:200] or "exit %d" % answer.exit


def _has_master(nodes: List[Any]) -> bool:
    for node in nodes:
        try:
            if survey.is_master(node):
                return True
        except SnfError:
            continue
    return False
