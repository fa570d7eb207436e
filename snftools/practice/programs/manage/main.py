"""Finds and runs the command that snf-manage is asked for, and ends as Django 1.2 does."""

import importlib
import os
import sys
import traceback

from .context import CommandError, Context, DatabaseError, IntegrityError

OLD, NEW, BOTH = "0.13", "0.14", ""
# command: the module that has it, the package that brings it, the releases of that package
TABLE = {
    "syncdb": ("syncdb", "snf-webproject", BOTH),
    "migrate": ("south", "snf-webproject", BOTH),
    "diffsettings": ("diffsettings", "snf-webproject", BOTH),
    "component-add": ("components", "snf-astakos-app", NEW),
    "component-list": ("components", "snf-astakos-app", NEW),
    "component-modify": ("components", "snf-astakos-app", NEW),
    "component-remove": ("components", "snf-astakos-app", NEW),
    "service-list": ("services", "snf-astakos-app", BOTH),
    "service-show": ("services", "snf-astakos-app", NEW),
    "service-import": ("service_import", "snf-astakos-app", NEW),
    "service-export-astakos": ("service_export", "snf-astakos-app", NEW),
    "service-export-cyclades": ("service_export", "snf-cyclades-app", NEW),
    "service-export-pithos": ("service_export", "snf-pithos-app", NEW),
    "resource-list": ("resources", "snf-astakos-app", NEW),
    "resource-modify": ("resource_modify", "snf-astakos-app", NEW),
    "reconcile-resources-astakos": ("reconcile", "snf-astakos-app", NEW),
    "quota": ("quota", "snf-astakos-app", NEW),
    "user-list": ("users", "snf-astakos-app", BOTH),
}


def run(program, argv):
    """Run snf-manage with the command line `argv`; return the exit status."""
    context = Context.of_program(program)
    try:
        return _run(context, argv)
    except KeyboardInterrupt:
        sys.stdout.flush()
        traceback.print_exc()
        return 1


def commands(context):
    """Return the names of the commands that the installed packages of the node offer."""
    return sorted(name for name in TABLE if _offered(context, name))


def _offered(context, name):
    _, package, release = TABLE[name]
    if release == BOTH:
        return context.version(package) is not None
    return context.at_least(package, release)


def _run(context, argv):
    context.load()  # Synnefo configures logging first: broken settings end everything
    context.require_cache()
    words = [word for word in argv[1:] if not word.startswith("--settings-dir")]
    if words[:1] == ["--version"]:
        print(context.version("snf-webproject"))
        return 0
    if not words or words[0] in ("help", "--help", "-h"):
        return _help(context, words)
    if words[0] not in commands(context):
        sys.stderr.write("Unknown command: %r\n" % words[0])
        sys.stderr.write("Type '%s help' for usage.\n" % os.path.basename(argv[0]))
        return 1
    return _command(context, words[0], words[1:])


def _help(context, words):
    if len(words) > 1 and words[1] in commands(context):
        return _command(context, words[1], ["--help"])
    print("Usage: snf-manage subcommand [options] [args]\n")
    print("Type 'snf-manage help <subcommand>' for help on a specific subcommand.\n")
    print("Available subcommands:")
    for name in commands(context):
        print("  %s" % name)
    return 0 if words else 1


def _command(context, name, words):
    module = importlib.import_module("." + TABLE[name][0], __package__)
    try:
        status = module.COMMANDS[name](context, words)
    except CommandError as exc:
        sys.stdout.flush()
        sys.stderr.write("Error: %s\n" % exc)
        return 1
    except Exception as exc:
        sys.stdout.flush()
        raise as_django(exc) from None
    sys.stdout.flush()
    return status or 0


def as_django(exc):
    """Return the exception that Django raises: its own class for what the server refused."""
    code = getattr(exc, "pgcode", None)
    if code is None and not str(exc).startswith("no such "):
        return exc
    wrapped = IntegrityError if str(code).startswith("23") else DatabaseError
    return wrapped(str(exc).rstrip("\n") + "\n").with_traceback(exc.__traceback__)
