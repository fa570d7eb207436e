"""Parsers of what Synnefo's programs print (OBSERVED F, SOURCE 3.0)."""

from __future__ import annotations

import json
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


def _component(ident: str, name: str, url: str, token: str) -> ListedComponent:
    return ListedComponent(str(ident), name, "" if url == "None" else url,
                           token not in ("", "None"))


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
