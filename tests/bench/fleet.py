"""How an upgrade grows with the number of Ganeti nodes: `snf-upgrade run` beside Ansible.

Hosts of namespaces over ssh (root); each line is one whole upgrade of a new site.  Ansible is
this machine's, its playbook the one of the package, with as many forks as `run` has children.
SNF_BENCH_NODES (1,4,16,64) says how many Ganeti nodes; SNF_BENCH_HURT=1 lets one node fail in
its install and another take 30 s for it.  Peak memory is that of the engine and all that it
started on the control machine, shared pages counted once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Dict, List, Set, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.helpers import ansible, cli  # noqa: E402
from tests.helpers import hosts as making  # noqa: E402
from tests.helpers.host_site import HostSite  # noqa: E402
from tests.helpers.site import PracticeSite  # noqa: E402

SIZES = [int(word) for word in os.environ.get("SNF_BENCH_NODES", "1,4,16,64").split(",")]
HURT = os.environ.get("SNF_BENCH_HURT", "") == "1"
FORKS = "16"
OTHERS = 5  # hosts beside the Ganeti nodes that are counted


def family(pid: int) -> Set[int]:
    """A process and all below it."""
    parents: Dict[int, List[int]] = {}
    for name in os.listdir("/proc"):
        try:
            if name.isdigit():
                stat = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(stat[1]), []).append(int(name))
        except OSError:
            continue
    found, todo = set(), [pid]
    while todo:
        one = todo.pop()
        found.add(one)
        todo += parents.get(one, [])
    return found


def memory(pid: int) -> int:
    """Bytes of a process and all below it: each shared page by its share."""
    total = 0
    for one in family(pid):
        try:
            for line in Path("/proc/%d/smaps_rollup" % one).read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


def watched(words: List[str], env: Dict[str, str]) -> Tuple[int, float, float, int]:
    """Run it: exit status, wall seconds, CPU seconds here, peak bytes."""
    begun, before = time.monotonic(), os.times()
    process = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(2.0):
            peak[0] = max(peak[0], memory(process.pid))
    thread = threading.Thread(target=look)
    thread.start()
    code = process.wait()
    ended.set()
    thread.join()
    after = os.times()
    return (code, time.monotonic() - begun, after.children_user + after.children_system
            - before.children_user - before.children_system, peak[0])


def hurt(site: HostSite) -> None:
    """One twin's install fails, another's takes half a minute."""
    for name, line in (("g2", "false"), ("g3", "sleep 30")):
        site.host(name).put("etc/apt/apt.conf.d/hurt", 'DPkg::Pre-Invoke {"%s";};\n' % line)


def measure(template: PracticeSite, nodes: int, engine: str) -> None:
    """One line of the table."""
    site = HostSite(template, twins={"g%d" % number: "ganeti2"
                                     for number in range(2, nodes + 1)})
    try:
        if HURT:
            hurt(site)
        with site.hosts.inside():
            words, env = (ansible.words("--forks", FORKS), ansible.environment(site)) \
                if engine == "ansible" else (cli.argv_of("snf-upgrade", "run", "--yes"),
                                             cli.environment(site))
            code, wall, cpu, peak = watched(words, env)
            left = sum("0.14" not in site.host(name).sh("dpkg-query -W snf-cyclades-gtools")
                       for name, roles in site.facts["nodes"].items() if "ganeti" in roles)
        print("| %d | %s | %.0f | %.0f | %.0f | %d | %d |" % (
            nodes, engine, wall, cpu, peak / 1e6, code, left), flush=True)
    finally:
        site.destroy()


def main() -> int:
    """Measure, print a table."""
    why = making.why_not() or making.too_many(max(SIZES) + OTHERS)
    if why:
        print("not measured: %s" % why)
        return 0
    template = PracticeSite.create("two-ganeti")
    try:
        print("| Ganeti nodes | engine | wall s | CPU s here | peak MB | exit | not upgraded |\n"
              "|---|---|---|---|---|---|---|")
        for nodes in SIZES:
            for engine in ("snf-upgrade run", "ansible"):
                measure(template, nodes, engine)
    finally:
        template.destroy()
    return 0


if __name__ == "__main__":
    sys.exit(main())
