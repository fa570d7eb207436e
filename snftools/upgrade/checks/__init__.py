"""The checks before: every problem of every node in one pass, each with a line that mends it.

A check names the state step that it is for, and is not made once that step is done or found
on the node; those for "always" are made every time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Sequence, Tuple

from snftools.errors import SnfError
from snftools.node import at_once
from snftools.report import Finding
from snftools.upgrade.assess import Assessment
from snftools.upgrade.plan import Plan

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.node.base import Node

ALWAYS = "always"
REACH = "reach"
NODE, DATABASES, SITE = "node", "databases", "site"


class Look:
    """What a check looks at (live): the site, its nodes, its databases, the assessment."""

    def __init__(self, up: Any, plan: Plan, found: Assessment) -> None:
        self.up = up
        self.plan = plan
        self.found = found

    @cached_property
    def databases(self) -> "List[Database]":
        """The site's databases; raises Failed when one can't be reached."""
        from snftools.database import find
        return find.find(self.up.ctx.all_nodes(), self.up.site)

    def states(self, node: "Node") -> Any:
        """The node's init services."""
        from snftools import services
        return services.states(node, self.up.release)


@dataclass(frozen=True)
class Check:
    """One check: its name, the state step (row) that it is for, where it looks.

    `function(look, node)` returns findings; `node` is None unless `where` is "node".
    """

    name: str
    protects: str
    where: str
    function: Callable[[Look, Any], List[Finding]]
    roles: Tuple[str, ...] = ()


@dataclass
class Checked:
    """What all checks found, and how many were well in each place."""

    findings: List[Finding] = field(default_factory=list)
    made: Dict[str, List[int]] = field(default_factory=dict)  # place: [ok, errors, warnings]
    names: List[str] = field(default_factory=list)

    @property
    def errors(self) -> List[Finding]:
        """The findings that forbid a run."""
        return [finding for finding in self.findings if finding.severity == "error"]

    def add(self, place: str, found: Sequence[Finding]) -> None:
        """Count one check in one place."""
        count = self.made.setdefault(place, [0, 0, 0])
        errors = sum(finding.severity == "error" for finding in found)
        warnings = sum(finding.severity == "warning" for finding in found)
        count[0] += 0 if errors or warnings else 1
        count[1] += errors
        count[2] += warnings
        self.findings += [finding for finding in found if finding not in self.findings]


def all_checks() -> List[Check]:
    """Every check, in the order in which they are told."""
    from snftools.upgrade.checks import (apt, clock, conf, databases, dryrun, ganeti, locks,
                                         queues, quota, reach, space, writers)
    return [check for module in (reach, locks, clock, conf, space, apt, dryrun, databases,
                                 quota, writers, queues, ganeti) for check in module.CHECKS]


def run_checks(up: Any, plan: Plan, found: Assessment) -> Checked:
    """Make every check that is due, many nodes at a time; one that can't look is an error.

    Results are in the order of the checks, then of site.conf.
    """
    look, checked = Look(up, plan, found), Checked()
    due = [(check, place, node) for check in all_checks() for place, node in _places(look, check)
           if is_due(plan, found, check, node)]
    places = list(dict.fromkeys(place for _, place, _ in due))

    def look_at(place: str) -> Dict[str, List[List[Finding]]]:
        answers: Dict[str, List[List[Finding]]] = {}
        for check, where, node in due:
            if where == place:
                up.ctx.progress.event("check", node=place, text=check.name)
                made = _make(check, look, node)
                answers.setdefault(check.name, []).append(made)
                if check.name == REACH and made:
                    break  # every other check would say the same
        return answers

    answers = dict(zip(places, at_once(places, look_at)))
    for check, place, _ in due:
        if answers[place].get(check.name):
            checked.add(place, answers[place][check.name].pop(0))
        if check.name not in checked.names:
            checked.names.append(check.name)
    up.ctx.progress.clear()
    return checked


def is_due(plan: Plan, found: Assessment, check: Check, node: Any) -> bool:
    """Whether the state step that a check is for is still to be done."""
    if check.protects == ALWAYS:
        return True
    steps = [step for step in plan.of_row(check.protects)
             if node is None or not step.nodes or node.name in step.nodes]
    return any(not found.is_known(step.id) for step in steps)


def _places(look: Look, check: Check) -> List[Tuple[str, Any]]:
    if check.where != NODE:
        return [(check.where, None)]
    nodes = []
    for entry in look.up.site.nodes:
        if not entry.offline and (not check.roles or set(check.roles) & set(entry.roles)):
            nodes.append((entry.name, look.up.ctx.open(entry)))
    return nodes


def _make(check: Check, look: Look, node: Any) -> List[Finding]:
    try:
        return check.function(look, node)
    except SnfError as error:
        return [Finding(check.name, "error", error.what,
                        node=error.node or (node.name if node else ""), why=error.why,
                        remedy=error.next, code=error.code)]
    except OSError as error:
        return [Finding(check.name, "error", "can't be looked at: %s" % error,
                        node=node.name if node else "", code=1)]
