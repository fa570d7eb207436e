"""The commands that list: their options and filters (SOURCE 3.0)."""

import re

from . import options, tables
from .context import CommandError

CONDITION = re.compile(r"^(?P<key>[^!<>=]+?)(?P<how>!=|>=|<=|=|>|<)(?P<value>.*)$")
COMPARE = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}
FORMATS = ["pretty", "csv", "json"]


def parser(name, text):
    """Return the parser of a listing command."""
    built = options.parser(name, "", text)
    built.add_option("-o", "--output", dest="fields")
    built.add_option("--list-fields", action="store_true", default=False)
    built.add_option("--filter-by", dest="filters")
    built.add_option("--list-filters", action="store_true", default=False)
    built.add_option("--no-headers", action="store_true", default=False)
    built.add_option(
        "--output-format", type="choice", choices=FORMATS, default="pretty",
        metavar="[pretty, csv, json]",
    )  # fmt: skip
    return built


def run(built, words, objects, default, also=()):
    """Parse `words`, print `objects(opts)` (dicts by field name) and return the exit status."""
    opts, arguments = built.parse_args(words)
    if arguments:
        raise CommandError("List commands do not accept any argument")
    known = list(default) + list(also)
    if opts.list_fields or opts.list_filters:
        tables.pretty([[name] for name in known], ["Field" if opts.list_fields else "Filter"])
        return 0
    fields = opts.fields.split(",") if opts.fields else list(default)
    for field in fields:
        if field not in known:
            raise CommandError("'%s' is not a valid output field" % field)
    found = [one for one in objects(opts) if _wanted(one, opts.filters)]
    rows = [[one[field] for field in fields] for one in found]
    tables.show(rows, fields, opts.output_format, opts.no_headers)
    return 0


def _wanted(one, filters):
    for text in filter(None, (filters or "").split(",")):
        match = CONDITION.match(text.strip())
        if match is None or match.group("key").strip() not in one:
            raise CommandError("Invalid filter: '%s'" % text)
        value = one[match.group("key").strip()]
        wanted = match.group("value")
        if isinstance(value, int) and wanted.isdigit():
            wanted = int(wanted)
        else:
            value = str(value)
        if not COMPARE[match.group("how")](value, wanted):
            return False
    return True
