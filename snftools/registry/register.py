"""Registering a site's components and API services, proved by the astakos database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Sequence, Set, Tuple

from snftools.errors import Failed
from snftools.output.text import table
from snftools.registry import components, definitions
from snftools.registry.components import Difference, Registry
from snftools.registry.wanted import Wanted
from snftools.report import Finding, Report
from snftools.synnefo.outputs import Definition

if TYPE_CHECKING:
    from snftools.node.base import Node

Exports = Mapping[str, Mapping[str, Definition]]


def check(wanted: Wanted, found: Registry) -> Report:
    """The end state by SQL: 0 it is there, 5 it would change, 4 running will not mend it."""
    if not found.migrated:
        return Report(changed=True, result=result(wanted, found, []), lines=(
            "Nothing is registered: the database is not migrated yet (snf-migrate-db).",))
    differences = components.differences(wanted, found)
    return Report(changed=any(row.mendable for row in differences),
                  findings=tuple(findings(differences)),
                  result=result(wanted, found, []),
                  lines=tuple(difference_lines(differences)))


def findings(differences: Sequence[Difference]) -> List[Finding]:
    """An error (4), with the lines that mend it, for each thing that no run would mend."""
    return [unmendable(row) for row in differences if not row.mendable]


def unmendable(row: Difference, where: str = "") -> Finding:
    """The finding for a wrong type, a wrong owner or a lost token."""
    if row.kind == "no-token":
        return Finding("component-token", "error", "component '%s' has no token" % row.component,
                       where=where, why="its services can't speak to Astakos",
                       remedy="snf-manage component-modify %s --renew-token, then the new token "
                       "into its settings" % row.component)
    what = ("API service %s has the type %s, not %s" if row.kind == "type" else
            "API service %s belongs to %s, not %s") % (row.thing, row.is_, row.must)
    owner = row.is_ if row.kind == "owner" else row.component
    return Finding("service-" + row.kind, "error", what, where=where,
                   why="service-import never changes it: it was registered by other means",
                   remedy="snf-manage component-modify %s --purge-services\n"
                   "snf-register-services" % owner)


def steps(wanted: Wanted, differences: Sequence[Difference]
          ) -> Tuple[List[str], List[str], List[str]]:
    """(components to modify, to add, to import), each in the release's order."""
    kinds: Dict[str, Set[str]] = {}
    for row in differences:
        if row.mendable:
            kinds.setdefault(row.component, set()).add(row.kind)
    names = list(wanted.components)
    imports = {"missing-service", "endpoint", "resource"}
    return ([name for name in names if "ui-url" in kinds.get(name, ())],
            [name for name in names if "missing-component" in kinds.get(name, ())],
            [name for name in names if kinds.get(name, set()) & imports])


def register(wanted: Wanted, found: Registry, home: "Node", exports: Callable[[str], Any],
             read_again: Callable[[], Registry], tell: Callable[..., None]) -> Report:
    """Modify, add, import what differs, on Astakos' node; `exports(component)` gives its
    definitions, judged before anything is changed.  Each step is proved by `read_again`.
    """
    differences = components.differences(wanted, found)
    blocked = findings(differences)
    if blocked:
        return Report(findings=tuple(blocked), result=result(wanted, found, []),
                      lines=tuple(difference_lines(differences) + ["Nothing was changed."]))
    definitions.free_urls(wanted, found)
    modify, add, imports = steps(wanted, differences)
    brought = {name: exports(name) for name in imports}
    for name, export in brought.items():
        definitions.check_against(wanted, name, export, "the export of %s" % name)
    done: List[str] = []
    for name in modify:
        done.append("component-modify %s --url %s" % (name, wanted.components[name].ui_url))
        tell(node=home.name, text=done[-1])
        definitions.modify_url(home, name, wanted.components[name].ui_url)
        _prove(wanted, read_again(), home, name, ("ui-url",), done[-1])
    for name in add:
        done.append("component-add %s %s" % (name, wanted.components[name].ui_url))
        tell(node=home.name, text=done[-1])
        definitions.add_component(home, name, wanted.components[name].ui_url)
        _prove(wanted, read_again(), home, name, ("missing-component", "ui-url", "no-token"),
               done[-1])
    for name in imports:
        done.append("service-import of %s" % name)
        tell(node=home.name, text=done[-1])
        definitions.import_on(home, name, brought[name])
        _prove(wanted, read_again(), home, name,
               ("missing-service", "endpoint", "resource", "type", "owner"), done[-1])
    return _proved(wanted, read_again(), home, done)


def _prove(wanted: Wanted, found: Registry, home: "Node", name: str, kinds: Sequence[str],
           line: str) -> None:
    """Fail when a step left what it should have mended, whatever it exited with."""
    left = [row for row in components.differences(wanted, found)
            if row.component == name and row.kind in kinds]
    if left:
        raise Failed("snf-manage %s did not do it: %s" % (line, describe(left[0])),
                     node=home.name, why="the database says so, whatever snf-manage exits with",
                     next="snf-register-verify")


def _proved(wanted: Wanted, found: Registry, home: "Node", done: List[str]) -> Report:
    """The last proof: no difference by SQL, and component-list tells the same."""
    left = components.differences(wanted, found)
    if left:
        raise Failed("the registry is not as it must be: %s" % describe(left[0]),
                     node=home.name, next="snf-register-verify")
    other = definitions.check_listed(home, wanted, found)
    if other:
        raise Failed("component-list on %s tells otherwise than the database of %s"
                     % (home.name, ", ".join(other)), node=home.name,
                     why="its settings name another database", next="snf-settings-check")
    lines = ["%s: %s: done" % (home.name, line) for line in done]
    if not done:
        lines = ["Everything is registered; nothing was changed."]
    lines.append("%d components, %d API services, proved by the database."
                 % (len(wanted.components), len(wanted.services())))
    return Report(changed=bool(done), result=result(wanted, found, done), lines=tuple(lines))


def describe(row: Difference) -> str:
    """A difference in words."""
    words = {"missing-component": "component '%(thing)s' is not registered (UI URL %(must)s)",
             "ui-url": "component '%(thing)s' has the UI URL %(is)s, not %(must)s",
             "no-token": "component '%(thing)s' has no token",
             "missing-service": "API service %(thing)s is not registered",
             "type": "API service %(thing)s has the type %(is)s, not %(must)s",
             "owner": "API service %(thing)s belongs to %(is)s, not %(must)s",
             "endpoint": "API service %(thing)s has the endpoint %(is)s, not %(must)s",
             "resource": "resource %(thing)s is %(is)s, not %(must)s"}
    return words[row.kind] % {"thing": row.thing, "is": row.is_, "must": row.must}


def difference_lines(differences: Sequence[Difference]) -> List[str]:
    """All differences, one a line."""
    if not differences:
        return ["Everything is registered."]
    return [describe(row) for row in differences]


def result(wanted: Wanted, found: Registry, done: Sequence[str]) -> Dict[str, Any]:
    """For --json: URLs, what is registered of it, what was done; no token."""
    return {"components": {
        name: dict(urls, registered=name in found.components,
                   registered_ui_url=found.components[name].url
                   if name in found.components else "")
        for name, urls in wanted.as_dict().items()},
        "services": {service.name: {"type": row.type, "urls": list(row.urls.values())}
                     for service in wanted.services()
                     for row in (found.services.get(service.name),) if row},
        "done": list(done)}


def export_lines(found: Mapping[str, Definition]) -> List[str]:
    """A table of definitions."""
    return table([(name, row.component, row.type, url) for name, row in sorted(found.items())
                  for url in row.urls.values()],
                 ("service", "component", "type", "URL"))
