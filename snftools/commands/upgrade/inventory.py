"""snf-upgrade inventory - tell the site to Ansible, by the convention of its inventory scripts"""

from __future__ import annotations

import json
from typing import Any

from snftools.commands.context import Context
from snftools.errors import Invalid
from snftools.report import Report
from snftools.upgrade import inventory


def act(args: Any) -> Report:
    """site.conf alone is read; no node is asked."""
    site = Context(args, command="snf-upgrade inventory").site
    if not site.path:
        raise Invalid("there is no site.conf", next="snf-upgrade init")
    answer = inventory.inventory(site) if args.list else \
        inventory.host(site, site.node(args.host))
    # Plain JSON, not the document of --json: Ansible reads it.
    return Report(result=answer, lines=tuple(json.dumps(answer, indent=2).split("\n")))
