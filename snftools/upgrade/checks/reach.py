"""Every node answers, and root's rights are there."""

from __future__ import annotations

from typing import Any, List

from snftools.report import Finding
from snftools.upgrade.checks import ALWAYS, NODE, Check, Look


def reachable(look: Look, node: Any) -> List[Finding]:
    """A node that runs a command; raises Failed when it does not."""
    answer = node.run(["id", "-u"], timeout=60)
    if not answer.ok:
        return [Finding("reach", "error", "a command on it fails: %s"
                        % answer.error_text.strip()[:200], node=node.name, code=1,
                        remedy="ssh %s true" % node.address)]
    return []


def root_rights(look: Look, node: Any) -> List[Finding]:
    """Packages, services and settings are root's; a practice node's belong to who made it."""
    answer = node.run(["id", "-u"], timeout=60)
    if node.root or answer.text.strip() == "0":
        return []
    return [Finding("root-rights", "error", "commands run as user %s, not as root"
                    % answer.text.strip(), node=node.name, code=3,
                    remedy="become = sudo for %s in site.conf" % node.name)]


CHECKS = [Check("reach", ALWAYS, NODE, reachable),
          Check("root-rights", ALWAYS, NODE, root_rights)]
