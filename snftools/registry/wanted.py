"""What the registry must be: the release's services under the site's base URLs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

from snftools.site import Component


@dataclass(frozen=True)
class Service:
    """An API service of the release."""

    name: str
    component: str
    type: str
    suffix: str
    version: str
    resources: Tuple[str, ...]

    def url(self, base_url: str) -> str:
        """Its publicURL under a base URL."""
        return base_url.rstrip("/") + self.suffix


@dataclass(frozen=True)
class Catalogue:
    """The registry part of a release."""

    roles: Mapping[str, str]
    exports: Mapping[str, str]
    settings: Mapping[str, str]
    services: Mapping[str, Service]
    http: Mapping[str, Any]
    quota: Mapping[str, Any]

    @classmethod
    def of(cls, part: Mapping[str, Any]) -> "Catalogue":
        """From the validated content of registry.conf."""
        components = part["components"]
        services = {name: Service(name, row["component"], row["type"], row["suffix"],
                                  row["version"], tuple(row["resources"]))
                    for name, row in part["services"].items()}
        return cls({name: row["role"] for name, row in components.items()},
                   {name: row["export"] for name, row in components.items()},
                   {name: row["setting"] for name, row in components.items()},
                   services, part["http"], part["quota"])

    def services_of(self, component: str) -> List[Service]:
        """The API services of one component."""
        return [service for service in self.services.values()
                if service.component == component]

    def components_of(self, roles: Tuple[str, ...]) -> List[str]:
        """The components that nodes with these roles serve, in the release's order."""
        return [name for name, role in self.roles.items() if role in roles]

    @property
    def home(self) -> str:
        """The component that keeps the registry: the first one."""
        return next(iter(self.roles))


@dataclass(frozen=True)
class Wanted:
    """The components that are looked at, with their URLs."""

    catalogue: Catalogue
    components: Mapping[str, Component]

    def services(self) -> List[Service]:
        """The API services of these components."""
        return [service for name in self.components
                for service in self.catalogue.services_of(name)]

    def url(self, service: Service) -> str:
        """The publicURL that a service must have."""
        return service.url(self.components[service.component].base_url)

    def as_dict(self) -> Dict[str, Dict[str, str]]:
        """The URLs by component, for a result."""
        return {name: {"base_url": component.base_url, "ui_url": component.ui_url}
                for name, component in self.components.items()}
