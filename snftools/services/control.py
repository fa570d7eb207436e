"""Stopping and starting services, believed only when the process list says the same."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Sequence, Tuple

from snftools import failpoint
from snftools.node import Process
from snftools.report import Finding
from snftools.services.look import ServiceState, paths, state

if TYPE_CHECKING:
    from snftools.node import Node, Result
    from snftools.release import Release

INTERVAL = 0.2
# A daemon that dies of its settings does so within this time (seconds) after it was seen.
SETTLED = 1.0
Tell = Callable[[str], None]

# The output goes to a file: a daemon may keep its init script's standard output open.
_SERVICE = ('out=$(mktemp) || exit 126; service "$1" "$2" >"$out" 2>&1 </dev/null; rc=$?; '
            'cat "$out"; rm -f "$out"; exit "$rc"')


@dataclass(frozen=True)
class Outcome:
    """What was done to a node's services: the names that changed, what is wrong, the end."""

    changed: Tuple[str, ...]
    findings: Tuple[Finding, ...]
    states: Tuple[ServiceState, ...]


def service(node: "Node", name: str, action: str, timeout: float) -> "Result":
    """Run `service NAME ACTION` to its end (seconds); its exit code is never a proof."""
    failpoint.reach("service.before:%s %s" % (name, action))
    result = node.run(["sh", "-c", _SERVICE, "sh", name, action], timeout=timeout)
    failpoint.reach("service.after:%s %s" % (name, action))
    return result


def stop(node: "Node", release: "Release", wanted: Sequence[str], timeout: float = 60.0,
         tell: Tell = lambda text: None) -> Outcome:
    """Stop these services and wait until their processes are gone (at most `timeout` seconds).

    A service that does not run is left alone.  What stays is an error that names the pids.
    """
    rows = release.part("services")["services"]
    changed: List[str] = []
    findings: List[Finding] = []
    ends: List[ServiceState] = []
    for name in wanted:
        before = state(node, name, rows[name], node.processes())
        after = before
        if before.running:
            tell("stopping " + name)
            answer = service(node, name, "stop", timeout) if before.installed else None
            after = _wait_gone(node, name, rows[name], before, timeout)
            if after.running:
                findings.append(_stays(node, after, answer, timeout))
            else:
                changed.append(name)
        if after.sockets and not after.running:
            findings.append(_still_open(node, after))
        ends.append(after)
    return Outcome(tuple(changed), tuple(findings), tuple(ends))


def _wait_gone(node: "Node", name: str, row: Dict[str, Any], before: ServiceState,
               timeout: float) -> ServiceState:
    """Poll until no process of the service, and none of those seen before, lives.

    An orphaned child is no longer found by its parent: those seen before are remembered.
    """
    earlier = {(one.pid, one.args) for one in before.processes}
    deadline = time.monotonic() + timeout
    while True:
        processes = node.processes()
        now = state(node, name, row, processes)
        left = [one for one in processes if (one.pid, one.args) in earlier]
        if (not now.running and not left and not now.sockets) or time.monotonic() >= deadline:
            return _with(now, left)
        time.sleep(INTERVAL)


def _with(now: ServiceState, left: Sequence[Process]) -> ServiceState:
    """The state with processes that only their pids still tie to the service."""
    if not left or now.running:
        return now
    from dataclasses import replace
    return replace(now, running=True, pids=tuple(one.pid for one in left),
                   processes=tuple(left))


def _stays(node: "Node", after: ServiceState, answer: Any, timeout: float) -> Finding:
    pids = " ".join(str(pid) for pid in after.pids)
    said = "no init script" if answer is None else "service %s stop: exit %d%s" % (
        after.name, answer.exit, (": " + answer.text.strip()) if answer.text.strip() else "")
    return Finding(
        "service-stays", "error",
        "%s still runs after %g s:\n%s" % (after.name, timeout, described(after.processes)),
        node=node.name, where=after.name, why=said, code=1,
        remedy="kill %s    (on %s), then again: snf-services stop %s --node %s"
               % (pids, node.name, after.name, node.name))


def _still_open(node: "Node", after: ServiceState) -> Finding:
    return Finding(
        "socket-open", "error",
        "no process of %s is left, but somebody listens on %s" % (
            after.name, ", ".join(after.sockets)),
        node=node.name, where=after.name, code=4,
        why="a process of it that goes by another name, or a program of others on its port",
        remedy="netstat -ltnp    (on %s) shows which" % node.name)


def described(processes: Sequence[Process]) -> str:
    """Processes as lines of a message."""
    return "\n".join("pid %d (%s): %s" % (one.pid, one.user, one.args[:60])
                     for one in processes)


def start(node: "Node", release: "Release", wanted: Sequence[str], timeout: float = 60.0,
          tell: Tell = lambda text: None) -> Outcome:
    """Start these services and prove each by `service NAME status` and the process list.

    What runs is left alone.  Disabled, not installed, not on the master: told, not started.
    """
    rows = release.part("services")["services"]
    changed: List[str] = []
    findings: List[Finding] = []
    ends: List[ServiceState] = []
    for name in wanted:
        now = state(node, name, rows[name], node.processes())
        problem = obstacle(node, now)
        if problem is not None:
            findings.append(problem)
        elif not now.running or not healthy(now):
            tell("starting " + name)
            answer = service(node, name, "start", timeout)
            now, good = _wait_up(node, name, rows[name], timeout)
            if good:
                changed.append(name)
            else:
                findings.append(_not_up(node, now, answer, rows[name]))
        ends.append(now)
    return Outcome(tuple(changed), tuple(findings), tuple(ends))


def obstacle(node: "Node", now: ServiceState) -> Any:
    """The finding that stands for a service which can't be started here, or None."""
    if now.elsewhere:
        return Finding("not-the-master", "note",
                       "%s runs on the Ganeti master alone: %s" % (now.name, now.why),
                       node=node.name, where=now.name)
    if not now.installed:
        return Finding("service-missing", "warning", "%s is not installed here" % now.name,
                       node=node.name, where=now.name, why=now.why)
    if not now.enabled and not now.running:
        return Finding("service-disabled", "warning",
                       "%s is disabled: it was not started" % now.name, node=node.name,
                       where=now.name, why=now.why,
                       remedy="if it should run here: mend that line, then "
                              "snf-services start %s --node %s" % (now.name, node.name))
    return None


def healthy(now: ServiceState) -> bool:
    """Whether it runs and listens wherever its configuration says."""
    return now.running and set(now.sockets) == set(now.addresses)


def proved(node: "Node", now: ServiceState, timeout: float = 60.0) -> bool:
    """Whether processes, sockets and `service NAME status` all say that it runs."""
    return healthy(now) and service(node, now.name, "status", timeout).exit == 0


def _wait_up(node: "Node", name: str, row: Dict[str, Any], timeout: float
             ) -> Tuple[ServiceState, bool]:
    """Poll until it is up and stays up: a daemon that dies of its settings lives for a moment."""
    deadline = time.monotonic() + timeout
    since = 0.0
    first: Tuple[int, ...] = ()
    while True:
        now = state(node, name, row, node.processes())
        if not proved(node, now, timeout):
            since = 0.0
        elif not since or now.pids[0] != first[0]:
            since, first = time.monotonic(), now.pids
        elif time.monotonic() - since >= SETTLED:
            return now, True
        if time.monotonic() >= deadline:
            return now, False
        time.sleep(INTERVAL)


def _not_up(node: "Node", now: ServiceState, answer: "Result", row: Dict[str, Any]) -> Finding:
    what = "%s did not start" % now.name if not now.running else \
        "%s runs, but does not listen on %s" % (
            now.name, ", ".join(sorted(set(now.addresses) - set(now.sockets)))) \
        if not healthy(now) else "service %s status says that it does not run" % now.name
    logs = paths(node, row["logs"])
    return Finding("service-down", "error", what, node=node.name, where=now.name, code=1,
                   why="service %s start: exit %d%s" % (
                       now.name, answer.exit,
                       ": " + answer.text.strip() if answer.text.strip() else ""),
                   remedy="tail -n 30 %s    (on %s)" % (" ".join(logs), node.name)
                   if logs else "service %s status    (on %s)" % (now.name, node.name))
