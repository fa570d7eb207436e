"""component-add, component-list, component-modify and component-remove (SOURCE 3.1)."""

import base64
import os

from . import listing, options
from .context import CommandError
from .rows import commit, execute, one, query

MISSING = (
    "Component does not exist. You may run snf-manage component-list for available component IDs."
)
COLUMNS = "id, name, url, auth_token, auth_token_created, auth_token_expires"


def component_list(context, words):
    """Print the components: id, name, URL of the interface, token."""

    def objects(opts):
        found = query(context, "SELECT %s FROM im_component ORDER BY id" % COLUMNS)
        return [
            {
                "id": row["id"],
                "name": row["name"],
                "url": row["url"],
                "token": row["auth_token"],
                "token created": row["auth_token_created"],
            }
            for row in found
        ]

    built = listing.parser("component-list", "List components")
    return listing.run(built, words, objects, ["id", "name", "url", "token"], ["token created"])


def component_add(context, words):
    """Register a component and print its token; no URL is looked at but for equality."""
    built = options.parser("component-add", "<name> <component URL>", "Register a component")
    _, arguments = built.parse_args(words)
    if len(arguments) < 2:
        raise CommandError("Invalid number of arguments")
    name, url = arguments[:2]
    if one(context, "SELECT id FROM im_component WHERE name = %s", (name,)):
        raise CommandError("There already exists a component named '%s'." % name)
    if one(context, "SELECT id FROM im_component WHERE url = %s", (url,)):
        raise CommandError("Component URL '%s' is registered for another service." % url)
    token = new_token()
    execute(
        context,
        "INSERT INTO im_component (name, url, auth_token, auth_token_created)"
        " VALUES (%s, %s, %s, now())",
        (name, url, token),
    )
    commit(context)
    print("Token: %s" % token)


def component_modify(context, words):
    """Change a component's URL, token or services; silent, whatever the URL is."""
    built = options.parser(
        "component-modify", "<component ID or name>", "Modify component attributes"
    )
    built.add_option("--url", help="Set component url")
    built.add_option("--auth-token", help="Set a custom component auth token")
    built.add_option(
        "--renew-token", action="store_true", default=False, help="Renew component auth token"
    )
    built.add_option("--purge-services", action="store_true", default=False)
    opts, arguments = built.parse_args(words)
    if not arguments:
        raise CommandError("Please provide a component ID or name")
    component = _find(context, arguments[0])
    if not any((opts.url, opts.auth_token, opts.renew_token, opts.purge_services)):
        raise CommandError("No option specified.")
    if opts.url:
        _set(context, component, "url", opts.url)
    token = new_token() if opts.renew_token else opts.auth_token
    if token:
        _set(context, component, "auth_token", token)
        _set(context, component, "auth_token_created", _now(context))
    if opts.purge_services:
        purge_services(context, component)
    commit(context)
    if opts.renew_token:
        print("Component's new token: %s" % token)


def component_remove(context, words):
    """Remove a component with its services; silent."""
    built = options.parser("component-remove", "<component ID or name>", "Remove a component")
    _, arguments = built.parse_args(words)
    if not arguments:
        raise CommandError("Please provide a component ID or name")
    component = _find(context, arguments[0])
    purge_services(context, component)
    execute(context, "DELETE FROM im_component WHERE id = %s", (component["id"],))
    commit(context)


def purge_services(context, component):
    """Delete the services of a component and their endpoints."""
    services = "SELECT id FROM im_service WHERE component_id = %s"
    endpoints = "SELECT id FROM im_endpoint WHERE service_id IN (%s)" % services
    for table, column, rows in (
        ("im_endpointdata", "endpoint_id", endpoints),
        ("im_endpoint", "service_id", services),
    ):
        sql = "DELETE FROM %s WHERE %s IN (%s)" % (table, column, rows)
        execute(context, sql, (component["id"],))
    execute(context, "DELETE FROM im_service WHERE component_id = %s", (component["id"],))


def new_token():
    """Return a token as 0.14 makes them: 43 characters."""
    return base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()


def _find(context, ident):
    column = "id" if ident.isdigit() else "name"
    value = int(ident) if ident.isdigit() else ident
    sql = "SELECT %s FROM im_component WHERE %s = %%s" % (COLUMNS, column)
    component = one(context, sql, (value,))
    if component is None:
        raise CommandError(MISSING)
    return component


def _set(context, component, column, value):
    sql = "UPDATE im_component SET %s = %%s WHERE id = %%s" % column
    execute(context, sql, (value, component["id"]))


def _now(context):
    return one(context, "SELECT now() AS now")["now"]


COMMANDS = {
    "component-add": component_add,
    "component-list": component_list,
    "component-modify": component_modify,
    "component-remove": component_remove,
}
