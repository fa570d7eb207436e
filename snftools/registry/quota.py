"""The limit on pending applications, a setting before and a resource since (OBSERVED C.7, N.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Tuple

from snftools.errors import Failed, Refused
from snftools.report import Finding
from snftools.synnefo import manage

if TYPE_CHECKING:
    from snftools.node.base import Node

FINDING = "quota-limit"


@dataclass(frozen=True)
class QuotaState:
    """What the astakos database says; `limit` is None while the resource is not registered.

    `own`: users with a setting of their own; `carried`: those of them with a base quota row;
    `over`: (users, most) that have more pending applications than the wanted limit or their
    own allows; `unreconciled`: verified users with pending applications that no holding counts
    (Astakos keeps no holdings for the others).
    """

    limit: Optional[int]
    own: int
    carried: int
    over: int
    most: int
    unreconciled: int

    @property
    def complete(self) -> bool:
        """Whether every own setting has a base quota row, and usage is counted."""
        return self.limit is not None and self.own == self.carried and not self.unreconciled

    def there(self, wanted: Optional[int]) -> bool:
        """Whether all of it is done: the limit is set (0 only when 0 is wanted)."""
        return self.complete and (self.limit != 0 or wanted == 0)


_PENDING = """
SELECT a.uuid, p.n, coalesce(q.capacity, s.value), a.email_verified FROM
  (SELECT owner_id, count(*) AS n FROM im_projectapplication WHERE state = %(pending)s
   GROUP BY owner_id) p
  JOIN im_astakosuser a ON a.user_ptr_id = p.owner_id
  LEFT JOIN im_usersetting s ON s.user_id = p.owner_id AND s.setting = %(setting)s
  LEFT JOIN (SELECT user_id, capacity FROM im_astakosuserquota u JOIN im_resource r
             ON r.id = u.resource_id WHERE r.name = %(resource)s) q ON q.user_id = p.owner_id"""
_OWN = """
SELECT count(*), count(q.user_id) FROM im_usersetting s LEFT JOIN
  (SELECT user_id FROM im_astakosuserquota u JOIN im_resource r ON r.id = u.resource_id
   WHERE r.name = %(resource)s) q ON q.user_id = s.user_id
 WHERE s.setting = %(setting)s"""
_HOLDINGS = """
SELECT holder FROM quotaholder_app_holding WHERE resource = %(resource)s AND usage_max > 0"""


def read(connection: Any, conf: Mapping[str, Any], wanted: Optional[int]) -> Optional[QuotaState]:
    """Ask the astakos database; None while it is not migrated."""
    values = {"pending": conf["pending_state"], "setting": conf["user_setting"],
              "resource": conf["resource"]}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
                       "WHERE (c.relname, a.attname) IN (('im_resource', 'service_origin'), "
                       "('quotaholder_app_holding', 'usage_max'))")
        if cursor.fetchone()[0] != 2:
            return None
        cursor.execute("SELECT uplimit FROM im_resource WHERE name = %(resource)s", values)
        row = cursor.fetchone()
        cursor.execute(_OWN, values)
        own, carried = cursor.fetchone()
        cursor.execute(_PENDING, values)
        pending = cursor.fetchall()
        cursor.execute(_HOLDINGS, values)
        held = {holder for holder, in cursor.fetchall()}
    limit = int(row[0]) if row else None
    default = wanted if wanted is not None else (limit or 0)
    over = [count for _, count, capacity, _ in pending
            if count > (default if capacity is None else capacity)]
    return QuotaState(limit, own, carried, len(over), max(over or [0]),
                      sum(verified and uuid not in held for uuid, _, _, verified in pending))


def pending(connection: Any, conf: Mapping[str, Any]) -> List[Tuple[int, Optional[int]]]:
    """Each user's pending applications and his own limit; works before the migration."""
    values = {"pending": conf["pending_state"], "setting": conf["user_setting"],
              "resource": conf["resource"]}
    with connection.cursor() as cursor:
        cursor.execute(_PENDING, values)
        return [(count, capacity) for _, count, capacity, _ in cursor.fetchall()]


def needed(connection: Any, conf: Mapping[str, Any]) -> int:
    """The least limit with which nobody without a limit of his own is over it."""
    return max([count for count, own in pending(connection, conf) if own is None] or [0])


def over_finding(state: QuotaState, wanted: int, least: int, where: str,
                 waived: bool) -> Tuple[Finding, ...]:
    """The precheck of OBSERVED C.7: users with more pending applications than they may have."""
    if not state.over:
        return ()
    remedy = ("--pending-app-limit %d, or pending_app_limit = %d in site.conf" % (least, least)
              if least > wanted else "decide these applications, or waive = %s" % FINDING)
    return (Finding(FINDING, "warning" if waived else "error",
                    "users with more pending applications (up to %d) than their limit: %d "
                    "(pending_app_limit = %d, or a limit of their own)"
                    % (state.most, state.over, wanted), where=where,
                    why="they could not apply until some are decided; the migration itself "
                    "carries them over by force", remedy=remedy, code=3, waivable=True),)


def limit_refusal(state: QuotaState, wanted: int, resource: str) -> None:
    """Refuse to change a limit that somebody has decided since: neither 0 nor the wanted one."""
    if state.limit is not None and state.limit not in (0, wanted):
        raise Refused("the limit of %s is %s, not 0 as it was made and not %d as you want it"
                      % (resource, state.limit, wanted), unchanged="everything",
                      why="an administrator has set it since; changing it changes what "
                      "every user without a limit of his own may do",
                      next="snf-migrate-quota --pending-app-limit %d    (keeps it), or "
                      "--set-limit" % state.limit)


def migrate(node: "Node", conf: Mapping[str, Any], state: QuotaState, wanted: int,
            read_again: Any) -> List[str]:
    """Run what is missing of the series; returns the commands that ran.

    Each is proved by `read_again`; raises Failed when the database says otherwise.
    """
    ran: List[str] = []
    if state.limit != wanted:
        answer = manage.snf_manage(node, [*conf["limit"], str(wanted)])
        ran.append(" ".join(answer.argv))
        state = read_again()
        if state.limit != wanted:
            raise _failed(node, answer, "the limit is %s" % state.limit)
    if state.carried != state.own:
        answer = manage.run(node, list(conf["user_limits"]))
        ran.append(" ".join(answer.argv))
        state = read_again()
        if state.carried != state.own:
            raise _failed(node, answer, "%d of %d users' own limits are carried over"
                          % (state.carried, state.own))
    answer = manage.snf_manage(node, list(conf["reconcile"]))
    ran.append(" ".join(answer.argv))
    state = read_again()
    if state.unreconciled:
        raise _failed(node, answer, "%d users' pending applications are not counted"
                      % state.unreconciled)
    return ran


def _failed(node: "Node", answer: manage.Answer, found: str) -> Failed:
    """The error for a command that did not do its work, whatever it exited with."""
    return Failed("%s; the database says: %s" % (answer.describe(), found), node=node.name,
                  next="mend it, then: snf-migrate-quota")
