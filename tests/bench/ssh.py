"""Over ssh beside plain ssh: how fast data flows, and what a short command costs (needs root).

One test host; every line is timed in turn with its peer, the figures are medians.
SNF_BENCH_MB (1000) is how much is streamed, SNF_BENCH_ROUNDS (3) how often.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from snftools.node import connection, open_node  # noqa: E402
from snftools.site import NodeEntry  # noqa: E402
from tests.helpers import hosts as making  # noqa: E402

MB = int(os.environ.get("SNF_BENCH_MB", "1000"))
ROUNDS = int(os.environ.get("SNF_BENCH_ROUNDS", "3"))
SHORT = 20
_SEND = "head -c %d000000 /dev/zero" % MB


def medians(lines: Dict[str, Callable[[], Any]]) -> Dict[str, float]:
    """The median seconds of each line, the lines taken in turn."""
    times: Dict[str, List[float]] = {name: [] for name in lines}
    for _ in range(ROUNDS):
        for name, work in lines.items():
            begun = time.monotonic()
            work()
            times[name].append(time.monotonic() - begun)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> int:
    """Measure, print a table."""
    why = making.why_not()
    if why:
        print("not measured: %s" % why)
        return 0
    hosts = making.Hosts(["a"])
    try:
        hosts.boot()
        with hosts.inside():
            _tables(open_node(NodeEntry("a", (), hosts["a"].address)), hosts["a"].address)
    finally:
        hosts.destroy()
    return 0


def _tables(node: Any, address: str) -> None:
    node.run(["true"])
    plain = connection.ssh(address)

    def ours_in() -> None:
        assert node.run(["sh", "-c", _SEND], stdout=os.devnull).ok

    def plain_in() -> None:
        with open(os.devnull, "wb") as sink:
            subprocess.run([*plain, _SEND], stdout=sink, check=True)

    def ours_out() -> None:
        with subprocess.Popen(["sh", "-c", _SEND], stdout=subprocess.PIPE) as source:
            assert node.run(["sh", "-c", "cat >/dev/null"], stdin=source.stdout).ok

    def plain_out() -> None:
        with subprocess.Popen(["sh", "-c", _SEND], stdout=subprocess.PIPE) as source:
            subprocess.run([*plain, "cat >/dev/null"], stdin=source.stdout, check=True)

    print("| %d MB | plain ssh s | ours s | ours / plain rate |\n|---|---|---|---|" % MB)
    for name, ours, peer in (("from the node", ours_in, plain_in),
                             ("to the node", ours_out, plain_out)):
        took = medians({"plain": peer, "ours": ours})
        print("| %s | %.2f | %.2f | %.2f |" % (name, took["plain"], took["ours"],
                                              took["plain"] / took["ours"]))
    print("\npeak memory of this process: %d MB\n" % (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))
    took = medians({"plain": lambda: [subprocess.run([*plain, "true"], check=True)
                                      for _ in range(SHORT)],
                    "ours": lambda: [node.run(["true"]) for _ in range(SHORT)]})
    print("| a short command over the kept connection | ms |\n|---|---|")
    for name, seconds in took.items():
        print("| %s | %.1f |" % (name, seconds / SHORT * 1000))


if __name__ == "__main__":
    sys.exit(main())
