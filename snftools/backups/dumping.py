"""pg_dump at work beside us: on this machine, or by the programs of another one.

There the dump is made on that machine's disk and then brought over: so it outlives the line,
and so does its snapshot, which a psql there holds.  Where the disk has no room, the dump is a
stream that ends with the line.
"""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Dict, Iterator, List, Optional, Tuple

from snftools.backups import archive, sets
from snftools.backups.clients import DIRECTORY, Clients, Way, blamed, environment, running, tail
from snftools.backups.pgpass import pgpass
from snftools.errors import Failed
from snftools.output.text import human_size

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.node import Job, Node

UNCHANGED = "the databases; what was written is INCOMPLETE and never counts"

# $1 what psql is told, $2 psql, $3 its database, $4 the snapshot ("": none), then pg_dump's words.
# "held" is the same snapshot under a name that lasts as long as this: until enough is said, or
# nobody comes back; without one it is empty.
_MAKE = """
d=$SNF_JOB hold=$1 psql=$2 database=$3 snapshot=$4
shift 4
exec 2>&1
: >"$d/held"
if [ -n "$snapshot" ]; then
    mkfifo "$d/sql" || exit 1
    "$psql" -X -w -q -A -t -v ON_ERROR_STOP=1 "$database" <"$d/sql" >"$d/held" &
    holder=$!
    exec 3>"$d/sql"
    printf "$hold" "$snapshot" >&3
    until [ -s "$d/held" ]; do
        kill -s 0 "$holder" || exit 1
        sleep 0.1 2>/dev/null || sleep 1
    done
    set -- "$@" --snapshot "$(cat "$d/held")"
fi
"$@" >"$d/archive" 3>&- || exit
n=0
until [ -e "$d/enough" ] || [ "$n" -ge $((SNF_PATIENCE * 10)) ]; do
    sleep 0.2 2>/dev/null || { sleep 1; n=$((n + 4)); }
    n=$((n + 1))
done
exit 0
"""
# No timeout of the server may end what only waits.
_HOLD = """DO 'BEGIN PERFORM set_config(name, ''0'', false) FROM pg_settings WHERE name IN
    (''idle_in_transaction_session_timeout'', ''transaction_timeout''); END';
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET TRANSACTION SNAPSHOT '%s';
SELECT pg_export_snapshot();
"""
# Free kilobytes where the dump would be made, then the directory.
_ROOM = """
d=$1
until [ -d "$d" ] || [ "$d" = / ]; do d=$(dirname "$d"); done
[ -w "$d" ] || { echo "$d: not writable"; exit 1; }
df -Pk "$d" | tail -n 1
"""


@dataclass(frozen=True)
class Dumping:
    """A pg_dump at work: the snapshot that it reads, its log, the wait for its good end, and
    the values that it gave the sequences.

    `again`: after the line broke, waits until it is back, for the snapshot's name then; None
    where nothing outlives it.
    """

    snapshot: str
    log: str
    finish: Callable[[], None]
    sequences: Callable[[], archive.Sequences]
    again: Optional[Callable[[], str]] = None


@dataclass(frozen=True)
class Order:
    """What is dumped, how, into which file or directory, with what in its environment."""

    database: "Database"
    way: Way
    path: str
    snapshot: str
    pins: Dict[str, str]
    lock_wait: int
    jobs: int

    @property
    def clients(self) -> Clients:
        return Clients.of(self.database)

    @property
    def target(self) -> str:
        return self.database.owner.conninfo(self.database.name)

    def words(self, snapshot: str = "") -> List[str]:
        """pg_dump's, in a snapshot; to standard output where it is on another machine."""
        # Before 9.3 there is no -d; a connection string as the last word is older.
        return [self.clients.program("pg_dump"), "-w", "-v", "-Z1",
                *(["-Fd", "-j", str(self.jobs)] if self.way.format == DIRECTORY else ["-Fc"]),
                *(["-f", self.path] if self.clients.here else []),
                *(["--snapshot", snapshot] if snapshot else []),
                "--lock-wait-timeout", str(self.lock_wait * 1000), self.target]


def no_room(clients: Clients, needed: int) -> str:
    """Why a dump of so many bytes can't be made on the programs' machine; "" when it can."""
    node = clients.node
    if node.run([clients.program("psql"), "--version"], timeout=60).exit != 0:
        return "there is no psql"
    free, why = _free(node)
    return why if needed >= free else ""


def _free(node: "Node") -> Tuple[int, str]:
    """Bytes free where it would be made; that in words, or why there are none for us."""
    said = node.run(["sh", "-c", _ROOM, "sh", node.keeps_in], timeout=60)
    words = said.text.split()
    if not said.ok or len(words) < 6 or not words[3].isdigit():
        return 0, said.text.strip() or said.error_text.strip()
    free = int(words[3]) * 1024
    return free, "%s are free for %s" % (human_size(free), node.keeps_in)


@contextmanager
def at_work(backup_dir: str, order: Order, log: str) -> Iterator[Dumping]:
    """Start it; whatever happens, nothing of it goes on when we leave."""
    with pgpass(backup_dir, order.database.owner, order.clients.node) as secret:
        env = environment(order.pins, secret)
        with (_there if order.way.there else _beside)(order, log, env) as dumping:
            yield dumping
    os.unlink(log)


@contextmanager
def _beside(order: Order, log: str, env: Dict[str, str]) -> Iterator[Dumping]:
    """It writes here: itself, or through the line."""
    clients = order.clients
    job = clients.node.start(order.words(order.snapshot), stderr=log, env=env,
                             stdout=log if clients.here else order.path)
    with running(job):
        yield Dumping(order.snapshot, log, lambda: _good_end(order, job, log),
                      lambda: archive.sequence_values(clients, order.path))


@contextmanager
def _there(order: Order, log: str, env: Dict[str, str]) -> Iterator[Dumping]:
    """It writes there, whatever happens to the line, and is then brought over."""
    node = order.clients.node
    sequences: archive.Sequences = {}
    name = "dump-%s-%d-%s" % (socket.gethostname(), os.getpid(),
                              sets.file_name(order.database.name))
    job = node.keep(name, ["sh", "-c", _MAKE, "sh", _HOLD, order.clients.program("psql"),
                           order.target, order.snapshot, *order.words()], log=log, env=env)

    def finish() -> None:
        job.put("enough", b"")
        _good_end(order, job, log, lambda: _free(node)[1])  # a full disk took no message
        job.bring("archive", order.path)
        sequences.update(archive.listed_sequences(
            order.clients, job.path("archive"), job.path("list"),
            lambda text: job.put("list", text.encode("ascii")), there=True))
    try:
        with running(job):
            yield Dumping(order.snapshot, log, finish, lambda: sequences,
                          lambda: job.read("held").decode("ascii").strip())
    finally:
        job.remove()


def _good_end(order: Order, job: "Job", log: str, else_why: Callable[[], str] = str) -> None:
    code = job.wait()
    if code != 0:
        text = tail(log, 40)
        raise Failed("pg_dump of %s: exit %d" % (order.database.name, code),
                     node=order.clients.node.name, why=blamed(text) or tail(log) or else_why(),
                     unchanged=UNCHANGED, next="snf-backup-db prune")
