"""One Ganeti node is the master (OBSERVED L), and no job is in flight there."""

from __future__ import annotations

from typing import Any, List

from snftools.report import Finding
from snftools.upgrade import survey
from snftools.upgrade.checks import NODE, SITE, Check, Look

_IN_FLIGHT = ("queued", "waiting", "waitlock", "running", "canceling")


def master(look: Look, node: Any) -> List[Finding]:
    """Without eventd on the master no state of a VM reaches Cyclades (SOURCE 6.1 no. 3)."""
    nodes = [look.up.ctx.open(entry) for entry in look.up.site.with_role("ganeti")]
    if not nodes or any(survey.is_master(node) for node in nodes):
        return []
    return [Finding("ganeti-master", "warning", "none of %s is the Ganeti master"
                    % ", ".join(node.name for node in nodes),
                    why="snf-ganeti-eventd runs on the master alone",
                    remedy="gnt-cluster getmaster; add that node to site.conf")]


def jobs(look: Look, node: Any) -> List[Finding]:
    """Jobs that end while nobody listens leave VMs in BUILD (SOURCE 6.1 no. 22)."""
    if not survey.is_master(node):
        return []
    answer = node.run(["gnt-job", "list", "--no-headers", "--output=id,status,summary"],
                      timeout=60)
    if answer.exit == 127:
        return []
    if not answer.ok:
        return [Finding("ganeti-jobs", "warning", "gnt-job list: exit %d" % answer.exit,
                        node=node.name, why=answer.error_text.strip()[:200],
                        remedy="gnt-job list")]
    flying = [line.split() for line in answer.lines
              if len(line.split()) > 1 and line.split()[1] in _IN_FLIGHT]
    if not flying:
        return []
    return [Finding("ganeti-jobs", "warning", "%d jobs in flight: %s" % (
        len(flying), ", ".join(" ".join(words[:3]) for words in flying[:5])), node=node.name,
        why="what they do is not heard of while the services are down",
        remedy="gnt-job list; wait for them, or snf-manage reconcile-servers afterwards")]


CHECKS = [Check("ganeti-master", "install", SITE, master),
          Check("ganeti-jobs", "install", NODE, jobs, ("ganeti",))]
