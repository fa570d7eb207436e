r"""Our proven backup beside the unproven ones of autopostgresqlbackup and borgmatic, in one run.

SNF_BENCH_PEERS names a root directory of Debian that has them (as root; nothing is timed without):
mmdebstrap --variant=minbase \
    --include=autopostgresqlbackup,borgmatic,postgresql-client bookworm ROOT
barman is not among them: it copies a server's files and WAL, so that nothing of its work is
the same.  SNF_BENCH_MB and SNF_BENCH_ROUNDS as for backup.py.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from snftools.practice.server import PORT  # noqa: E402
from tests.bench.backup import ROUNDS, Bench, Cost, measured  # noqa: E402

AUTO = """
SU_USERNAME=
USERNAME=postgres
DBHOST=%(socket)s
DBNAMES=db
BACKUPDIR=%(dir)s/auto
CREATE_DATABASE=yes
SEPDIR=yes
COMP=gzip
MAILCONTENT=stdout
EXT=sql
PERM=600
ENCRYPTION=no
"""
BORGMATIC = """
location:
    source_directories: [/etc/default]
    repositories: [%(dir)s/borg]
hooks:
    postgresql_databases:
        - name: db
          port: %(port)d
          username: postgres
"""


class Peers:
    """The root with the other programs, pointed at the bench's server through /tmp."""

    def __init__(self, root: Path, bench: Bench) -> None:
        self._root = root
        self._dir = bench.lab.dir / "peers"
        self._dir.mkdir()
        self._socket = str(bench.lab.server.socket)
        values = {"socket": bench.lab.server.socket, "dir": self._dir, "port": PORT}
        (root / "etc/default/autopostgresqlbackup").write_text(AUTO % values)
        (self._dir / "borgmatic.yaml").write_text(BORGMATIC % values)

    def auto(self) -> None:
        """pg_dump piped into gzip, with its rotation of files."""
        shutil.rmtree(str(self._dir / "auto"), ignore_errors=True)
        (self._dir / "auto").mkdir()
        self._run("autopostgresqlbackup")
        self._need("auto", "*db_*.sql.gz")

    def borgmatic(self) -> None:
        """pg_dump's custom format into a new repository."""
        shutil.rmtree(str(self._dir / "borg"), ignore_errors=True)
        conf = str(self._dir / "borgmatic.yaml")
        self._run("borgmatic", "-c", conf, "init", "-e", "none")
        self._run("borgmatic", "-c", conf, "create")
        self._need("borg", "data/0/*")

    def _run(self, *words: str) -> None:
        subprocess.check_call(
            ["unshare", "-m", "sh", "-ec",
             'mount --bind /tmp "$0/tmp"; mount -t proc proc "$0/proc"; mount --bind /dev "$0/dev";'
             ' exec chroot "$0" "$@"', str(self._root), *words],
            stdout=subprocess.DEVNULL, env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
                # Not as borgmatic's hostname: that becomes a part of its pipe's path.
                "PGHOST": self._socket, "PGPORT": str(PORT),
                "BORG_BASE_DIR": str(self._dir / "cache"),
                "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"})

    def _need(self, directory: str, pattern: str) -> None:
        """A peer that exits 0 and backs up nothing would be fast."""
        sizes = [path.stat().st_size for path in (self._dir / directory).rglob(pattern)]
        assert sum(sizes) > 10 ** 6, (directory, sizes)


def main() -> int:
    root = os.environ.get("SNF_BENCH_PEERS")
    if not root:
        print(__doc__)
        return 0
    bench = Bench()
    costs: Dict[str, List[Cost]] = {}
    try:
        peers = Peers(Path(root), bench)
        lines: Dict[str, Callable[[], object]] = {
            "pg_dump -Fd -j2 -Z1": bench.bare_dump,
            "create --verify archive": lambda: bench.create("--verify", "archive"),
            "autopostgresqlbackup": peers.auto,
            "borgmatic create": peers.borgmatic,
        }
        bench.bare_dump()  # as in backup.py
        for _ in range(ROUNDS):
            for name, work in lines.items():
                costs.setdefault(name, []).append(measured(work))
                bench.forget()
    finally:
        bench.lab.destroy()
    print("database of %d MB, medians of %d rounds" % (bench.size // 10 ** 6, ROUNDS))
    for name, found in costs.items():
        wall, cpu = (statistics.median(cost[i] for cost in found) for i in (0, 1))
        print("%-28s wall %6.1f s, client's CPU %6.1f s" % (name, wall, cpu))
    print("load average at the end: %.1f %.1f %.1f" % os.getloadavg())
    return 0


if __name__ == "__main__":
    sys.exit(main())
