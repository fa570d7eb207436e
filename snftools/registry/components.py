"""What is registered, by SQL (SOURCE 4.3), and how it differs from what it must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Tuple

from snftools.output import mask
from snftools.registry.wanted import Wanted

# These tables are those of a migrated database; an older one has no component at all.
TABLE = "im_component"


@dataclass(frozen=True)
class Registered:
    """A component as Astakos has it; the token itself is not kept."""

    id: int
    name: str
    url: str
    has_token: bool


@dataclass(frozen=True)
class RegisteredService:
    """An API service as Astakos has it: its endpoints' URLs by version."""

    name: str
    component: str
    type: str
    urls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Registry:
    """Everything that is registered; `migrated` is False for an old release's database."""

    migrated: bool
    components: Mapping[str, Registered] = field(default_factory=dict)
    services: Mapping[str, RegisteredService] = field(default_factory=dict)
    resources: Mapping[str, Tuple[str, str, int]] = field(default_factory=dict)

    def with_url(self, url: str, besides: str) -> List[Registered]:
        """The components other than `besides` that have this very URL."""
        return [row for row in self.components.values()
                if row.url == url and row.name != besides]


def read(connection: Any) -> Registry:
    """Ask the astakos database; tokens are learned by the mask and then forgotten."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname = %s AND relkind = 'r'",
                       (TABLE,))
        if not cursor.fetchone()[0]:
            return Registry(False)
        components: Dict[str, Registered] = {}
        cursor.execute("SELECT id, name, url, auth_token FROM im_component ORDER BY id")
        for ident, name, url, token in cursor.fetchall():
            mask.learn(token)
            components[name] = Registered(ident, name, url or "", bool(token))
        services = _services(cursor)
        cursor.execute("SELECT name, service_type, service_origin, uplimit FROM im_resource")
        resources = {row[0]: (row[1], row[2], int(row[3])) for row in cursor.fetchall()}
    return Registry(True, components, services, resources)


def _services(cursor: Any) -> Dict[str, RegisteredService]:
    """The API services with their endpoints."""
    cursor.execute("SELECT s.name, c.name, s.type FROM im_service s JOIN im_component c "
                   "ON c.id = s.component_id ORDER BY s.id")
    rows = cursor.fetchall()
    cursor.execute(
        "SELECT s.name, v.value, u.value FROM im_endpoint e JOIN im_service s "
        "ON s.id = e.service_id JOIN im_endpointdata u ON u.endpoint_id = e.id "
        "AND u.key = 'publicURL' LEFT JOIN im_endpointdata v ON v.endpoint_id = e.id "
        "AND v.key = 'versionId' ORDER BY e.id")
    urls: Dict[str, Dict[str, str]] = {}
    for service, version, url in cursor.fetchall():
        urls.setdefault(service, {})[version or ""] = url
    return {name: RegisteredService(name, component, kind, urls.get(name, {}))
            for name, component, kind in rows}


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it must be.

    `kind`: missing-component, ui-url, no-token, missing-service, type, owner, endpoint,
    resource.  `mendable`: snf-register-services can put it right.
    """

    kind: str
    component: str
    thing: str
    is_: str
    must: str
    mendable: bool = True


def differences(wanted: Wanted, found: Registry) -> List[Difference]:
    """How the registry differs from what it must be, components first."""
    out: List[Difference] = []
    for name, component in wanted.components.items():
        row = found.components.get(name)
        if row is None:
            out.append(Difference("missing-component", name, name, "", component.ui_url))
            continue
        if row.url != component.ui_url:
            out.append(Difference("ui-url", name, name, row.url, component.ui_url))
        if not row.has_token:
            out.append(Difference("no-token", name, name, "", "", mendable=False))
    for service in wanted.services():
        out += _service_differences(wanted, found, service)
    return out


def _service_differences(wanted: Wanted, found: Registry, service: Any) -> List[Difference]:
    """How one API service, its endpoint and its resources differ."""
    name, component = service.name, service.component
    row = found.services.get(name)
    if row is None:
        out = [Difference("missing-service", component, name, "", service.type)]
    else:
        out = []
        if row.type != service.type:
            out.append(Difference("type", component, name, row.type, service.type,
                                  mendable=False))
        if row.component != component:
            out.append(Difference("owner", component, name, row.component, component,
                                  mendable=False))
        url = wanted.url(service)
        if dict(row.urls) != {service.version: url}:
            out.append(Difference("endpoint", component, name,
                                  ", ".join(row.urls.values()) or "none", url))
    for resource in service.resources:
        have = found.resources.get(resource)
        if have is None or have[:2] != (service.type, name):
            out.append(Difference("resource", component, resource,
                                  "%s of %s" % have[:2] if have else "missing",
                                  "%s of %s" % (service.type, name)))
    return out
