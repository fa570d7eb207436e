"""There is room for the backups, the state and the packages."""

from __future__ import annotations

from typing import Any, List

from snftools.output.text import human_size
from snftools.report import Finding
from snftools.upgrade import estimate, facts
from snftools.upgrade.checks import ALWAYS, NODE, SITE, Check, Look

STATE = 50 * 10 ** 6     # bytes: journal, survey and logs of a run
PACKAGES = 200 * 10 ** 6  # bytes: old and new .debs and what they unpack to


def backups(look: Look, node: Any) -> List[Finding]:
    """All sets of the plan, were they not compressed at all."""
    site = look.up.site
    left = sum(1 for step in look.plan.steps if step.label
               and step.id not in look.found.done)
    wanted = facts.database_size(look.up, look.databases) * left
    found = []
    for directory, need in ((site.backup_dir, wanted), (site.state_dir, STATE)):
        free = estimate.free_bytes(directory)
        if free < need:
            found.append(Finding("space", "error", "%s free, up to %s needed"
                                 % (human_size(free), human_size(need)), where=directory,
                                 code=3, waivable=True,
                                 remedy="snf-backup-db prune, or another directory in "
                                 "site.conf"))
    return found


def packages(look: Look, node: Any) -> List[Finding]:
    """Room for the packages on the node."""
    answer = node.run(["df", "-Pk", node.path("/var")], timeout=60)
    words = answer.lines[-1].split() if answer.ok and answer.lines else []
    if len(words) < 4 or not words[3].isdigit():
        return [Finding("space", "warning", "how much room /var has could not be found out",
                        node=node.name, remedy="df -Pk /var")]
    free = int(words[3]) * 1024
    if free >= PACKAGES:
        return []
    return [Finding("space", "error", "%s free, %s needed for packages"
                    % (human_size(free), human_size(PACKAGES)), node=node.name, where="/var",
                    code=3, waivable=True, remedy="apt-get clean")]


CHECKS = [Check("space", ALWAYS, SITE, backups), Check("space", ALWAYS, NODE, packages)]
