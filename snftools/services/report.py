"""What snf-services says: tables, findings, and the answer of --check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple, Union

from snftools.errors import SnfError
from snftools.node import at_once
from snftools.output.text import table
from snftools.report import Finding, Report
from snftools.services.control import Outcome, described, obstacle, proved
from snftools.services.look import ServiceState, states

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.release import Release

Chosen = Sequence[Tuple["Node", List[str]]]
_HEADERS = ("NODE", "SERVICE", "STATE", "PIDS", "NOTE")


def _looked(chosen: Chosen, release: "Release"
            ) -> Tuple[List[Tuple["Node", List[ServiceState]]], Report]:
    """The services of each node; a node that can't be asked is a finding of the report, when
    it is the only one its error is raised."""
    def look(pair: Tuple["Node", List[str]]) -> Union[List[ServiceState], SnfError]:
        node, names = pair
        try:
            return [one for one in states(node, release) if one.name in names]
        except SnfError as error:
            if len(chosen) == 1:
                raise
            return error

    seen: List[Tuple["Node", List[ServiceState]]] = []
    failed = []
    for (node, _), found in zip(chosen, at_once(chosen, look)):
        if isinstance(found, SnfError):
            failed.append(Finding.of_error(found, node.name))
        else:
            seen.append((node, found))
    return seen, Report(findings=tuple(failed))


def _row(node: "Node", one: ServiceState) -> Tuple[str, ...]:
    pids = " ".join(str(pid) for pid in one.pids[:4]) + (" ..." if len(one.pids) > 4 else "")
    if one.running:
        note = " ".join(one.sockets)
    else:
        note = one.why if not one.startable else ""
        note += " %s is taken" % " ".join(one.sockets) if one.sockets else ""
    word = "running" if one.running else "missing" if not one.installed else \
        "down" if one.startable else "elsewhere" if one.elsewhere else "disabled"
    return node.name, one.name, word, pids, note


def _result(node: "Node", found: Sequence[ServiceState]) -> Dict[str, Any]:
    return {"nodes": {node.name: {"services": [one.as_dict() for one in found]}}}


def status(chosen: Chosen, release: "Release") -> Report:
    """A table of the services; nothing is judged."""
    seen, failed = _looked(chosen, release)
    rows, results = [], [failed]
    for node, found in seen:
        rows += [_row(node, one) for one in found]
        results.append(Report(result=_result(node, found)))
    return Report.merge([*results, Report(lines=tuple(table(rows, _HEADERS)))])


def check(action: str, chosen: Chosen, release: "Release") -> Report:
    """Whether `stop` or `start` would change something on these nodes."""
    seen, failed = _looked(chosen, release)
    rows, reports = [], [failed]
    for node, found in seen:
        rows += [_row(node, one) for one in found]
        judged = _check_stop(node, found) if action == "stop" else _check_start(node, found)
        reports += [judged, Report(result=_result(node, found))]
    return Report.merge([Report(lines=tuple(table(rows, _HEADERS))), *reports])


def _check_stop(node: "Node", found: Sequence[ServiceState]) -> Report:
    findings = [Finding("service-runs", "note", "%s would be stopped:\n%s"
                        % (one.name, described(one.processes)), node=node.name, where=one.name)
                for one in found if one.running]
    findings += [Finding("socket-open", "error",
                         "no process of %s is left, but somebody listens on %s"
                         % (one.name, ", ".join(one.sockets)), node=node.name, where=one.name,
                         remedy="netstat -ltnp    (on %s) shows which" % node.name)
                 for one in found if one.sockets and not one.running]
    return Report(changed=any(one.running for one in found), findings=tuple(findings))


def _check_start(node: "Node", found: Sequence[ServiceState]) -> Report:
    findings = [obstacle(node, one) for one in found]
    down = [one for one, finding in zip(found, findings)
            if finding is None and not proved(node, one)]
    findings += [Finding("service-down", "note", "%s would be started" % one.name,
                         node=node.name, where=one.name) for one in down]
    return Report(changed=bool(down), findings=tuple(one for one in findings if one))


def of_stop(node: "Node", outcome: Outcome, undo: str) -> Report:
    """What `stop` did on a node."""
    words = {name: "stopped, its processes are gone" for name in outcome.changed}
    return _done(node, outcome, words, "was not running", undo)


def of_start(node: "Node", outcome: Outcome, undo: str) -> Report:
    """What `start` did on a node."""
    words = {one.name: "runs: pid %s%s" % (
        " ".join(str(pid) for pid in one.pids[:4]),
        ", listens on " + " ".join(one.sockets) if one.sockets else "")
        for one in outcome.states if one.name in outcome.changed}
    done = _done(node, outcome, words, "ran already", undo)
    return Report.merge([done, Report(lines=("Undo:  " + undo,) if undo else ())])


def _done(node: "Node", outcome: Outcome, words: Dict[str, str], unchanged: str, undo: str
          ) -> Report:
    told = {finding.where for finding in outcome.findings}
    rows = [(node.name, one.name, words.get(one.name, unchanged)) for one in outcome.states
            if one.name in words or one.name not in told]
    result = _result(node, outcome.states)
    result["nodes"][node.name].update(changed=list(outcome.changed), undo=undo)
    return Report(changed=bool(outcome.changed), findings=outcome.findings, result=result,
                  lines=tuple(table(rows)))
