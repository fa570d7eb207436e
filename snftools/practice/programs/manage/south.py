"""South's migrate: the migrations of Synnefo's applications, one transaction each."""

import optparse
import os
import re
import sys
import traceback

from . import contenttypes, passwords
from .context import ImproperlyConfigured
from .history import HISTORY
from .statements import debug, query, statements

USAGE = (
    "%prog [options] [appname] [migrationname|zero] [--all] [--list] [--skip] [--merge]"
    " [--no-initial-data] [--fake] [--db-dry-run] [--database=dbalias]\n\n"
    "Runs migrations for all apps."
)
# Bare `migrate` goes through the applications of a node in this order (OBSERVED H).
PACKAGES = (
    ("snf-cyclades-app", ("db", "userdata")),
    ("snf-astakos-app", ("im", "quotaholder_app")),
)
# Migrations that are code: what they ask before their statements.
CODE = {"0066_add_iv": passwords.look}
GHOSTS = """

 ! These migrations are in the database but not on disk:
%s
 ! I'm not trusting myself; either fix this yourself by fiddling
 ! with the south_migrationhistory table, or pass --delete-ghost-migrations
 ! to South to have it delete ALL of these records (this may not be good)."""


class GhostMigrations(Exception):
    """The history names migrations that the installed code does not have."""

    __module__ = "south.exceptions"


class UnknownMigration(Exception):
    """No migration's name begins so."""

    __module__ = "south.exceptions"

    def __str__(self):
        return "<exception str() failed>"


def migrate(context, argv):
    """Run, fake or list migrations as South 0.7.3 does (OBSERVED A, B.1, C)."""
    options, words = _parser().parse_args(list(argv))
    try:
        return _migrate(context, options, words)
    except KeyboardInterrupt:
        sys.stdout.flush()
        traceback.print_exc()
        return 1


def apps(context):
    """Return the applications of this node that are under South, in installed order."""
    names = [app for package, labels in PACKAGES if context.version(package) for app in labels]
    return [app for app in names if migrations(context, app)]


def migrations(context, app):
    """Return the names of an application's migrations that are on disk, in order."""
    names = {name for label, name in HISTORY if label == app}
    folder = _folder(context, app)
    if os.path.isdir(folder):
        names.update(name[:-4] for name in os.listdir(folder) if name.endswith(".sql"))
    return sorted(names)


def _parser():
    parser = optparse.OptionParser(usage=USAGE, prog=sys.argv[0] + " migrate")
    parser.error = lambda message: _usage(parser, message)
    for flag in ("all", "list", "skip", "merge", "no-initial-data", "fake", "db-dry-run"):
        parser.add_option("--" + flag, action="store_true", default=False)
    for flag in ("delete-ghost-migrations", "ignore-ghost-migrations", "noinput"):
        parser.add_option("--" + flag, action="store_true", default=False)
    parser.add_option("--database", default="default")
    return parser


def _usage(parser, message):
    parser.print_usage(sys.stderr)
    sys.stderr.write("%s: error: %s\n" % (sys.argv[0], message))
    raise SystemExit(2)


def _migrate(context, options, words):
    context.load()
    known = apps(context)
    if words and words[0] not in known:
        raise ImproperlyConfigured("App with label %s could not be found" % words[0])
    chosen = words[:1] or known
    connection = context.db(options.database)
    if options.list:
        _list(context, connection, chosen)
        return 0
    target = words[1] if len(words) > 1 else None
    for app in chosen:
        _migrate_app(context, connection, app, target, options)
    return 0


def _list(context, connection, chosen):
    done = _applied(connection)
    for app in chosen:
        print("\n %s" % app)
        for name in migrations(context, app):
            print("  (%s) %s" % ("*" if (app, name) in done else " ", name))
    print("")


def _migrate_app(context, connection, app, target, options):
    names = migrations(context, app)
    done = [name for label, name in _applied(connection) if label == app]
    _check_ghosts(connection, app, [name for name in done if name not in names], options)
    last = _guess(names, target)
    if target not in (None, last):
        _say(" - Soft matched migration %s to %s." % (target, last))
    _say("Running migrations for %s:" % app)
    until = names.index(last)
    forwards = [name for name in names[: until + 1] if name not in done]
    backwards = [name for name in reversed(names[until + 1 :]) if name in done]
    if forwards:
        _forwards(context, connection, app, forwards, options)
    elif backwards:
        _backwards(connection, app, last, backwards, options)
        return
    else:
        _say("- Nothing to migrate.")
    if last == names[-1] and not options.fake and not options.no_initial_data:
        _say(" - Loading initial data for %s." % app)
        _say("No fixtures found.")


def _forwards(context, connection, app, names, options):
    created = False
    _say(" - Migrating forwards to %s." % names[-1])
    for name in names:
        _say(" > %s:%s" % (app, name))
        if options.fake:
            _say("   (faked)")
        else:
            created |= _run(context, connection, app, name)
        _record(connection, app, name)
        connection.commit()
    if created:
        contenttypes.update(connection, app, interactive=not options.noinput)


def _backwards(connection, app, last, names, options):
    _say(" - Migrating backwards to just after %s." % last)
    for name in names:
        _say(" < %s:%s" % (app, name))
        if not options.fake:
            raise RuntimeError("Cannot reverse this migration.")
        _say("   (faked)")
        query(
            connection,
            "DELETE FROM south_migrationhistory WHERE app_name = %s AND migration = %s",
            (app, name),
        )
        connection.commit()


def _run(context, connection, app, name):
    """Execute one migration; tell whether it made a table. On an error nothing of it stays."""
    path = os.path.join(_folder(context, app), name + ".sql")
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as source:
        text = source.read()
    if name in CODE:
        CODE[name](context, connection)
    silent = text.startswith("-- data")
    for statement in statements(text):
        if not silent:
            debug(statement)
        query(connection, statement)
    if silent:  # what such a migration prints
        for notice in connection.notices:
            _say(re.sub(r"^NOTICE:\s+", "", notice).rstrip())
    del connection.notices[:]
    return bool(re.search("^CREATE TABLE", text, re.MULTILINE))


def _record(connection, app, name):
    query(
        connection,
        "INSERT INTO south_migrationhistory (app_name, migration, applied)"
        " VALUES (%s, %s, now())",
        (app, name),
    )


def _applied(connection):
    rows = query(
        connection, "SELECT app_name, migration FROM south_migrationhistory ORDER BY id"
    ).fetchall()
    connection.rollback()
    return rows


def _guess(names, target):
    if target is None:
        return names[-1]
    found = [name for name in names if name.startswith(target)]
    if not found:
        raise UnknownMigration(target)
    return found[0]


def _check_ghosts(connection, app, ghosts, options):
    if not ghosts or options.ignore_ghost_migrations:
        return
    if not options.delete_ghost_migrations:
        raise GhostMigrations(GHOSTS % "\n".join("    <%s: %s>" % (app, name) for name in ghosts))
    for name in ghosts:
        query(
            connection,
            "DELETE FROM south_migrationhistory WHERE app_name = %s AND migration = %s",
            (app, name),
        )
    connection.commit()


def _folder(context, app):
    return os.path.join(context.root, "usr/lib/synnefo/sql", app)


def _say(text):
    print(text, flush=True)


COMMANDS = {"migrate": migrate}
