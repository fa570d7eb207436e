"""Proving what is registered, by SQL, by component-list and, when asked, over HTTP."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence

from snftools.output.text import table
from snftools.registry import components, definitions, http, register
from snftools.registry.components import Difference, Registry
from snftools.registry.http import Probe
from snftools.registry.wanted import Wanted
from snftools.report import Finding, Report

if TYPE_CHECKING:
    from snftools.node.base import Node


def verify(wanted: Wanted, found: Registry, home: Optional["Node"], where: str,
           probes: Sequence[Probe] = ()) -> Report:
    """Every difference is an error (4) with the line that mends it.

    `home`: Astakos' node, whose component-list must tell the same (None: not asked).
    `where`: the database, for messages.
    """
    differences = components.differences(wanted, found)
    findings = [_finding(rows, where) for rows in _grouped(differences)]
    findings += _tokens(wanted, found, where)
    if home is not None:
        findings += [Finding("component-list", "error", "component-list on %s tells otherwise "
                             "of '%s' than the database" % (home.name, name), node=home.name,
                             why="its settings name another database",
                             remedy="snf-settings-check --node %s" % home.name)
                     for name in definitions.check_listed(home, wanted, found)]
    findings += [_leftover(name, row, where) for name, row in found.components.items()
                 if name not in wanted.catalogue.roles]
    findings += _unreached(probes)
    findings += [_wrong(probe) for probe in probes if not probe.ok and probe.status]
    return Report(findings=tuple(findings), result=_result(wanted, found, probes),
                  lines=tuple(_lines(wanted, found, probes)))


def not_migrated(where: str) -> Report:
    """The database is still the old release's: nothing can be registered in it."""
    return Report(findings=(Finding(
        "not-migrated", "error", "%s has no components: it is not migrated" % where,
        where=where, remedy="snf-migrate-db --node all"),))


def _grouped(differences: Sequence[Difference]) -> List[List[Difference]]:
    """Differences of one kind that registering a component mends at once stand together."""
    groups: Dict[Any, List[Difference]] = {}
    for row in differences:
        single = not row.mendable or row.kind == "ui-url"
        groups.setdefault((row.kind, row.component, row.thing if single else ""),
                          []).append(row)
    return list(groups.values())


def _finding(rows: Sequence[Difference], where: str) -> Finding:
    """The finding for differences; a UI URL is mended by the line, the rest by registering."""
    row = rows[0]
    if not row.mendable:
        return register.unmendable(row, where)
    remedy = "snf-register-services"
    if row.kind == "ui-url":
        remedy = "snf-manage component-modify %s --url %s" % (
            shlex.quote(row.component), shlex.quote(row.must))
    return Finding("registered-" + row.kind, "error", "\n".join(map(register.describe, rows)),
                   where=where, remedy=remedy)


def _tokens(wanted: Wanted, found: Registry, where: str) -> List[Finding]:
    """Components besides ours without a token: im.0038 took it, or nobody gave one."""
    return [Finding("component-token", "warning", "component '%s' has no token" % name,
                    where=where, remedy="snf-manage component-modify %d --renew-token" % row.id)
            for name, row in found.components.items()
            if not row.has_token and name not in wanted.components]


def _leftover(name: str, row: components.Registered, where: str) -> Finding:
    """A component that this release does not know: the old release's home page (OBSERVED D)."""
    return Finding("component-leftover", "note",
                   "component '%s' (%s) is left of the old release and shows in the cloudbar"
                   % (name, row.url), where=where,
                   remedy="snf-manage component-remove %d" % row.id)


def _unreached(probes: Sequence[Probe]) -> List[Finding]:
    """One finding for each server that gives no answer at all."""
    servers: Dict[str, List[Probe]] = {}
    for probe in probes:
        if not probe.ok and not probe.status:
            servers.setdefault("/".join(probe.url.split("/")[:3]), []).append(probe)
    return [Finding("http-no-answer", "error", "no answer to %d requests: %s"
                    % (len(rows), rows[0].why), where=server,
                    remedy="snf-services status --node all")
            for server, rows in servers.items()]


def _wrong(probe: Probe) -> Finding:
    """The finding for an address that did not answer as it must."""
    if probe.name == "gone":
        return Finding("http-old-address", "error", "it still answers: %s" % probe.why,
                       where=probe.url, why="an address of the old release: its web server "
                       "runs the old code, or a rewrite leads there",
                       remedy="snf-services status --node all")
    remedy = ("snf-services status --node all" if probe.status in (502, 503)
              else "snf-settings-check --node all")
    return Finding("http", "error", "%s: %s" % (probe.name, probe.why), where=probe.url,
                   remedy=remedy)


def _result(wanted: Wanted, found: Registry, probes: Sequence[Probe]) -> Dict[str, Any]:
    """For --json."""
    result = register.result(wanted, found, [])
    del result["done"]
    result["http"] = [{"name": probe.name, "url": probe.url, "ok": probe.ok,
                       "status": probe.status} for probe in probes]
    return result


def _lines(wanted: Wanted, found: Registry, probes: Sequence[Probe]) -> List[str]:
    """Tables: components, API services, addresses."""
    rows = []
    for name, component in wanted.components.items():
        row = found.components.get(name)
        rows.append((name, row.url if row else "-", _word(row and row.url == component.ui_url),
                     "token" if row and row.has_token else "NO TOKEN"))
    lines = table(rows, ("component", "UI URL", "", ""))
    services = []
    for service in wanted.services():
        have = found.services.get(service.name)
        good = have is not None and have.type == service.type and dict(have.urls) == {
            service.version: wanted.url(service)}
        services.append((service.name, ", ".join(have.urls.values()) if have else "-",
                         _word(good)))
    lines += [""] + table(services, ("API service", "endpoint", ""))
    if probes:
        lines += [""] + table([(probe.name, probe.status or "-", probe.url, _word(probe.ok))
                               for probe in probes], ("HTTP", "", "address", ""))
    return lines


def _word(good: Any) -> str:
    return "ok" if good else "WRONG"


def probes_for(wanted: Wanted, with_http: bool, token: str) -> List[Probe]:
    """The HTTP probes that were asked for."""
    return http.probe(wanted, token) if with_http or token else []
