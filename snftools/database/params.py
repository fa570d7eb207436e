"""How Synnefo's settings name a database: Django's DATABASES and SQLAlchemy URLs, parsed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Mapping, Optional, Tuple
from urllib.parse import parse_qsl, unquote, urlsplit

DEFAULT_PORT = 5432
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class NoPostgres(ValueError):
    """The setting names something that is no PostgreSQL database."""


@dataclass(frozen=True)
class Params:
    """How to connect: `host` may be a socket's directory, or empty for libpq's own default."""

    dbname: str
    host: str = ""
    port: int = DEFAULT_PORT
    user: str = ""
    password: str = field(default="", repr=False)
    options: Tuple[Tuple[str, str], ...] = ()
    libpq: bool = False  # the password is looked up as libpq does: PGPASSFILE, ~/.pgpass

    def conninfo(self, dbname: str = "") -> str:
        """A libpq connection string without the password, fit for a program's arguments."""
        words = [("dbname", dbname or self.dbname), ("host", self.host),
                 ("port", str(self.port)), ("user", self.user), *self.options]
        return " ".join("%s=%s" % (key, _quoted(value)) for key, value in words if value)


def from_django(row: Mapping[str, Any]) -> Params:
    """Params of DATABASES['default']; NoPostgres for another engine (OBSERVED E: sqlite)."""
    engine = str(row.get("ENGINE") or "")
    if "postgresql" not in engine:
        raise NoPostgres(engine or "no engine")
    name = str(row.get("NAME") or "")
    if not name:
        raise NoPostgres("no NAME")
    options = row.get("OPTIONS")
    extra = tuple(sorted((str(key), str(value)) for key, value in options.items()
                         if key.startswith("ssl"))) if isinstance(options, Mapping) else ()
    return Params(name, str(row.get("HOST") or ""), _port(row.get("PORT")),
                  str(row.get("USER") or ""), str(row.get("PASSWORD") or ""), extra)


def from_url(url: str) -> Params:
    """Params of an SQLAlchemy URL, percent-encoding and ?host=/socket/dir understood.

    Raises NoPostgres for another scheme; the message never holds the URL, which has a password.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.partition("+")[0]
    if scheme not in ("postgresql", "postgres"):
        raise NoPostgres(scheme or "no scheme")
    query = dict(parse_qsl(parts.query))
    try:
        port = parts.port
    except ValueError:
        raise NoPostgres("its port is no number")
    name = unquote(parts.path.lstrip("/")) or query.get("dbname", "")
    if not name:
        raise NoPostgres("no database name")
    host = query.get("host") or unquote(parts.hostname or "")
    return Params(name, host, _port(query.get("port") or port),
                  unquote(parts.username or "") or query.get("user", ""),
                  unquote(parts.password or "") or query.get("password", ""),
                  tuple(sorted(item for item in query.items() if item[0].startswith("ssl"))))


def from_admin(uri: str) -> Params:
    """Params of `[databases] admin`, which holds no password (site.conf refuses one)."""
    parts = urlsplit(uri)
    if not parts.path.strip("/"):
        uri = parts._replace(path="/postgres").geturl()
    return replace(from_url(uri), libpq=True)


def is_uri(text: str) -> bool:
    """Whether it is a URI (and no database's name)."""
    return _SCHEME.match(text) is not None


def from_target(uri: str) -> Params:
    """Params of a URI on a command line; NoPostgres when a password is in it."""
    params = from_url(uri)
    if params.password:
        raise NoPostgres("a password does not belong in it: use PGPASSFILE or ~/.pgpass")
    return replace(params, libpq=True)


def _port(value: Optional[Any]) -> int:
    try:
        return int(value) if value else DEFAULT_PORT
    except ValueError:
        raise NoPostgres("its port is no number")


def _quoted(value: str) -> str:
    """A value of a connection string: quotes and backslashes escaped."""
    return "'%s'" % value.replace("\\", "\\\\").replace("'", "\\'")
