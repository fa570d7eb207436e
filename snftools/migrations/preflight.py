"""What the data of the old release must be like for the migrations to carry it (SOURCE 4.4).

Each kind is a function that asks the database and returns what it found in words; which of
them apply, before which migration, and how bad it is, is release data.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from snftools.migrations.guards import Plan
from snftools.migrations.state import DatabaseState
from snftools.report import Finding

Rows = List[Tuple[Any, ...]]
Told = Tuple[str, str, str]


def findings(plan: Plan, role: str, state: DatabaseState, connection: Any) -> List[Finding]:
    """The findings that apply to a role's database now; errors are refusals (3)."""
    found = []
    for name, row in plan.preflight.items():
        app = plan.apps[row["app"]]
        history = plan.history(row["app"], state)
        if app.role != role or not history.present or row["before"] not in history.missing:
            continue
        for what, why, remedy in _KINDS[name](connection, row["names"]):
            found.append(Finding(name, row["severity"], what, where=state.name, why=why,
                                 remedy=remedy, code=3, waivable=row["severity"] == "error"))
    return found


def _service_names(connection: Any, names: Sequence[str]) -> List[Told]:
    """im.0035 and im.0042 know services by these names alone; others lose their resources."""
    rows = _ask(connection, "SELECT s.name, count(r.id) FROM im_service s LEFT JOIN im_resource r "
                            "ON r.service_id = s.id GROUP BY s.name ORDER BY s.name")
    return [("service '%s' has %d resources, and a name that the migration does not know (%s)"
             % (name, count, ", ".join(names)),
             "its resources would get no service type; importing the service would make them "
             "anew with limit 0, and users would lose their quota",
             "rename it with the old release's snf-manage service-update")
            for name, count in rows if count and name not in names]


def _equal_resource_names(connection: Any, names: Sequence[str]) -> List[Told]:
    """im.0026 makes im_resource.name unique before im.0027 prefixes the names."""
    rows = _ask(connection, "SELECT name, count(*) FROM im_resource GROUP BY name "
                            "HAVING count(*) > 1 ORDER BY name")
    return [("%d resources are named '%s'" % (count, name),
             "the migration makes the name unique and would end there", "")
            for name, count in rows]


def _service_tokens(connection: Any, names: Sequence[str]) -> List[Told]:
    """im.0038 empties tokens that occur twice: the services could not log in any more."""
    table = "im_component" if _has_table(connection, "im_component") else "im_service"
    rows = _ask(connection, "SELECT name FROM %s WHERE auth_token IN (SELECT auth_token FROM %s "
                            "GROUP BY auth_token HAVING count(*) > 1) ORDER BY name"
                % (table, table))
    if not rows:
        return []
    return [("services share one token: %s" % ", ".join(row[0] for row in rows),
             "the migration takes it from all of them", "give one of them a new token with the "
             "old release's snf-manage service-token-renew")]


def _user_tokens(connection: Any, names: Sequence[str]) -> List[Told]:
    """im.0038 does the same with users' tokens."""
    count = _ask(connection, "SELECT count(*) FROM im_astakosuser WHERE auth_token IN (SELECT "
                             "auth_token FROM im_astakosuser GROUP BY auth_token HAVING "
                             "count(*) > 1)")[0][0]
    return [("%d users share a token with another user" % count,
             "the migration takes it from all of them; they get a new one at their next login",
             "")] if count else []


def _user_states(connection: Any, names: Sequence[str]) -> List[Told]:
    """im.0031 prints "is not migrated" for these and goes on (exit 0)."""
    count = _ask(connection, "SELECT count(*) FROM im_astakosuser a JOIN auth_user u "
                             "ON u.id = a.user_ptr_id WHERE (u.is_active AND NOT "
                             "a.email_verified) OR (NOT u.is_active AND a.email_verified AND "
                             "a.activation_sent IS NULL)")[0][0]
    return [("%d users are active but not verified, or verified but neither active nor sent "
             "an activation" % count, "the migration leaves their new fields empty", "")
            ] if count else []


def _pending_commissions(connection: Any, names: Sequence[str]) -> List[Told]:
    """A commission that is pending stays so: its services must resolve it after the upgrade."""
    count = _ask(connection, "SELECT count(*) FROM quotaholder_app_commission")[0][0]
    return [("%d quota commissions are pending" % count, "they stay pending in the new release",
             "after the upgrade: snf-manage reconcile-commissions-cyclades and -pithos")
            ] if count else []


def _ask(connection: Any, sql: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _has_table(connection: Any, table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.tables WHERE table_name = %s",
                       (table,))
        return bool(cursor.fetchone()[0])


_KINDS: Mapping[str, Callable[[Any, Sequence[str]], List[Told]]] = {
    "service-names": _service_names,
    "equal-resource-names": _equal_resource_names,
    "service-tokens": _service_tokens,
    "user-tokens": _user_tokens,
    "user-states": _user_states,
    "pending-commissions": _pending_commissions,
}

KINDS: Dict[str, str] = {name: (function.__doc__ or "") for name, function in _KINDS.items()}
