"""One Ganeti node is the master: only there snf-ganeti-eventd runs (OBSERVED L)."""

from __future__ import annotations

from typing import Any, List

from snftools.report import Finding
from snftools.upgrade import survey
from snftools.upgrade.checks import SITE, Check, Look


def master(look: Look, node: Any) -> List[Finding]:
    """Without eventd on the master no state of a VM reaches Cyclades (SOURCE 6.1 no. 3)."""
    nodes = [look.up.ctx.open(entry) for entry in look.up.site.with_role("ganeti")]
    if not nodes or any(survey.is_master(node) for node in nodes):
        return []
    return [Finding("ganeti-master", "warning", "none of %s is the Ganeti master"
                    % ", ".join(node.name for node in nodes),
                    why="snf-ganeti-eventd runs on the master alone",
                    remedy="gnt-cluster getmaster; add that node to site.conf")]


CHECKS = [Check("ganeti-master", "install", SITE, master)]
