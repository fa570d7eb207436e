"""Nobody has more pending applications than the limit that is to come (OBSERVED C.7)."""

from __future__ import annotations

from typing import Any, List

from snftools.report import Finding
from snftools.upgrade.checks import DATABASES, Check, Look


def limit(look: Look, node: Any) -> List[Finding]:
    """Users without a limit of their own against pending_app_limit."""
    from snftools.database import connect
    from snftools.database.find import for_component
    from snftools.registry import quota
    wanted = look.up.site.pending_app_limit
    conf = look.up.release.part("registry")["quota"]
    database = for_component(look.databases, conf["component"])
    with connect.connect(database) as connection:
        least = quota.needed(connection, conf)
    if wanted is None or least <= wanted:
        return []
    return [Finding(quota.FINDING, "error", "some user has %d pending applications, more than "
                    "pending_app_limit = %d" % (least, wanted), where=database.name, code=3,
                    remedy="pending_app_limit = %d in site.conf" % least, waivable=True)]


CHECKS = [Check("quota-limit", "quota", DATABASES, limit)]
