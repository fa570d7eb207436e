"""The default administrator: postgres by peer, on the node where the server is.

The server asks the kernel who is at the other end of its socket.  So each session goes through
a small program that runs as postgres there and copies bytes: clients connect to a private
socket of ours.  It is perl, which every Debian has: an old node has no Python of ours.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import tempfile
import threading
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from snftools.database.params import Params
from snftools.errors import Refused, SnfError

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.node import Node

USER = "postgres"
_SOCKETS = ("/var/run/postgresql", "/run/postgresql", "/tmp")
_LOCAL = ("", "localhost", "127.0.0.1", "::1")

# postgres itself, root by runuser (su where that is missing), anybody else by sudo.
_BECOME = """cd /
if [ "$(id -un)" = postgres ]; then exec "$@"
elif [ "$(id -u)" != 0 ]; then exec sudo -n -u postgres -- "$@"
elif command -v runuser >/dev/null; then exec runuser -u postgres -- "$@"
else exec su -s /bin/sh -c 'exec "$0" "$@"' postgres -- "$@"; fi"""

_BRIDGE = r"""use Socket;
socket(S, PF_UNIX, SOCK_STREAM, 0) && connect(S, sockaddr_un($ARGV[0]))
    or die "$ARGV[0]: $!\n";
sub pump { my ($from, $to) = @_; my ($data, $done, $part);
    while (sysread($from, $data, 131072)) { $done = 0;
        while ($done < length $data) {
            $part = syswrite($to, $data, length($data) - $done, $done);
            return unless defined $part; $done += $part; } } }
my $parent = $$; my $child = fork;
if (!$child) { pump(\*S, \*STDOUT); kill 15, $parent; exit 0; }
pump(\*STDIN, \*S); shutdown(S, 1); waitpid($child, 0);
"""


class Doorway:
    """A socket in a private directory; who connects to it is postgres at the server (live)."""

    def __init__(self, node: "Node", target: str, port: int) -> None:
        self.directory = tempfile.mkdtemp(prefix="snf-peer-")
        self.why = ""
        self._node = node
        self._target = target
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(os.path.join(self.directory, ".s.PGSQL.%d" % port))
        self._listener.listen(16)
        atexit.register(shutil.rmtree, self.directory, True)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client:
            stream: Any = client  # has the fileno() that a child's streams need
            try:
                ended = self._node.run(as_postgres(["perl", "-e", _BRIDGE, self._target]),
                                       stdin=stream, stdout=stream)
                if ended.error_text.strip():
                    self.why = ended.error_text.strip()
            except SnfError as error:
                self.why = error.what


_doorways: Dict[Tuple[str, str], Doorway] = {}
_lock = threading.Lock()


def as_postgres(argv: List[str]) -> List[str]:
    """The command line that runs argv as postgres on a node."""
    return ["sh", "-c", _BECOME, "sh", *argv]


def params(database: "Database", dbname: str) -> Params:
    """How a client of this machine is postgres at the database's server."""
    return Params(dbname, doorway(database).directory, database.owner.port, USER)


def doorway(database: "Database") -> Doorway:
    """The way in, opened once a server; Refused (3) when it is not known where the server is."""
    node, target = place(database)
    with _lock:
        if (node.name, target) not in _doorways:
            _doorways[node.name, target] = Doorway(node, target, database.owner.port)
        return _doorways[node.name, target]


def refused(database: "Database", why: str) -> Refused:
    """No administrator, with the option to give."""
    return Refused("no administrator for database %s" % database.name,
                   node=database.node.name, why=why, unchanged="everything",
                   next="set [databases] admin in site.conf, or --db-admin URI")


def place(database: "Database") -> Tuple["Node", str]:
    """The node with the server, and the server's socket there."""
    host, name = database.owner.host, ".s.PGSQL.%d" % database.owner.port
    node = database.server_at or database.server_node or database.node
    if host.startswith("/"):
        return node, "%s/%s" % (host.rstrip("/"), name)
    if host not in _LOCAL and database.server_node is None:
        raise refused(database, "its server is on %s: [databases] node names no node" % host)
    for directory in _SOCKETS:
        if node.run(["test", "-S", "%s/%s" % (directory, name)], timeout=60).ok:
            return node, "%s/%s" % (directory, name)
    raise refused(database, "%s has no socket of a server with port %d"
                  % (node.name, database.owner.port))
