"""Nobody has more pending applications than the limit that is to come (OBSERVED C.7)."""

from __future__ import annotations

from typing import Any, List

from snftools.report import Finding
from snftools.upgrade.checks import DATABASES, Check, Look


def limit(look: Look, node: Any) -> List[Finding]:
    """Pending applications against each user's own limit, else against pending_app_limit."""
    from snftools.database import connect
    from snftools.database.find import for_component
    from snftools.registry import quota
    wanted = look.up.site.pending_app_limit
    conf = look.up.release.part("registry")["quota"]
    database = for_component(look.databases, conf["component"])
    with connect.connect(database) as connection:
        rows = quota.pending(connection, conf)
    found = []
    least = max([count for count, own in rows if own is None] or [0])
    if wanted is not None and least > wanted:
        found.append(Finding(
            quota.FINDING, "error", "some user has %d pending applications, more than "
            "pending_app_limit = %d" % (least, wanted), where=database.name, code=3,
            remedy="pending_app_limit = %d in site.conf" % least, waivable=True))
    over = [count for count, own in rows if own is not None and count > own]
    if over:
        found.append(Finding(
            quota.FINDING, "error", "%d users have more pending applications (up to %d) than "
            "their own limit" % (len(over), max(over)), where=database.name, code=3,
            why="they could not apply until some are decided",
            remedy="decide these applications, or waive = %s in site.conf" % quota.FINDING,
            waivable=True))
    return found


CHECKS = [Check("quota-limit", "quota", DATABASES, limit)]
