"""The forecast of a rehearsal beside what the real run then takes without service.

A practice site of SNF_BENCH_SCALE (50; 40 users each) on this machine: rehearsed with --in, then
upgraded.  The window of the real run is what its own report says.  The load is told, for what
both took depends on who else is at work.  SNF_BENCH_ROUNDS (1) is how often.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Dict

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from snftools.practice import create  # noqa: E402
from tests.helpers import cli  # noqa: E402
from tests.helpers.postgres import Postgres  # noqa: E402
from tests.helpers.site import PracticeSite, new_directory  # noqa: E402

SCALE = int(os.environ.get("SNF_BENCH_SCALE", "50"))
ROUNDS = int(os.environ.get("SNF_BENCH_ROUNDS", "1"))


def load() -> str:
    """How many processes wanted a core in the last five minutes."""
    return "%.1f" % os.getloadavg()[1]


def measure(site: PracticeSite, server: Postgres) -> Dict[str, Any]:
    """Rehearse, then run; the steps' times of both."""
    def run(*words: object) -> Any:
        done = cli.run("snf-upgrade", *words, "--json", site=site, timeout=7200)
        return done.expect(0).json["result"]

    told = run("rehearse", "--in", site.dir.parent / "r", "--server", server.url(), "--yes")
    loads = load()
    run("run", "--yes")
    report = run("report")
    took = {row["step"]: row["seconds"] for row in report["steps"]}
    return {"forecast": told["forecast"]["without_service"], "took": report["without_service"],
            "bytes": told["space"]["databases"], "loads": (loads, load()),
            "rows": [(step, seconds, took[step])
                     for step, seconds in told["forecast"]["steps"].items() if step in took]}


def main() -> None:
    """Print the figures."""
    for _ in range(ROUNDS):
        directory, server = new_directory(), Postgres()
        create.create(directory, "three-hosts", SCALE, True, lambda text: None)
        site = PracticeSite(directory)
        try:
            found = measure(site, server)
        finally:
            site.destroy()
            server.destroy()
        print("scale %d, databases of %.0f MB, load %s and %s" % (
            SCALE, found["bytes"] / 1e6, *found["loads"]))
        for step, forecast, took in found["rows"]:
            print("%-16s %6.1f %6.1f" % (step, forecast, took))
        print("without service  %6.1f %6.1f  factor %.2f" % (
            found["forecast"], found["took"], found["forecast"] / found["took"]))


if __name__ == "__main__":
    main()
