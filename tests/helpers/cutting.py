"""Faults of the line while the master works: a place is a step, a host, and what happens."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Set, Tuple

from tests.helpers import cli
from tests.helpers.host_site import HostSite


ATTEMPTS = 4


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
    did not come while a step was at work, or the line being well, `run` does not get on.
    """
    met: Dict[Place, int] = {}
    missed: List[Place] = []
    for number, place in enumerate(places):
        # A step that is done already does not begin again: the next one is as good.
        code, cut = _attempt(site, place, {later.step for later in places[number:]})
        assert code in (0, 1, 3, 4), (place, code)
        if cut:
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


def part(places: List[Place], which: str) -> List[Place]:
    """The K-th of N parts ("K/N"), each through all phases."""
    number, parts = map(int, which.split("/"))
    assert 1 <= number <= parts, which
    return places[number - 1::parts]


def at_work(rows: List[Any]) -> Set[str]:
    """The steps that the newest attempt in a journal's rows leaves begun."""
    last: Dict[str, str] = {}
    for row in rows:
        if row["step"]:
            last[row["step"]] = row["event"]
        elif row["event"] == "begun":
            last = {}
    return {step for step, event in last.items() if event == "begun"}


def _attempt(site: HostSite, place: Place, steps: Set[str]) -> Tuple[int, Set[str]]:
    """One run, in which the fault comes when one of the steps begins, and is mended.

    Returns its exit status and the steps at work when the fault came: none, and there was none.
    """
    seen = _begun(site, steps)
    log = (site.dir.parent / "attempts").open("ab")
    process = subprocess.Popen(
        cli.argv_of("snf-upgrade", "run", "--yes"), stdin=subprocess.DEVNULL, stdout=log,
        stderr=log, start_new_session=True, env=cli.environment(site))
    log.close()
    while process.poll() is None and _begun(site, steps) == seen:
        time.sleep(0.05)
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
        host.kill()
        host.boot()
        host.wait()
        site.start_services(host)
        return
    begin, end = {"cable": (host.cut, host.mend), "sshd": (host.sshd_down, host.sshd_up),
                  "drop": (host.drop, host.undrop)}[place.how]
    begin()
    time.sleep(6)
    end()


def _begun(site: HostSite, steps: Set[str]) -> int:
    """How often the newest journal says that one of the steps began."""
    return len([row for row in _journal(site)
                if row["step"] in steps and row["event"] == "begun"])


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


def all_places() -> List[Place]:
    """Each phase of the upgrade, each host that it works on, the faults in turn."""
    steps = [("survey", ["astakos", "db1"])]
    steps += [("stop." + name, [name]) for name in ("astakos", "cyclades", "pithos", "ganeti")]
    steps += [("quiet", ["cyclades"]), ("backup-before", ["db1", "astakos", "db1"])]
    steps += [("install." + name, [name]) for name in ("astakos", "cyclades", "pithos",
                                                       "ganeti")]
    steps += [("versions.cyclades", ["cyclades"])]
    steps += [("settings." + name, [name]) for name in ("astakos", "cyclades", "pithos")]
    steps += [("settings-proof.pithos", ["pithos"])]
    steps += [("migrate." + name, [name, "db1"]) for name in ("astakos", "cyclades", "pithos")]
    steps += [("backup-migrate", ["db1"]), ("register", ["astakos", "cyclades"]),
              ("verify", ["db1"]), ("quota", ["astakos"]), ("backup-quota", ["db1"])]
    steps += [("start." + name, [name]) for name in ("astakos", "ganeti")]
    steps += [("proof", ["db1"])]
    pairs = [(step, host) for step, hosts in steps for host in hosts]
    hows = ("cable", "sshd", "drop")
    return [Place(step, host, hows[number % len(hows)], 0.2 + number % 4 * 0.7)
            for number, (step, host) in enumerate(pairs)]
