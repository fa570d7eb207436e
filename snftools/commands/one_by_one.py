"""Going through nodes one by one: what is done on the first is told though a later one fails."""

from __future__ import annotations

from typing import Any, Callable, List, Sequence

from snftools.errors import SnfError
from snftools.report import Finding, Report


def one_by_one(nodes: Sequence[Any], act: Callable[[Any], Report]) -> Report:
    """The merged reports.  The first node's error is raised; a later one ends the work as a
    finding, which names the nodes that were not begun."""
    reports: List[Report] = []
    for number, node in enumerate(nodes):
        try:
            reports.append(act(node))
        except SnfError as error:
            if not reports:
                raise
            rest = [one.name for one in nodes[number + 1:]]
            what = error.what + ("\nnot begun: " + ", ".join(rest) if rest else "")
            reports.append(Report(findings=(Finding(
                "failed", "error", what, node=error.node or node.name, why=error.why,
                remedy=error.next, code=error.code),)))
            break
    return Report.merge(reports)
