"""CPU time of a start: every command's --help, and snf-check-versions beside dpkg-query.

Each line is run in turn with its peers, so that a busy machine slows all of them alike; the
figures are medians of user and system time of the process and its children.  The commands
run from a compiled copy, as the package installs them.
"""

from __future__ import annotations

import compileall
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

ROUNDS = 15
TREE = Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"
QUERY = ["dpkg-query", "-W", "-f", "${Package}\t${Version}\t${db:Status-Abbrev}\n"]
VERSIONS = ["--node", "local", "--role", "astakos"]


def cpu(argv: List[str]) -> float:
    """User and system seconds of one run; what it prints and how it ends is not asked."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, env={**os.environ, "SNF_UPGRADE_SITE": ""})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def medians(lines: Dict[str, List[str]]) -> Dict[str, float]:
    """The median of each line, the lines taken in turn."""
    times: Dict[str, List[float]] = {name: [] for name in lines}
    for _ in range(ROUNDS):
        for name, argv in lines.items():
            times[name].append(cpu(argv))
    return {name: statistics.median(values) * 1000 for name, values in times.items()}


def compiled(directory: Path) -> Path:
    """The commands and the library below a directory, compiled; the commands' directory."""
    for part in ("bin", "snftools"):
        shutil.copytree(str(TREE / part), str(directory / part),
                        ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(str(directory / "snftools"), quiet=2)
    return directory / "bin"


def main() -> int:
    """Measure, print two tables."""
    with tempfile.TemporaryDirectory() as directory:
        tables(compiled(Path(directory)))
    return 0


def tables(bin: Path) -> None:
    """Print what a start costs, and what snf-check-versions costs over dpkg-query."""
    helps = {path.name + " --help": [PYTHON, str(path), "--help"] for path in sorted(bin.iterdir())}
    bare = "python3 -c pass"
    found = medians({bare: [PYTHON, "-c", "pass"], **helps})
    print("%-34s %8s %10s" % ("start", "CPU ms", "pythons"))
    for name, value in found.items():
        print("%-34s %8.1f %10.1f" % (name, value, value / found[bare]))
    found = medians({"dpkg-query": QUERY, bare: [PYTHON, "-c", "pass"],
                     "dpkg --audit": ["dpkg", "--audit"],
                     "snf-check-versions": [PYTHON, str(bin / "snf-check-versions"), *VERSIONS]})
    print("\n%-34s %8s %10s" % ("versions of a node", "CPU ms", "more ms"))
    for name, value in found.items():
        print("%-34s %8.1f %10.1f" % (name, value, value - found["dpkg-query"]))


if __name__ == "__main__":
    sys.exit(main())
