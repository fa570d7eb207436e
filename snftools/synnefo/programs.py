"""The other programs of Synnefo that an upgrade runs: pithos-migrate and the service exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Optional, Sequence

from snftools.errors import Failed
from snftools.synnefo import manage, outputs

if TYPE_CHECKING:
    from snftools.node.base import Node


def pithos_migrate(node: "Node", args: Sequence[str],
                   timeout: Optional[float] = None) -> manage.Answer:
    """Run pithos-migrate; only on a node with the role pithos (OBSERVED C.9)."""
    return manage.run(node, ["pithos-migrate", *args], timeout=timeout)


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
