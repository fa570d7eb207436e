"""resource-list: the resources with their default limits."""

from . import listing, units
from .rows import query

FIELDS = ["id", "name", "service origin", "limit", "description"]
SELECT = 'SELECT id, name, "desc", unit, uplimit, service_type, service_origin FROM im_resource'


def resource_list(context, words):
    """Print the resources; bytes in megabytes unless --unit-style says otherwise."""

    def objects(opts):
        return [
            {
                "id": row["id"],
                "name": row["name"],
                "service origin": row["service_origin"],
                "limit": units.show(row["uplimit"], row["unit"], opts.unit_style),
                "description": row["desc"],
            }
            for row in query(context, SELECT + " ORDER BY id")
        ]

    built = listing.parser("resource-list", "List resources")
    built.add_option("--unit-style", type="choice", choices=units.STYLES, default="mb")
    return listing.run(built, words, objects, FIELDS)


COMMANDS = {"resource-list": resource_list}
