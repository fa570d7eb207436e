"""How limits of users follow from default limits, own limits and projects (0.14's im/quotas)."""

from .rows import execute, one, query

SYSTEM = "system"
HOLDING = "SELECT id, \"limit\", usage_min, usage_max FROM quotaholder_app_holding"
ONE_HOLDING = HOLDING + " WHERE holder = %s AND source = %s AND resource = %s"
GRANTS = """
SELECT m.person_id, r.name, sum(g.member_capacity) AS capacity
  FROM im_projectmembership m
  JOIN im_project p ON p.id = m.project_id AND p.state = 1
  JOIN im_projectresourcegrant g ON g.project_application_id = p.application_id
  JOIN im_resource r ON r.id = g.resource_id
 WHERE m.state IN (1, 5) GROUP BY m.person_id, r.name"""


def add_new_resource(context, resource):
    """Give every verified user a holding of a resource that is new, with the limit 0."""
    for user in verified_users(context):
        set_limit(context, user["uuid"], resource, 0)


def raise_default(context, resource, difference):
    """Add to the limit of each verified user who has no limit of his own for the resource."""
    users = query(
        context,
        "SELECT u.uuid FROM im_astakosuser u WHERE u.email_verified AND NOT EXISTS"
        " (SELECT 1 FROM im_astakosuserquota q WHERE q.user_id = u.user_ptr_id"
        " AND q.resource_id = %s) ORDER BY u.user_ptr_id",
        (resource["id"],),
    )
    for user in users:
        found = one(context, ONE_HOLDING, (user["uuid"], SYSTEM, resource["name"]))
        before = found["limit"] if found else 0
        set_limit(context, user["uuid"], resource["name"], before + difference)


def set_limit(context, holder, resource, limit):
    """Write the limit of a holding, made if it is not there."""
    found = one(context, ONE_HOLDING, (holder, SYSTEM, resource))
    if found is None:
        execute(
            context,
            'INSERT INTO quotaholder_app_holding (holder, source, resource, "limit", usage_min,'
            " usage_max) VALUES (%s, %s, %s, %s, 0, 0)",
            (holder, SYSTEM, resource, limit),
        )
    elif found["limit"] != limit:
        execute(
            context,
            'UPDATE quotaholder_app_holding SET "limit" = %s WHERE id = %s',
            (limit, found["id"]),
        )


def verified_users(context):
    """Return the users whose address is verified: user_ptr_id, uuid."""
    return query(
        context,
        "SELECT user_ptr_id, uuid FROM im_astakosuser WHERE email_verified ORDER BY user_ptr_id",
    )


def computed(context, users):
    """Return {uuid: {resource: limit}} as astakos computes it for the users."""
    base = query(context, "SELECT id, name, uplimit FROM im_resource ORDER BY id")
    own = {
        (row["user_id"], row["resource_id"]): row["capacity"]
        for row in query(context, "SELECT user_id, resource_id, capacity FROM im_astakosuserquota")
    }
    granted = {(row["person_id"], row["name"]): row["capacity"] for row in query(context, GRANTS)}
    return {
        user["uuid"]: {
            resource["name"]: own.get((user["user_ptr_id"], resource["id"]), resource["uplimit"])
            + granted.get((user["user_ptr_id"], resource["name"]), 0)
            for resource in base
        }
        for user in users
    }


def held(context):
    """Return {(holder, resource): holding} of what the system grants."""
    sql = HOLDING.replace("SELECT id", "SELECT id, holder, resource") + " WHERE source = %s"
    return {(row["holder"], row["resource"]): row for row in query(context, sql, (SYSTEM,))}


def sync(context, users):
    """Write the computed limits of the users into their holdings."""
    for uuid, limits in computed(context, users).items():
        for resource, limit in limits.items():
            set_limit(context, uuid, resource, limit)
