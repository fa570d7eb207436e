"""The clocks of the nodes agree: times in logs, tokens and backups' names are compared."""

from __future__ import annotations

import time
from typing import Any, List

from snftools.report import Finding
from snftools.upgrade.checks import NODE, Check, Look

SKEW = 60.0  # seconds


def skew(look: Look, node: Any) -> List[Finding]:
    """The node's clock against this machine's, the answer's own time allowed for."""
    before = time.time()
    answer = node.run(["date", "-u", "+%s"], timeout=60)
    after = time.time()
    if not answer.text.strip().isdigit():
        return [Finding("clock", "warning", "what time it is there could not be found out",
                        node=node.name, remedy="date")]
    there = int(answer.text)
    off = there - after if there > after else min(0.0, there + 1 - before)
    if abs(off) <= SKEW:
        return []
    return [Finding("clock", "warning", "its clock is %d s %s this machine's"
                    % (abs(off), "ahead of" if off > 0 else "behind"), node=node.name,
                    why="tokens expire by it, and logs can't be put beside each other",
                    remedy="ntpdate-debian, or start its NTP service")]


CHECKS = [Check("clock", "install", NODE, skew)]
