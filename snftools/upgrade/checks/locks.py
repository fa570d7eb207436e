"""No other control machine works on a node."""

from __future__ import annotations

import json
import os
from typing import Any, List

from snftools.holder import Holder
from snftools.node.lock import NAME
from snftools.report import Finding
from snftools.upgrade.checks import ALWAYS, NODE, Check, Look


def unlocked(look: Look, node: Any) -> List[Finding]:
    """A lock of a living process other than this one, or of another machine, is an error."""
    for parent in ("/run/lock", "/var/lock"):
        path = "%s/%s" % (parent, NAME)
        if not node.exists(path):
            continue
        try:
            holder = Holder.from_dict(json.loads(node.read(path + "/holder").decode()))
        except (OSError, ValueError):
            holder = None
        if holder and (holder.is_dead_here() or holder.is_here() and holder.pid == os.getpid()):
            return []
        return [Finding("locks", "error", "locked by %s" % (holder.describe() if holder
                        else "a holder that wrote no name"), node=node.name, code=75,
                        remedy="when it is surely dead: rm -r %s" % node.path(path))]
    return []


CHECKS = [Check("locks", ALWAYS, NODE, unlocked)]
