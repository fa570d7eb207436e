"""A node's services around a change of its packages: down before, and still down afterwards."""

from __future__ import annotations

from typing import Any, List

from snftools.errors import Refused
from snftools.report import Finding


def running(ctx: Any, node: Any) -> List[Any]:
    """The services of the node's roles that run now."""
    from snftools import services
    return [one for one in services.states(node, ctx.release) if one.running]


def need_down(ctx: Any, node: Any) -> None:
    """Refused (3) while services run: they would be left with half of each release."""
    up = running(ctx, node)
    if up:
        raise Refused("%s must be stopped first" % ", ".join(one.name for one in up),
                      node=node.name, unchanged="everything",
                      next="snf-services stop --node " + node.name)


def stop_again(ctx: Any, node: Any) -> List[Finding]:
    """Services that a maintainer script started all the same are stopped and named."""
    from snftools import services
    names = [one.name for one in running(ctx, node)]
    if not names:
        return []
    outcome = services.stop(node, ctx.release, names)
    return [Finding("service-came-up", "warning",
                    "%s was started during the install; it was stopped again" % name,
                    node=node.name, where=name) for name in outcome.changed] \
        + list(outcome.findings)
