"""astakos-migrate-0.14: the pending application limit, then users' own limits, then counts."""

import optparse
import subprocess
import sys

from . import limits
from .context import Context
from .main import as_django
from .rows import commit, execute, one, query

RESOURCE = "astakos.pending_app"
MODIFY = ["snf-manage", "resource-modify", RESOURCE, "--limit-interactive"]
RECONCILE = ["snf-manage", "reconcile-resources-astakos", "--fix"]


def run(program, words):
    """Run the script; 0 also when a part of it failed (OBSERVED A)."""
    context = Context.of_program(program)
    context.load()
    parser = optparse.OptionParser()
    parser.add_option("--usersetting", action="store_true", default=False)
    opts, _ = parser.parse_args(words)
    if opts.usersetting:
        migrate_settings(context)
        return 0
    print('Running "%s"...' % " ".join(MODIFY))
    if subprocess.call(MODIFY) != 0:
        print("Setting resource limit failed. Have you registered service astakos?")
        print("Aborting.")
        return 0
    print()
    migrate_settings(context)
    print()
    command = RECONCILE + (["--force"] if context.at_least("snf-astakos-app", "0.14.2") else [])
    print('Running "%s"...' % " ".join(command))
    subprocess.call(command)
    return 0


def migrate_settings(context):
    """Copy the users' PENDING_APPLICATION_LIMIT into limits of their own."""
    print("Migrating user-specific settings...")
    try:
        _migrate(context)
    except Exception as exc:
        sys.stdout.flush()
        raise as_django(exc) from None
    context.close()


def _migrate(context):
    resource = one(context, "SELECT id FROM im_resource WHERE name = %s", (RESOURCE,))
    if resource is None:
        print("Resource '%s' not found." % RESOURCE)
        return
    users = []
    for setting in query(
        context,
        "SELECT s.user_id AS user_ptr_id, s.value, u.uuid FROM im_usersetting s"
        " JOIN im_astakosuser u ON u.user_ptr_id = s.user_id"
        " WHERE s.setting = 'PENDING_APPLICATION_LIMIT' ORDER BY s.id",
    ):
        ids = (resource["id"], setting["user_ptr_id"])
        sql = "SELECT id FROM im_astakosuserquota WHERE resource_id = %s AND user_id = %s"
        if one(context, sql, ids):
            print("Base quota already exists: %s %s" % (setting["uuid"], RESOURCE))
            continue
        execute(
            context,
            "INSERT INTO im_astakosuserquota (resource_id, user_id, capacity) VALUES (%s, %s, %s)",
            ids + (setting["value"],),
        )
        print("Migrated base quota: %s %s %s" % (setting["uuid"], RESOURCE, setting["value"]))
        users.append(setting)
    limits.sync(context, users)
    commit(context)
