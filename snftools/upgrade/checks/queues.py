"""What is on its way while services stop: messages in queues (SOURCE 6.1 no. 5)."""

from __future__ import annotations

import re
from typing import Any, List

from snftools.report import Finding
from snftools.upgrade.checks import NODE, Check, Look

_ROW = re.compile(r"^(\S+)\s+(\d+)$")


def messages(look: Look, node: Any) -> List[Finding]:
    """Queues with messages, where RabbitMQ's own program is; nobody else can tell."""
    answer = node.run(["rabbitmqctl", "-q", "list_queues", "name", "messages"], timeout=60)
    if answer.exit == 127:
        return []
    if not answer.ok:
        return [Finding("queues", "warning", "rabbitmqctl list_queues: exit %d" % answer.exit,
                        node=node.name, why=answer.error_text.strip()[:200],
                        remedy="rabbitmqctl list_queues")]
    rows = [match.groups() for match in map(_ROW.match, answer.lines) if match]
    full = ["%s (%s)" % row for row in rows if row[1] != "0"]
    if not full:
        return []
    return [Finding("queues", "warning", "messages wait in %s" % ", ".join(full),
                    node=node.name, why="what the old dispatcher has not read when it stops "
                    "is read by the new one, or by nobody",
                    remedy="rabbitmqctl list_queues; snf-upgrade-tools(7), QUEUES")]


CHECKS = [Check("queues", "install", NODE, messages)]
