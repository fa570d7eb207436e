"""Prints rows as Synnefo's management commands do: pretty, csv or json (SOURCE 3.0)."""

import csv
import json
import sys


def pretty(rows, headers=None, title=None, out=None):
    """Print right-justified columns with two spaces between them, dashes below the headers."""
    out = out or sys.stdout
    rows = [[str(value) for value in row] for row in rows]
    everything = ([list(headers)] if headers else []) + rows
    if not everything:
        return
    widths = [max(len(row[i]) for row in everything) for i in range(len(everything[0]))]
    total = sum(widths) + 2 * (len(widths) - 1)
    if title is not None:
        out.write(title.center(total) + "\n")
    if headers:
        out.write(_line(headers, widths))
        out.write("-" * total + "\n")
    for row in rows:
        out.write(_line(row, widths))


def show(rows, headers, style, no_headers=False, title=None):
    """Print rows under the field names `headers` in one of the three output formats."""
    rows = [[str(value) for value in row] for row in rows]
    if style == "json":
        dicts = [dict(zip(headers, row)) for row in rows]
        sys.stdout.write(json.dumps(dicts, indent=4, separators=(", ", ": ")) + "\n")
    elif style == "csv":
        writer = csv.writer(sys.stdout)
        if not no_headers:
            writer.writerow(headers)
        writer.writerows(rows)
    else:
        pretty(rows, None if no_headers else headers, title)


def pairs(values):
    """Print `name : value` lines, the names padded."""
    width = max(len(name) for name, _ in values)
    for name, value in values:
        print("%s: %s" % (name.ljust(width), value))


def _line(row, widths):
    return "  ".join(value.rjust(width) for value, width in zip(row, widths)) + "\n"
