"""quota: lists, verifies and writes again the limits of users."""

from . import limits, options, tables, units
from .context import CommandError
from .rows import commit


def quota(context, words):
    """Compare the limits that astakos computes with the quotaholder's; exit 0 either way."""
    built = options.parser("quota", "", "List and check the integrity of user quota")
    for name in ("--list", "--verify", "--sync"):
        built.add_option(name, action="store_true", default=False)
    built.add_option("--user")
    built.add_option("--unit-style", type="choice", choices=units.STYLES, default="mb")
    opts, _ = built.parse_args(words)
    if sum((opts.list, opts.verify, opts.sync)) > 1:
        raise CommandError("Specify only one of --list, --verify, --sync.")
    users = limits.verified_users(context)
    if opts.user:
        users = [user for user in users if user["uuid"] == opts.user]
        if not users:
            raise CommandError("Unknown user")
    if not (opts.verify or opts.sync):
        return _list(context, users)
    different = _different(context, users)
    if opts.verify:
        if different:
            print("Quota differ for %d users." % len(different))
        return
    if not different:
        print("No sync needed.")
        return
    limits.sync(context, different)
    commit(context)
    print("Synced %d users:" % len(different))
    for user in different:
        print("%s" % user["uuid"])


def _different(context, users):
    held = limits.held(context)
    wanted = limits.computed(context, users)
    return [
        user
        for user in users
        if any(
            held.get((user["uuid"], resource), {"limit": None})["limit"] != limit
            for resource, limit in wanted[user["uuid"]].items()
        )
    ]


def _list(context, users):
    rows = [
        (holder, resource, row["limit"], row["usage_max"])
        for (holder, resource), row in sorted(limits.held(context).items())
        if any(user["uuid"] == holder for user in users)
    ]
    tables.pretty(rows, ("user", "resource", "limit", "usage"))


COMMANDS = {"quota": quota}
