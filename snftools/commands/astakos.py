"""What the commands that speak to Astakos share: its node, its database, the components."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterator, Mapping, Optional, Tuple

from snftools.errors import Refused, Usage
from snftools.site import Component

if TYPE_CHECKING:
    from snftools.commands.context import Context
    from snftools.database.find import Database
    from snftools.node.base import Node
    from snftools.registry.components import Registry
    from snftools.registry.wanted import Catalogue, Wanted


@dataclass(frozen=True)
class Home:
    """Astakos' node and database, and the registry part of the release."""

    node: "Node"
    database: "Database"
    catalogue: "Catalogue"

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection to the astakos database, as its owner."""
        from snftools.database import connect
        with connect.connect(self.database) as connection:
            yield connection

    def registry(self) -> "Registry":
        """What is registered now."""
        from snftools.registry import components
        with self.connection() as connection:
            return components.read(connection)


def home(ctx: "Context") -> Home:
    """Find Astakos' node and its database; raises Usage without such a node, Failed when it
    does not answer.
    """
    from snftools.database import find
    catalogue = catalogue_of(ctx)
    node = ctx.node_with(catalogue.roles[catalogue.home])
    database = find.for_component(
        find.find([node], ctx.site, settings_dir(ctx.args)), catalogue.home)
    return Home(node, database, catalogue)


def settings_dir(args: Any) -> str:
    """Where the nodes' settings are."""
    return args.settings_dir or "/etc/synnefo"


def catalogue_of(ctx: "Context") -> "Catalogue":
    """The registry part of the release."""
    from snftools.registry.wanted import Catalogue
    return Catalogue.of(ctx.release.part("registry"))


def wanted(ctx: "Context", args: Any, catalogue: "Catalogue",
           known: Optional[Mapping[str, str]] = None) -> "Wanted":
    """The components that this command line is about, with their URLs.

    `known`: base URLs that exports told, for components that nothing else names.  With
    --node and a site.conf only that node's components.  Usage (2) when there is none.
    """
    from snftools.registry.wanted import Wanted
    from snftools.site import make_component
    found: Dict[str, Component] = {name: make_component(name, url)
                                   for name, url in (known or {}).items()}
    found.update({name: component for name, component in ctx.site.components.items()
                  if component.base_url})
    names = _named(ctx, args, catalogue)
    chosen = {name: found[name] for name in names if name in found}
    missing = [name for name in names if name not in found]
    if (ctx.site.path and missing) or not chosen:
        raise Usage("the base URL of %s is not known: --base-url %s=URL%s"
                    % (missing[0], missing[0],
                       ", or base_url in site.conf" if ctx.site.path else ""))
    return Wanted(catalogue, chosen)


def _named(ctx: "Context", args: Any, catalogue: "Catalogue") -> Tuple[str, ...]:
    """The components that are meant: all of the site, or those of the named nodes."""
    if not ctx.site.path:
        return tuple(catalogue.roles)
    nodes = (list(ctx.site.nodes) if not args.node or "all" in args.node else
             [ctx.site.node(name) for name in args.node])
    roles = tuple(role for entry in nodes for role in entry.roles)
    names = tuple(catalogue.components_of(roles))
    if not names:
        raise Usage("no component on %s" % ", ".join(entry.name for entry in nodes))
    return names


def migrated(home: Home) -> "Registry":
    """The registry of a migrated database; Refused (3) before the migration."""
    found = home.registry()
    if not found.migrated:
        raise Refused("%s is not migrated: it has no components yet" % home.database.name,
                      node=home.node.name, unchanged="everything",
                      next="snf-migrate-db --node %s" % home.node.name)
    return found
