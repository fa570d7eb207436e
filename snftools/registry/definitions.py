"""API services on their way: exported on the roles' nodes, judged, imported on Astakos' node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Dict, Iterable, List, Mapping, Optional

from snftools.errors import Failed, Refused, Usage
from snftools.registry.components import Registry
from snftools.registry.wanted import Catalogue, Wanted
from snftools.synnefo import manage, outputs, programs
from snftools.synnefo.outputs import Definition

if TYPE_CHECKING:
    from snftools.node.base import Node

# The host of Synnefo's default URLs: a base URL was not set (OBSERVED A).
EXAMPLE_HOST = "example.synnefo.org"


def export(node: "Node", catalogue: Catalogue, component: str) -> Dict[str, Definition]:
    """The component's API services as its node's settings define them.

    Raises Refused (3) when a URL is Synnefo's own example: the setting is not set there.
    """
    found = programs.service_export(node, catalogue.exports[component])
    check_examples(found.values(), catalogue, component, node.name)
    return found


def check_examples(found: Iterable[Definition], catalogue: Catalogue, component: str,
                   node: str) -> None:
    """Refuse definitions with a default URL of Synnefo in them."""
    for definition in found:
        for url in definition.urls.values():
            if EXAMPLE_HOST in url:
                raise Refused(
                    "%s has the URL %s" % (definition.name, url), node=node,
                    why="%s is not set there: it is Synnefo's default"
                    % catalogue.settings.get(component, "its base URL"),
                    unchanged="everything", next="snf-settings-check --node %s" % node)


def check_against(wanted: Wanted, component: str, found: Mapping[str, Definition],
                  where: str) -> None:
    """Refuse an export that is not what the release and the base URL say."""
    for service in wanted.catalogue.services_of(component):
        definition = found.get(service.name)
        if definition is None:
            raise Refused("%s does not define %s" % (where, service.name), unchanged="everything",
                          why="an old release's export, or CUSTOMIZE_SERVICES took it away")
        url = wanted.url(service)
        if dict(definition.urls) != {service.version: url}:
            raise Refused("%s gives %s the URL %s, not %s"
                          % (where, service.name, ", ".join(definition.urls.values()), url),
                          unchanged="everything",
                          why="%s in the node's settings and the base URL that was given differ"
                          % wanted.catalogue.settings[component],
                          next="snf-settings-check")
        if (definition.type, definition.component) != (service.type, component):
            raise Refused("%s: %s has the type %s of %s, not %s of %s"
                          % (where, service.name, definition.type, definition.component,
                             service.type, component), unchanged="everything",
                          why="snf-service-export does not print what service-export-%s does"
                          % component)


def read_files(paths: Iterable[str], catalogue: Catalogue) -> Dict[str, Dict[str, Definition]]:
    """Exports by component, from files of `--export`; Usage (2) names a file that is none."""
    by_component: Dict[str, Dict[str, Definition]] = {}
    for path in paths:
        try:
            with open(path, "rb") as stream:
                found = outputs.service_export(stream.read().decode("utf-8"))
        except OSError as error:
            raise Usage("%s: %s" % (path, error.strerror))
        except ValueError as error:
            raise Usage("%s is no export of API services: %s" % (path, error))
        for name, definition in found.items():
            if definition.component not in catalogue.roles:
                raise Usage("%s: %s belongs to an unknown component: %s"
                            % (path, name, definition.component))
            by_component.setdefault(definition.component, {})[name] = definition
        for component, definitions in by_component.items():
            check_examples(definitions.values(), catalogue, component, path)
    return by_component


def base_url(catalogue: Catalogue, component: str, found: Mapping[str, Definition]
             ) -> Optional[str]:
    """The base URL under which all of the component's definitions lie, if it is one."""
    bases = set()
    for service in catalogue.services_of(component):
        for url in found[service.name].urls.values() if service.name in found else ():
            if not url.endswith(service.suffix):
                return None
            bases.add(url[:-len(service.suffix)])
    return bases.pop() if len(bases) == 1 else None


def dump(found: Mapping[str, Definition]) -> bytes:
    """The definitions as one JSON document, as service-import takes it."""
    document = {name: definition.raw for name, definition in sorted(found.items())}
    return (json.dumps(document, indent=4, sort_keys=True) + "\n").encode("utf-8")


def import_on(node: "Node", component: str, found: Mapping[str, Definition]) -> None:
    """Import definitions by standard input; what came of it is asked from the database."""
    answer = manage.snf_manage(node, ["service-import", "--json", "-"], stdin=dump(found))
    if answer.exit:
        raise Failed("importing the API services of %s: %s" % (component, answer.describe()),
                     node=node.name, why="service-import changes all or nothing",
                     unchanged="the API services of %s" % component,
                     next="snf-register-verify")


def add_component(node: "Node", name: str, ui_url: str) -> None:
    """Register a component; its token is printed by Synnefo and masked by us."""
    answer = manage.snf_manage(node, ["component-add", name, ui_url])
    if answer.exit:
        raise Failed("registering %s: %s" % (name, answer.describe()), node=node.name,
                     next="snf-register-verify")


def modify_url(node: "Node", name: str, ui_url: str) -> None:
    """Give a component its UI URL; Synnefo checks nothing and says nothing (OBSERVED A)."""
    answer = manage.snf_manage(node, ["component-modify", name, "--url", ui_url])
    if answer.exit:
        raise Failed("the UI URL of %s: %s" % (name, answer.describe()), node=node.name,
                     next="snf-register-verify")


def check_listed(node: "Node", wanted: Wanted, found: Registry) -> List[str]:
    """The components that `component-list` tells otherwise than the database that we asked.

    Then Synnefo works on another database than the one that was looked at.
    """
    answer = manage.snf_manage(node, ["component-list", "--output-format=json"])
    try:
        listed = {row.name: (row.url, row.has_token)
                  for row in outputs.component_list(answer.raw)}
    except outputs.NotUnderstood as error:
        raise Failed("%s (%s)" % (error, answer.describe()), node=node.name)
    asked = {name: (row.url, row.has_token) for name, row in found.components.items()}
    return [name for name in wanted.components if listed.get(name) != asked.get(name)]


def free_urls(wanted: Wanted, found: Registry) -> None:
    """Refuse when a component that is not ours has a URL that one of ours must get.

    component-add refuses a URL that any component has (OBSERVED D); those of our own
    components are modified first, a leftover is the administrator's to remove.
    """
    for name, component in wanted.components.items():
        for other in found.with_url(component.ui_url, besides=name):
            if other.name not in wanted.components:
                raise Refused("component '%s' already has the URL %s" % (other.name, other.url),
                              why="Astakos registers no second component with a URL",
                              unchanged="everything",
                              next="snf-manage component-remove %d    (on the astakos node)"
                              % other.id)
