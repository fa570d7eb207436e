"""The node's packages are configured, and of the release that the upgrade starts from."""

from __future__ import annotations

from typing import Any, List

from snftools.report import Finding
from snftools.upgrade.checks import NODE, Check, Look


def configured(look: Look, node: Any) -> List[Finding]:
    """`dpkg --audit` is empty; what is half configured the install finishes."""
    answer = node.run(["dpkg", "--audit"], timeout=120)
    if answer.ok and not answer.text.strip():
        return []
    if not answer.ok:
        return [Finding("half-configured", "error", "dpkg --audit: exit %d" % answer.exit,
                        node=node.name, code=1, remedy="dpkg --audit")]
    return [Finding("half-configured", "warning", "dpkg --audit has packages to tell of",
                    node=node.name, why=answer.lines[0],
                    remedy="dpkg --force-confdef --force-confold --configure -a")]


def enabled_but_down(look: Look, node: Any) -> List[Finding]:
    """A service that is enabled and does not run: it will be started unless a survey says no."""
    return [Finding("service-down", "warning", "%s is enabled but does not run" % state.name,
                    node=node.name, why="only what the survey sees running is started again",
                    remedy="snf-services start %s --node %s" % (state.name, node.name))
            for state in look.states(node)
            if state.enabled and not state.running and not state.elsewhere]


CHECKS = [Check("half-configured", "install", NODE, configured),
          Check("service-down", "install", NODE, enabled_but_down)]
