"""Backups beside what an administrator would type: times and ratios, medians of one run.

SNF_BENCH_MB (1200) is the database's size, SNF_BENCH_ROUNDS (3) how often each line is run,
SNF_BENCH_WITHOUT leaves out the lines that have one of its words.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from snftools.practice.server import bindir  # noqa: E402
from tests.helpers import cli  # noqa: E402
from tests.helpers.lab import Lab, wait_for  # noqa: E402

MB = int(os.environ.get("SNF_BENCH_MB", "1200"))
ROUNDS = int(os.environ.get("SNF_BENCH_ROUNDS", "3"))

# Rows like those of a site: wide and narrow, numbers, texts, times, an index or two.
TABLES = """
CREATE TABLE accounts (aid integer PRIMARY KEY, bid integer, balance integer, filler char(84));
INSERT INTO accounts SELECT i, i / 100000, 0, '' FROM generate_series(1, %(rows)d) i;
CREATE TABLE objects (id bigint PRIMARY KEY, path text, hash text, mtime timestamptz, size float8);
INSERT INTO objects SELECT i, '/user/' || i %% 977 || '/container/file-' || i, md5(i::text),
    '2013-01-01'::timestamptz + i * interval '7 s', i * 1.37
    FROM generate_series(1, %(rows)d / 2) i;
CREATE INDEX objects_path ON objects (path);
ANALYZE;
"""
ROWS_A_MB = 4500

Cost = Tuple[float, float, float]  # wall, client's CPU (children too), peak memory of ours in MB


def measured(work: Callable[[], Any]) -> Cost:
    """What some work costs."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    peak = work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begun, cpu, float(peak or 0)


class Bench:
    """The lab and every line that is timed."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.lab.database("db", TABLES % {"rows": MB * ROWS_A_MB})
        self.size = self.lab.sql("SELECT pg_database_size('db')")[0][0]
        self.filling: List[float] = []
        self.dir = self.lab.dir / "bare"
        self.dsn = self.lab.postgres.dsn("db", "owner")

    def bare_dump(self) -> None:
        shutil.rmtree(str(self.dir), ignore_errors=True)
        subprocess.check_call([str(bindir() / "pg_dump"), "-Fd", "-j2", "-Z1", "-f",
                               str(self.dir), self.dsn])

    def piped_dump(self) -> None:
        with open(str(self.lab.dir / "db.sql.gz"), "wb") as out:
            dump = subprocess.Popen([str(bindir() / "pg_dump"), self.dsn], stdout=subprocess.PIPE)
            subprocess.check_call(["gzip"], stdin=dump.stdout, stdout=out)
            assert dump.wait() == 0

    def bare_restore(self) -> None:
        self.lab.postgres.execute("DROP DATABASE IF EXISTS bare")
        self.lab.postgres.execute("CREATE DATABASE bare TEMPLATE template0")
        subprocess.check_call([str(bindir() / "pg_restore"), "-j2", "-d",
                               self.lab.postgres.dsn("bare"), str(self.dir)])

    def create(self, *arguments: str) -> float:
        """Our command; the peak memory of its own process in MB."""
        process = cli.start("snf-backup-db", "create", "--label", "l", *self.lab.words("db"),
                            *arguments, env=self.lab.env)
        return peak(process)

    def restore(self) -> float:
        if "copy" in self.lab.names():
            self.lab.postgres.execute("DROP DATABASE copy")
        reader, writer = os.pipe()
        process = cli.start("snf-restore-db", "l", *self.lab.words("db"), "--as", "copy",
                            "--status-fd", str(writer), env=self.lab.env, pass_fds=[writer])
        os.close(writer)
        thread = threading.Thread(target=self._time_filling, args=(reader,))
        thread.start()
        most = peak(process)
        thread.join()
        return most

    def _time_filling(self, reader: int) -> None:
        """How long pg_restore takes in it, by its progress: the rest is the proof."""
        began = 0.0
        with os.fdopen(reader) as stream:
            for line in stream:
                event = json.loads(line)["event"]
                if event == "restoring" and not began:
                    began = time.monotonic()
                elif event == "verifying" and began:
                    self.filling.append(time.monotonic() - began)
                    return

    def forget(self) -> None:
        """Old sets are no part of what is timed."""
        for path in self.lab.sets()[:-1]:
            shutil.rmtree(str(path))


def peak(process: subprocess.Popen) -> float:
    """Wait for the good end; the most memory (VmHWM) that it had, in MB."""
    most = 0

    def over() -> bool:
        nonlocal most
        try:
            status = Path("/proc/%d/status" % process.pid).read_text()
            most = max([most, *(int(line.split()[1]) for line in status.splitlines()
                                if line.startswith("VmHWM"))])
        except OSError:
            pass
        return process.poll() is not None
    wait_for(over, 3600)
    out, err = process.communicate()
    assert process.returncode == 0, (out, err)
    return most / 1024


def main() -> int:
    bench = Bench()
    lines: Dict[str, Callable[[], Any]] = {
        "pg_dump -Fd -j2 -Z1": bench.bare_dump,
        "pg_dump | gzip": bench.piped_dump,
        "create --no-digests": lambda: bench.create("--no-digests"),
        "create --verify files": lambda: bench.create("--verify", "files"),
        "create --verify archive": lambda: bench.create("--verify", "archive"),
        "create --verify restore": lambda: bench.create("--verify", "restore"),
        "pg_restore -j2": bench.bare_restore,
        "snf-restore-db --as (with its proof)": bench.restore,
    }
    for word in os.environ.get("SNF_BENCH_WITHOUT", "").split():
        lines = {name: work for name, work in lines.items() if word not in name}
    costs: Dict[str, List[Cost]] = {name: [] for name in lines}
    try:
        bench.bare_dump()  # the first reading of new rows writes to their pages (hint bits)
        for _ in range(ROUNDS):
            for name, work in lines.items():
                costs[name].append(measured(work))
                bench.forget()
    finally:
        bench.lab.destroy()
    print("database of %d MB, medians of %d rounds, %d processors"
          % (bench.size // 10 ** 6, ROUNDS, os.cpu_count() or 0))
    print("%-38s %8s %7s %8s %7s %7s" % ("", "wall s", "ratio", "client s", "ratio", "MB"))
    base = {"pg_restore -j2": "pg_restore -j2",
            "snf-restore-db --as (with its proof)": "pg_restore -j2"}
    middle = {name: [statistics.median(cost[i] for cost in costs[name]) for i in range(3)]
              for name in lines}
    for name, (wall, cpu, memory) in middle.items():
        other = middle[base.get(name, "pg_dump -Fd -j2 -Z1")]
        print("%-38s %8.1f %7.2f %8.1f %7.2f %7s" % (
            name, wall, wall / other[0], cpu, cpu / other[1], "%.0f" % memory if memory else "-"))
    if bench.filling:
        filling = statistics.median(bench.filling)
        print("%-38s %8.1f %7.2f" % ("  of it without the proof", filling,
                                     filling / middle["pg_restore -j2"][0]))
    print("load average at the end: %.1f %.1f %.1f" % os.getloadavg())
    return 0


if __name__ == "__main__":
    sys.exit(main())
