"""Going through nodes one by one: what was done on the others is told though one fails."""

from __future__ import annotations

from dataclasses import replace
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
            failed = Finding.of_error(error, node.name)
            if rest:
                failed = replace(failed, what=failed.what + "\nnot begun: " + ", ".join(rest))
            reports.append(Report(findings=(failed,)))
            break
    return Report.merge(reports)


def look_at_each(nodes: Sequence[Any], look: Callable[[Any], Report]) -> Report:
    """The merged reports of what only looks: a node that can't be asked is a finding, and
    the others are looked at all the same.  The error of a single node is raised."""
    reports: List[Report] = []
    for node in nodes:
        try:
            reports.append(look(node))
        except SnfError as error:
            if len(nodes) == 1:
                raise
            reports.append(Report(findings=(Finding.of_error(error, node.name),)))
    return Report.merge(reports)
