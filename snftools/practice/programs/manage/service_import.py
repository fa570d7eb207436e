"""service-import: registers exported API services and their resources, all or none."""

import json
import sys

from . import limits, options
from .context import CommandError
from .rows import commit, execute, one

NOT_A_DICT = "Input should be a JSON dict mapping service names to definitions."
RESOURCE = "SELECT id, service_type, service_origin, uplimit FROM im_resource WHERE name = %s"


def service_import(context, words):
    """Import services from a file or from standard input ("-")."""
    built = options.parser("service-import", "", "Register services")
    built.add_option("--json", help="Load service definitions from a json file; '-' for stdin")
    opts, _ = built.parse_args(words)
    if not opts.json:
        raise CommandError("Expecting option --json.")
    for name, service in _read(opts.json).items():
        _import_service(context, name, service)
    commit(context)


def _read(path):
    try:
        text = sys.stdin.read() if path == "-" else _file(path)
        services = json.loads(text)
    except ValueError:
        raise CommandError(NOT_A_DICT)
    if not isinstance(services, dict):
        raise CommandError(NOT_A_DICT)
    return services


def _file(path):
    try:
        with open(path, encoding="utf-8") as source:
            return source.read()
    except OSError as exc:
        raise CommandError(str(exc))


def _import_service(context, name, service):
    try:
        component_name = service["component"]
        kind = service["type"]
        endpoints = service["endpoints"]
        resources = service.get("resources", {})
    except (KeyError, TypeError, AttributeError):
        raise CommandError("Malformed service definition.")
    component = one(context, "SELECT id FROM im_component WHERE name = %s", (component_name,))
    if component is None:
        raise CommandError("Component '%s' is not registered." % component_name)
    known = one(context, "SELECT id, component_id FROM im_service WHERE name = %s", (name,))
    if known and known["component_id"] != component["id"]:
        raise CommandError("There already exists a service named '%s'." % name)
    # An existing service keeps its type, whatever the definition says (SOURCE 3.1).
    service_id = known["id"] if known else _add_service(context, component["id"], name, kind)
    _replace_endpoints(context, service_id, endpoints)
    print("%s service %s." % ("Updated" if known else "Added", name))
    for resource in resources.values():
        _import_resource(context, name, resource)


def _add_service(context, component_id, name, kind):
    return one(
        context,
        "INSERT INTO im_service (component_id, name, type) VALUES (%s, %s, %s) RETURNING id",
        (component_id, name, kind),
    )["id"]


def _replace_endpoints(context, service_id, endpoints):
    old = "SELECT id FROM im_endpoint WHERE service_id = %s"
    sql = "DELETE FROM im_endpointdata WHERE endpoint_id IN (%s)" % old
    execute(context, sql, (service_id,))
    execute(context, "DELETE FROM im_endpoint WHERE service_id = %s", (service_id,))
    for endpoint in endpoints:
        sql = "INSERT INTO im_endpoint (service_id) VALUES (%s) RETURNING id"
        ident = one(context, sql, (service_id,))["id"]
        for key, value in endpoint.items():
            execute(
                context,
                "INSERT INTO im_endpointdata (endpoint_id, key, value) VALUES (%s, %s, %s)",
                (ident, key, value),
            )


def _import_resource(context, service_name, resource):
    try:
        name, kind, origin = (resource[key] for key in ("name", "service_type", "service_origin"))
    except (KeyError, TypeError):
        raise CommandError("Malformed resource definition.")
    if origin != service_name:
        raise CommandError("service_origin mismatch.")
    values = (resource.get("desc"), resource.get("unit"), resource.get("allow_in_projects", True))
    known = one(context, RESOURCE, (name,))
    if known and (known["service_type"], known["service_origin"]) != (kind, origin):
        raise CommandError("There already exists a resource named '%s'." % name)
    if known:
        execute(
            context,
            'UPDATE im_resource SET "desc" = %s, unit = %s, allow_in_projects = %s WHERE id = %s',
            values + (known["id"],),
        )
        print("Resource '%s' updated in database." % name)
        return
    execute(
        context,
        'INSERT INTO im_resource ("desc", unit, allow_in_projects, name, uplimit, service_type,'
        " service_origin) VALUES (%s, %s, %s, %s, 0, %s, %s)",
        values + (name, kind, origin),
    )
    limits.add_new_resource(context, name)
    print("Resource '%s' created in database with default quota limit 0." % name)


COMMANDS = {"service-import": service_import}
