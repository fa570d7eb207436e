"""Faults of the line while the master works: a place is a step, a host, and what happens."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Set, Tuple

from tests.helpers import cli
from tests.helpers.host_site import DB, HostSite

ATTEMPTS = 4
NODES = ("astakos", "cyclades", "pithos", "ganeti", "cyclades")  # of each round
SHORT = ("versions", "settings-proof", "verify", "proof")  # done within a second
HOWS = ("cable", "sshd", "restart", "drop", "reboot")


@dataclass(frozen=True)
class Place:
    """When the step begins, and `after` seconds more, `how` happens to the host."""

    step: str
    host: str
    how: str
    after: float = 0.5


def run_through(site: HostSite, places: List[Place]) -> Dict[Place, int]:
    """Upgrade with every fault, one an attempt; `run` again until it is done.

    Returns the exit status of the attempt that met each.  Fails when an attempt hangs, a fault
    came while its step was not at work, or the line being well, `run` does not get on.
    """
    met: Dict[Place, int] = {}
    missed: List[Place] = []
    for place in places:
        code, cut = _attempt(site, place)
        assert code in (0, 1, 3, 4), (place, code)
        if place.step in cut:
            met[place] = code
        else:
            missed.append(place)
    for _ in range(ATTEMPTS):
        done = cli.run("snf-upgrade", "run", "--yes", site=site, timeout=1800)
        if done.code == 0:
            assert not missed, missed
            return met
        assert done.code in (1, 4), done.out + done.err
    raise AssertionError("run does not end well: %s%s" % (done.out[-3000:], done.err[-3000:]))


def rounds(which: str) -> List[int]:
    """The rounds of the K-th of N parts ("K/N"); "sample": none of them."""
    if "/" not in which:
        return []
    number, parts = map(int, which.split("/"))
    assert 1 <= number <= parts, which
    return list(range(len(NODES)))[number - 1::parts]


def at_work(rows: List[Any]) -> Set[str]:
    """The steps that the newest attempt in a journal's rows leaves begun."""
    last: Dict[str, str] = {}
    for row in rows:
        if row["step"]:
            last[row["step"]] = row["event"]
        elif row["event"] == "begun":
            last = {}
    return {step for step, event in last.items() if event == "begun"}


def _attempt(site: HostSite, place: Place) -> Tuple[int, Set[str]]:
    """One run until the step, in which the fault comes when it has begun, and is mended.

    Returns its exit status and the steps at work when the fault came: none, and there was none.
    """
    seen = _begun(site, place.step)
    log = (site.dir.parent / "attempts").open("ab")
    process = subprocess.Popen(
        cli.argv_of("snf-upgrade", "run", "--yes", "--until", place.step),
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        env=cli.environment(site))
    log.close()
    while process.poll() is None and _begun(site, place.step) == seen:
        time.sleep(0.02)
    cut: Set[str] = set()
    if process.poll() is None:
        time.sleep(place.after)
        cut = at_work(_journal(site)) if process.poll() is None else set()
        _fault(site, place)
    return process.wait(1800), cut


def _fault(site: HostSite, place: Place) -> None:
    """The fault, long enough to be noticed (the tests' ssh counts three seconds), then its end."""
    host = site.host(place.host)
    if place.how == "reboot":
        host.reboot()
        site.come_up(host)
        return
    begin, end = {"cable": (host.cut, host.mend), "sshd": (host.sshd_down, host.sshd_up),
                  "restart": (host.sshd_stop, host.sshd_up),
                  "drop": (host.drop, host.undrop)}[place.how]
    begin()
    time.sleep(6)
    end()


def _begun(site: HostSite, step: str) -> int:
    """How often the newest journal says that the step began."""
    return len([row for row in _journal(site)
                if row["step"] == step and row["event"] == "begun"])


def _journal(site: HostSite) -> List[Any]:
    """The rows of the newest journal."""
    journals = sorted((site.dir / "state/runs").glob("*/journal.jsonl"))
    return [row for path in journals[-1:] for row in _rows(path)]


def _rows(path: Path) -> List[Any]:
    rows = []
    for line in path.read_text().splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows


def places(number: int) -> List[Place]:
    """The places of a round: each phase of the upgrade, what a node does by itself on another
    node each round; the faults go on by one a round, so that five rounds bring each to each."""
    node = NODES[number]
    web = "pithos" if node == "ganeti" else node  # Ganeti has no settings and no database
    steps = [("survey", node), ("stop." + node, node), ("quiet", node), ("backup-before", DB),
             ("install." + node, node), ("versions." + node, node), ("settings." + web, web),
             ("settings-proof." + web, web), ("migrate." + web, (web, DB)[number % 2]),
             ("backup-migrate", DB),
             ("register", ("astakos", DB, "cyclades", "pithos", DB)[number]),
             ("verify", DB), ("quota", ("astakos", DB)[number % 2]), ("backup-quota", DB),
             ("start." + node, node), ("proof", (DB, node)[number % 2])]
    return [Place(step, host, HOWS[(place + number) % len(HOWS)],
                  0.1 if step.startswith(SHORT) else 0.1 + place % 3 * 0.25)
            for place, (step, host) in enumerate(steps)]
