"""user-list: the users, in the table of each release."""

from . import listing, options
from .rows import query

OLD_WIDTHS = (3, 24, 6, 5, 36, 24)
OLD_LABELS = ("id", "real name", "active", "admin", "uuid", "providers")
NEW = (
    "SELECT u.id, u.email, u.first_name, u.last_name, u.is_active, u.is_superuser, a.uuid,"
    " a.moderated FROM auth_user u JOIN im_astakosuser a ON a.user_ptr_id = u.id ORDER BY u.id"
)
OLD = (
    "SELECT u.id, u.first_name, u.last_name, u.is_active, u.is_superuser, im_astakosuser.uuid,"
    " im_astakosuser.provider FROM auth_user u"
    " JOIN im_astakosuser ON im_astakosuser.user_ptr_id = u.id ORDER BY u.id"
)


def user_list(context, words):
    """Print the users; code of 0.13 fails on the schema of 0.14 (OBSERVED J)."""
    if not context.at_least("snf-astakos-app", "0.14"):
        return _old_list(context, words)

    def objects(opts):
        return [
            {
                "id": row["id"],
                "realname": _real_name(row),
                "active": row["is_active"],
                "admin": row["is_superuser"],
                "uuid": row["uuid"],
                "email": row["email"],
            }
            for row in query(context, NEW)
        ]

    built = listing.parser("user-list", "List users")
    return listing.run(
        built, words, objects, ["id", "realname", "active", "admin", "uuid"], ["email"]
    )


def _old_list(context, words):
    options.parser("user-list", "", "List users").parse_args(words)
    heading = " ".join(label.rjust(width) for label, width in zip(OLD_LABELS, OLD_WIDTHS))
    rows = query(context, OLD)
    print(heading)
    print("-" * len(heading))
    for row in rows:
        values = (
            str(row["id"]),
            _real_name(row),
            "YES" if row["is_active"] else "NO",
            "YES" if row["is_superuser"] else "NO",
            row["uuid"] or "",
            "local:astakos",
        )
        print(" ".join(value.rjust(width) for value, width in zip(values, OLD_WIDTHS)))


def _real_name(row):
    return ("%s %s" % (row["first_name"], row["last_name"])).strip()


COMMANDS = {"user-list": user_list}
