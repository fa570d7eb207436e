"""What the nodes export: their API services, by the program of each role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict

from snftools.errors import Failed
from snftools.synnefo import manage, outputs

if TYPE_CHECKING:
    from snftools.node.base import Node


def service_export(node: "Node", command: str) -> Dict[str, outputs.Definition]:
    """The API services that the node's settings define, by `snf-manage COMMAND`.

    It asks neither database nor network, and exits 0 with default URLs where a base URL is
    not set (OBSERVED A): the caller judges the URLs.
    """
    answer = manage.snf_manage(node, [command])
    if answer.exit:
        raise Failed(answer.describe(), node=node.name, unchanged="everything")
    try:
        return outputs.service_export(answer.raw)
    except outputs.NotUnderstood as error:
        raise Failed("snf-manage %s: %s" % (command, error), node=node.name,
                     unchanged="everything")
