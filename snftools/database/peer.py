"""The default administrator: postgres by peer, where the server is on this machine.

The server asks the kernel who is at the other end of its socket.  So the session is opened
with postgres as effective user, which root may become for that moment.
"""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING, Any

from snftools.database import connect as connecting
from snftools.database.params import Params
from snftools.errors import Refused

if TYPE_CHECKING:
    from snftools.database.find import Database

USER = "postgres"
_SOCKETS = ("/var/run/postgresql", "/run/postgresql", "/tmp")
_LOCAL = ("", "localhost", "127.0.0.1", "::1")


def session(database: "Database", dbname: str) -> Any:
    """A session as postgres; Refused (3) with the option to give when it can't be had."""
    params = Params(dbname, _directory(database), database.owner.port, USER)
    try:
        uid = pwd.getpwnam(USER).pw_uid
    except KeyError:
        raise _refused(database, "this machine has no user %s" % USER)
    os.seteuid(uid)
    try:
        return connecting.session(database.node, params)
    except connecting.Unreachable as error:
        raise _refused(database, error.why)
    finally:
        os.seteuid(0)


def _directory(database: "Database") -> str:
    """The directory of the server's socket on this machine."""
    if database.node.root or database.node.address != "local":
        raise _refused(database, "%s is not this machine" % database.node.name)
    if os.geteuid() != 0:
        raise _refused(database, "only root may become %s" % USER)
    host = database.owner.host
    if host.startswith("/"):
        return host
    if host not in _LOCAL:
        raise _refused(database, "its server is on %s" % host)
    for directory in _SOCKETS:
        if os.path.exists("%s/.s.PGSQL.%d" % (directory, database.owner.port)):
            return directory
    raise _refused(database, "no socket of a server with port %d" % database.owner.port)


def _refused(database: "Database", why: str) -> Refused:
    return Refused("no administrator for database %s" % database.name,
                   node=database.node.name, why=why, unchanged="everything",
                   next="set [databases] admin in site.conf, or --db-admin URI")
