"""Parsers of what Synnefo's programs print (OBSERVED F, SOURCE 3.0)."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple


class NotUnderstood(ValueError):
    """The output has not the form that this release prints."""


@dataclass(frozen=True)
class ListedComponent:
    """A row of component-list; `url` is the UI URL.  The token is kept only as yes or no."""

    id: str
    name: str
    url: str
    has_token: bool


@dataclass(frozen=True)
class Definition:
    """An API service as service-export-* defines it; `urls` maps a version to publicURL."""

    name: str
    component: str
    type: str
    urls: Mapping[str, str]
    resources: Tuple[str, ...]
    raw: Mapping[str, Any]


def component_list(text: str) -> List[ListedComponent]:
    """`component-list --output-format=json`: all values are strings, a missing one "None"."""
    try:
        rows = json.loads(text)
        return [_component(row["id"], row["name"], row["url"], row["token"]) for row in rows]
    except (ValueError, KeyError, TypeError):
        raise NotUnderstood("component-list did not print the expected JSON list")


def component_list_csv(text: str) -> List[ListedComponent]:
    """`component-list --output-format=csv`, with or without its header line."""
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if rows and rows[0][:3] == ["id", "name", "url"]:
        rows = rows[1:]
    if any(len(row) != 4 for row in rows):
        raise NotUnderstood("component-list did not print rows of id, name, url and token")
    return [_component(*row) for row in rows]


def _component(ident: str, name: str, url: str, token: str) -> ListedComponent:
    return ListedComponent(str(ident), name, "" if url == "None" else url,
                           token not in ("", "None"))


def migrate_list(text: str) -> Dict[str, Dict[str, bool]]:
    """`migrate --list [APP]`: for each application its migrations and whether applied."""
    found: Dict[str, Dict[str, bool]] = {}
    app = ""
    for line in text.splitlines():
        row = re.match(r"^  \(([* ])\) (\S+)$", line)
        if row:
            if not app:
                raise NotUnderstood("migrate --list printed a migration of no application")
            found[app][row.group(2)] = row.group(1) == "*"
        elif re.match(r"^ \S+$", line):
            app = line.strip()
            found[app] = {}
    return found


def resource_list(text: str) -> Dict[str, str]:
    """`resource-list --output-format=json`: limit by name, as printed (bytes as "30720.0 MB")."""
    try:
        return {row["name"]: row["limit"] for row in json.loads(text)}
    except (ValueError, KeyError, TypeError):
        raise NotUnderstood("resource-list did not print the expected JSON list")


def service_export(text: str) -> Dict[str, Definition]:
    """The definitions that service-export-* prints, by name; every part is looked at."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise NotUnderstood("no JSON document (%s)" % error)
    if not isinstance(document, dict) or not document:
        raise NotUnderstood("not a JSON object of service definitions")
    return {name: _definition(name, value) for name, value in document.items()}


def _definition(name: str, value: Any) -> Definition:
    """One definition; NotUnderstood names what is missing in it."""
    try:
        urls = {str(endpoint["versionId"]): str(endpoint["publicURL"])
                for endpoint in value["endpoints"]}
        resources = tuple(sorted(str(row["name"]) for row in value.get("resources", {}).values()))
        return Definition(name, str(value["component"]), str(value["type"]), urls, resources,
                          value)
    except (KeyError, TypeError, AttributeError) as error:
        raise NotUnderstood("the definition of %s has no proper %s" % (name, error))


def alembic_current(text: str) -> str:
    """The revision that `pithos-migrate current` tells; "" for a database without one."""
    for line in text.splitlines():
        told = re.match(r"^Current revision for .*?: (?:\S+ -> )?(\w+)(?: \(head\))?(?:,.*)?$",
                        line)
        if told:
            return "" if told.group(1) == "None" else told.group(1)
    raise NotUnderstood("pithos-migrate current told no revision")
