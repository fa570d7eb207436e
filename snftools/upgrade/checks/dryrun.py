"""What each state step's own --check refuses or warns of, whatever comes before it."""

from __future__ import annotations

from typing import Any, List

from snftools.report import Finding
from snftools.upgrade.checks import NODE, SITE, Check, Look
from snftools.upgrade.screens.failure import findings


# Said of a site that is up: the step `quiet` looks again when its services are down.
_OF_A_LIVING_SITE = ("session-connected",)


def of_row(row: str) -> Any:
    """The check function for a row of the plan."""
    def function(look: Look, node: Any) -> List[Finding]:
        found: List[Finding] = []
        for step in look.plan.of_row(row):
            if node is not None and node.name not in step.nodes:
                continue
            code, answer = look.found.answers.get(step.id, (0, {}))
            told = [item for item in findings(answer, ("error", "warning"))
                    if item.check not in _OF_A_LIVING_SITE]
            found += told
            error = answer.get("error") or {}
            if code not in (0, 5) and not any(item.severity == "error" for item in told):
                found.append(Finding(
                    row, "error", str(error.get("what") or "--check ended with %d" % code),
                    node=str(error.get("node") or step.where), why=str(error.get("why") or ""),
                    remedy=str(error.get("next") or " ".join(step.check)), code=code))
        return found
    return function


CHECKS = [Check(row, row, where, of_row(row)) for row, where in (
    ("install", NODE), ("settings", NODE), ("migrate", NODE), ("register", SITE),
    ("quota", SITE))]
