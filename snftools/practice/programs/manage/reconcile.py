"""reconcile-resources-astakos: pending applications against what the quotaholder counts."""

import datetime
import sys

from . import limits, options, tables
from .context import CommandError
from .rows import commit, execute, one, query

RESOURCE = "astakos.pending_app"
REACHED = (
    "Reconciling failed because a limit has been reached. Use --force to ignore the check."
)
PENDING = """
SELECT u.user_ptr_id, u.uuid, count(a.id) AS pending FROM im_astakosuser u
  LEFT JOIN im_projectapplication a ON a.owner_id = u.user_ptr_id AND a.state = 0
 WHERE u.email_verified GROUP BY u.user_ptr_id, u.uuid ORDER BY u.user_ptr_id"""


def reconcile(context, words):
    """Show and with --fix mend the counts; a reached limit stops all and still exits 0."""
    built = options.parser("reconcile-resources-astakos", "", "Reconcile resource usage")
    built.add_option("--userid", help="Reconcile resources only for this user")
    built.add_option("--fix", action="store_true", default=False)
    built.add_option("--force", action="store_true", default=False)
    opts, _ = built.parse_args(words)
    if not one(context, "SELECT id FROM im_component WHERE name = 'astakos'"):
        raise CommandError("Component 'astakos' not found.")
    unsynced = _unsynced(context, opts.userid)
    if not unsynced:
        print("Everything in sync.")
        return
    rows = [(user, RESOURCE, pending, held["usage_max"]) for user, pending, held in unsynced]
    tables.pretty(rows, ("User", "Resource", "Astakos", "Quotaholder"), out=sys.stderr)
    sys.stderr.flush()
    if opts.fix:
        _fix(context, unsynced, opts.force)


def _unsynced(context, only):
    held = limits.held(context)
    unsynced = []
    for user in query(context, PENDING):
        if only and user["uuid"] != only:
            continue
        holding = held.get((user["uuid"], RESOURCE))
        if holding is None:
            if user["pending"]:
                sys.stderr.write(
                    "User '%s' does not exist in Quotaholder!\n" % user["uuid"]
                )
        elif holding["usage_max"] != user["pending"]:
            unsynced.append((user["uuid"], user["pending"], holding))
    return unsynced


def _fix(context, unsynced, force):
    if not force and any(
        pending > held["usage_max"] and pending > held["limit"] for _, pending, held in unsynced
    ):
        print(REACHED)
        return
    sql = "SELECT nextval(pg_get_serial_sequence('quotaholder_app_commission', 'serial')) AS n"
    serial = one(context, sql)["n"]
    now = datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S.%f")[:24]
    for user, pending, held in unsynced:
        execute(
            context,
            "UPDATE quotaholder_app_holding SET usage_min = %s, usage_max = %s WHERE id = %s",
            (pending, pending, held["id"]),
        )
        execute(
            context,
            "INSERT INTO quotaholder_app_provisionlog (serial, source, name, issue_time, log_time,"
            ' resource, delta_quantity, reason, holder, "limit", usage_min, usage_max)'
            " VALUES (%s, %s, 'RECONCILE', %s, %s, %s, %s, 'ACCEPT:', %s, %s, %s, %s)",
            (
                serial, limits.SYSTEM, now, now, RESOURCE, pending - held["usage_max"],
                user, held["limit"], pending, pending,
            ),
        )  # fmt: skip
    commit(context)
    print("Fixed unsynced resources")


COMMANDS = {"reconcile-resources-astakos": reconcile}
