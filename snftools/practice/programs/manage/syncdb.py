"""South's syncdb: tables of the applications that have no migrations (OBSERVED A, B.2)."""

import optparse
import sys

from . import south
from .context import DatabaseError
from .contrib import AFTER, TABLES

QUESTION = """
You just installed Django's auth system, which means you don't have any superusers defined.
Would you like to create one now? (yes/no): """
ALWAYS = ("contenttypes", "sites", "admin", "south", "webproject")
LABELS = {
    "contenttypes": "django.contrib.contenttypes",
    "sites": "django.contrib.sites",
    "admin": "django.contrib.admin",
    "south": "south",
    "webproject": "synnefo.webproject",
}
# Applications without migrations, by package and in the order in which they are listed.
SYNCED = (
    (
        "snf-cyclades-app",
        ("api", "ui", "logic", "plankton", "vmapi", "helpdesk", "quotas"),
        "synnefo.%s",
    ),
    ("snf-astakos-app", ("auth", "sessions", "messages"), "django.contrib.%s"),
    ("snf-astakos-app", ("django_tables2",), "%s"),
    ("snf-pithos-app", ("api",), "pithos.%s"),
)
MIGRATED = {
    "db": "synnefo.db",
    "userdata": "synnefo.userdata",
    "im": "astakos.im",
    "quotaholder_app": "astakos.quotaholder_app",
}
MODELS = {
    "django_admin_log": "admin.LogEntry",
    "auth_permission": "auth.Permission",
    "auth_group_permissions": "auth.Group_permissions",
    "auth_user_user_permissions": "auth.User_user_permissions",
    "auth_user_groups": "auth.User_groups",
    "auth_message": "auth.Message",
}


def syncdb(context, argv):
    """Make what is missing of django.contrib's tables and list the applications."""
    parser = optparse.OptionParser(prog=sys.argv[0] + " syncdb")
    for flag in ("noinput", "all", "migrate", "migrate-all"):
        parser.add_option("--" + flag, action="store_true", default=False)
    parser.add_option("--database", default="default")
    options, _words = parser.parse_args(list(argv))
    context.load()
    _say("Syncing...")
    _make_tables(context, context.db(options.database), options)
    _say("No fixtures found.")
    _say("\nSynced:")
    for name in _synced(context):
        _say(" > %s" % name)
    _say("\nNot synced (use migrations):")
    for app in south.apps(context):
        _say(" - %s" % MIGRATED[app])
    _say("(use ./manage.py migrate to migrate these)")
    return 0


def _synced(context):
    names = [LABELS[name] for name in ALWAYS]
    for package, labels, pattern in SYNCED:
        if context.version(package):
            names += [pattern % label for label in labels]
    return names


def _make_tables(context, connection, options):
    wanted = [
        name
        for name in TABLES
        if context.version("snf-astakos-app") or not name.startswith("auth_")
    ]
    missing = [name for name in wanted if name not in _existing(connection)]
    for name in missing:
        _say("Creating table %s" % name)
        _execute(connection, _create(connection, name))
    connection.commit()
    if "auth_user" in missing and not options.noinput:
        _ask_for_superuser()
    done = set()
    for name, statement in sorted(AFTER, key=lambda pair: list(TABLES).index(pair[0])):
        if name not in missing or _is_sqlite(connection) or not _all_there(statement, wanted):
            continue
        if name in MODELS and statement.startswith("CREATE INDEX") and name not in done:
            _say("Installing index for %s model" % MODELS[name])
            done.add(name)
        _execute(connection, statement)
    connection.commit()


def _ask_for_superuser():
    while True:
        answer = input(QUESTION)
        if answer == "no":
            return
        if answer == "yes":
            raise NotImplementedError("a superuser can't be made on the practice site")
        _say("Please answer yes or no.")


def _all_there(statement, wanted):
    words = statement.split(" REFERENCES ")
    return len(words) == 1 or words[1].split("(")[0] in wanted


def _create(connection, name):
    columns = TABLES[name]
    if _is_sqlite(connection):
        columns = columns.replace("serial NOT NULL", "integer NOT NULL")
    return "CREATE TABLE %s (%s)" % (name, columns)


def _existing(connection):
    text = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    if _is_sqlite(connection):
        text = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return {row[0] for row in _execute(connection, text).fetchall()}


def _is_sqlite(connection):
    return type(connection).__module__ == "sqlite3"


def _execute(connection, text):
    import psycopg2

    cursor = connection.cursor()
    try:
        cursor.execute(text)
    except psycopg2.ProgrammingError as exc:
        connection.rollback()
        raise DatabaseError(str(exc)) from None
    return cursor


def _say(text):
    print(text, flush=True)


COMMANDS = {"syncdb": syncdb}
