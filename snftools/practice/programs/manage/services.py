"""service-list and service-show; service-list of 0.13 has another table."""

from . import listing, options, tables
from .context import CommandError
from .rows import one, query

OLD_WIDTHS = (3, 3, 12, 40, 20, 20)
OLD_LABELS = ("id", "order", "name", "url", "auth_token", "icon")
SELECT = (
    "SELECT s.id, s.name, c.name AS component, s.type FROM im_service s"
    " JOIN im_component c ON c.id = s.component_id"
)


def service_list(context, words):
    """Print the API services; with 0.13 the web applications that it calls services."""
    if not context.at_least("snf-astakos-app", "0.14"):
        return _old_list(context, words)

    def objects(opts):
        return query(context, SELECT + " ORDER BY s.id")

    built = listing.parser("service-list", "List services")
    return listing.run(built, words, objects, ["id", "name", "component", "type"])


def service_show(context, words):
    """Print one service and its endpoints."""
    built = options.parser("service-show", "<service name or ID>", "Show service details")
    built.add_option("--output-format", type="choice", choices=listing.FORMATS, default="pretty")
    opts, arguments = built.parse_args(words)
    if len(arguments) != 1:
        raise CommandError("Please provide a service name or ID.")
    column = "s.id" if arguments[0].isdigit() else "s.name"
    value = int(arguments[0]) if arguments[0].isdigit() else arguments[0]
    service = one(context, SELECT + " WHERE %s = %%s" % column, (value,))
    if service is None:
        raise CommandError("Service does not exist. You may run snf-manage service-list.")
    data = _endpoint_data(context, service)
    headers = ("endpoint", "key", "value")
    if opts.output_format == "pretty":
        tables.pairs(list(service.items()))
        print()
        tables.pretty(data, headers, title="Endpoints")
    else:
        tables.show([service.values()], list(service), opts.output_format)
        tables.show(data, headers, opts.output_format)


def _endpoint_data(context, service):
    found = query(
        context,
        "SELECT e.id AS endpoint, d.key, d.value FROM im_endpoint e"
        " JOIN im_endpointdata d ON d.endpoint_id = e.id WHERE e.service_id = %s ORDER BY d.id",
        (service["id"],),
    )
    return [(row["endpoint"], row["key"], row["value"]) for row in found]


def _old_list(context, words):
    built = options.parser("service-list", "", "List services")
    built.add_option("-c", dest="csv", action="store_true", default=False)
    opts, _ = built.parse_args(words)
    sql = 'SELECT id, "order", name, url, auth_token, icon FROM im_service ORDER BY id'
    rows = [[str(row[label] or "") for label in OLD_LABELS] for row in query(context, sql)]
    for row, ident in zip(rows, query(context, sql)):
        row[1] = str(ident["order"])
    if opts.csv:
        for row in rows:
            print("|".join(row))
        return
    heading = " ".join(label.rjust(width) for label, width in zip(OLD_LABELS, OLD_WIDTHS))
    print(heading)
    print("-" * len(heading))
    for row in rows:
        print(" ".join(value.rjust(width) for value, width in zip(row, OLD_WIDTHS)))


COMMANDS = {"service-list": service_list, "service-show": service_show}
