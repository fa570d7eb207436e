"""resource-modify: the default limit of a resource, and with it the limits of users."""

import json
import sys

from . import limits, options, units
from .context import CommandError
from .resources import SELECT
from .rows import commit, execute, query

NAMES = ("--limit", "--limit-interactive", "--limit-from-file", "--allow-in-projects")
BAD_LIMIT = "Limit should be an integer, optionally followed by a unit."
TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def resource_modify(context, words):
    """Change one resource, or with the two limit options that allow it, all of them."""
    built = options.parser("resource-modify", "<resource name>", "Modify a resource")
    built.add_option("--limit")
    built.add_option("--limit-interactive", action="store_true", default=None)
    built.add_option("--limit-from-file")
    built.add_option("--allow-in-projects")
    built.add_option("--unit-style", type="choice", choices=units.STYLES, default="mb")
    opts, arguments = built.parse_args(words)
    name = arguments[0] if arguments else None
    chosen = [opts.limit, opts.limit_interactive, opts.limit_from_file, opts.allow_in_projects]
    if sum(value is not None for value in chosen) != 1:
        raise CommandError("Please provide exactly one of the options: %s." % ", ".join(NAMES))
    if opts.limit_from_file is not None:
        _from_file(context, name, opts.limit_from_file)
    elif opts.limit_interactive:
        for resource in _resources(context, name):
            _ask(context, resource, opts.unit_style)
    elif opts.limit is not None:
        _set_limit(context, _the_one(context, name), _parsed(opts.limit))
    else:
        _allow(context, _the_one(context, name), opts.allow_in_projects)
    commit(context)


def _resources(context, name):
    if name is None:
        return query(context, SELECT + " ORDER BY id")
    found = query(context, SELECT + " WHERE name = %s", (name,))
    if not found:
        raise CommandError("Resource %s does not exist." % name)
    return found


def _the_one(context, name):
    if name is None:
        raise CommandError("Please provide a resource name.")
    return _resources(context, name)[0]


def _from_file(context, name, path):
    try:
        with open(path, encoding="utf-8") as source:
            wanted = json.load(source)
    except (OSError, ValueError) as exc:
        raise CommandError(str(exc))
    for resource in _resources(context, name):
        limit = wanted.get(resource["name"])
        # A number is ignored without a word, only text is taken (OBSERVED A).
        if limit is not None and not isinstance(limit, int):
            _set_limit(context, resource, _parsed(limit))


def _ask(context, resource, style):
    current = units.show(resource["uplimit"], resource["unit"], style)
    print("Resource '%s' (%s)" % (resource["name"], resource["desc"]))
    print("Current limit: %s" % current)
    while True:
        sys.stdout.write("New limit (leave blank to keep current): ")
        sys.stdout.flush()
        answer = input()
        if answer == "":
            return
        try:
            limit = units.parse(answer)
        except ValueError:
            continue
        _set_limit(context, resource, limit)
        return


def _set_limit(context, resource, limit):
    sql = "UPDATE im_resource SET uplimit = %s WHERE id = %s"
    execute(context, sql, (limit, resource["id"]))
    if limit != resource["uplimit"]:
        limits.raise_default(context, resource, limit - resource["uplimit"])


def _allow(context, resource, text):
    if text.lower() not in TRUTH:
        raise CommandError("Expecting a boolean value for --allow-in-projects.")
    sql = "UPDATE im_resource SET allow_in_projects = %s WHERE id = %s"
    execute(context, sql, (TRUTH[text.lower()], resource["id"]))


def _parsed(text):
    try:
        return units.parse(text)
    except (ValueError, AttributeError):
        raise CommandError(BAD_LIMIT)


COMMANDS = {"resource-modify": resource_modify}
