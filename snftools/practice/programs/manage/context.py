"""What every stand-in of Synnefo's programs knows of its node: packages, settings, databases."""

import os
import sys

from . import settings as settings_module

APPS = (
    "snf-astakos-app",
    "snf-quotaholder-app",
    "snf-cyclades-app",
    "snf-pithos-app",
    "snf-cyclades-gtools",
)
POSTGRES_ENGINES = ("postgresql_psycopg2", "django.db.backends.postgresql_psycopg2")


class CommandError(Exception):
    """A failure that a command reports itself: `Error: text` on stderr, exit 1 (SOURCE 3.0)."""


class DatabaseError(Exception):
    """What Django 1.2 makes of an error of the database server."""

    __module__ = "django.db.utils"


class IntegrityError(DatabaseError):
    """The same for a broken constraint."""

    __module__ = "django.db.utils"


class ImproperlyConfigured(Exception):
    """Django's complaint about settings or an application that is not there."""

    __module__ = "django.core.exceptions"


class DistributionNotFound(Exception):
    """A Python package that the installed ones need is missing (OBSERVED K)."""

    __module__ = "pkg_resources"


class InvalidCacheBackendError(Exception):
    """What the settings name to cache with can't be had (OBSERVED C 13)."""

    __module__ = "django.core.cache.backends.base"


class Context:
    """One node, as a program that is installed on it sees it."""

    def __init__(self, root):
        self.root = os.path.realpath(root)
        self._settings = None
        self._connections = {}

    @classmethod
    def of_program(cls, path):
        """Return the context of the node below whose usr/bin or usr/sbin `path` lies."""
        return cls(os.path.join(os.path.dirname(os.path.realpath(path)), "..", ".."))

    def version(self, package):
        """Return the upstream version of an installed Synnefo package, None when it is absent."""
        path = os.path.join(self.root, "usr/lib/synnefo/versions", package)
        try:
            with open(path) as versions:
                return versions.read().strip()
        except FileNotFoundError:
            return None

    def at_least(self, package, version):
        """Tell whether `package` is installed in `version` (like "0.14") or a later one."""
        installed = self.version(package)
        return installed is not None and _numbers(installed) >= _numbers(version)

    @property
    def apps(self):
        """The installed application packages."""
        return tuple(name for name in APPS if self.version(name) is not None)

    @property
    def settings_dir(self):
        """The directory whose *.conf files are executed."""
        return os.environ.get("SYNNEFO_SETTINGS_DIR") or os.path.join(self.root, "etc/synnefo")

    @property
    def settings(self):
        """The settings as a dict; what can't be read ends the program with exit 1."""
        self.load()
        return self._settings

    def load(self, settings=None):
        """Read the settings, once; or take those that another context of the node has read."""
        if settings is not None:
            self._settings = settings
        if self._settings is None:
            self._require_distributions()
            try:
                self._settings = settings_module.load(self, self.settings_dir)
            except settings_module.Unreadable as exc:
                sys.stdout.flush()
                sys.stderr.write("%s\n" % exc)
                raise SystemExit(1)

    def require_cache(self):
        """End as cyclades does where its cache needs a library that is not installed."""
        backend = str(self.settings.get("VMAPI_CACHE_BACKEND", ""))
        if self.version("snf-cyclades-app") is None or not backend.startswith("memcached:"):
            return
        if self.version("python-memcache") is None:
            raise InvalidCacheBackendError(
                "Memcached cache backend requires either the 'memcache' or 'cmemcache' library"
            )

    def db(self, alias="default"):
        """Return the connection of a Django database: psycopg2, or sqlite3 for the default one.

        One connection for each alias; no autocommit. Errors are those of the driver.
        """
        if alias not in self._connections:
            self._connections[alias] = self._connect(self.settings["DATABASES"][alias])
        return self._connections[alias]

    def close(self, alias="default"):
        """Close the connection of a database, if there is one."""
        connection = self._connections.pop(alias, None)
        if connection is not None:
            connection.close()

    def _connect(self, options):
        engine = options.get("ENGINE", "")
        if engine in POSTGRES_ENGINES:
            return _connect_postgres(options)
        if engine in ("sqlite3", "django.db.backends.sqlite3"):
            import sqlite3

            return sqlite3.connect(self.inside(options["NAME"]))
        raise ImproperlyConfigured(
            "%r isn't an available database backend.\nTry using django.db.backends.XXX, "
            "where XXX is one of:\n    'dummy', 'mysql', 'oracle', 'postgresql', "
            "'postgresql_psycopg2', 'sqlite3'" % engine
        )

    def inside(self, path):
        """Return where a path that Synnefo's defaults name lies on this node."""
        if path.startswith(self.root):
            return path
        return os.path.join(self.root, path.lstrip("/"))

    def _require_distributions(self):
        apps = ("snf-astakos-app", "snf-cyclades-app", "snf-pithos-app")
        if not any(self.at_least(app, "0.14") for app in apps):
            return
        for package in ("python-astakosclient", "python-objpool"):
            if self.version(package) is None:
                raise DistributionNotFound(
                    "The '%s' distribution was not found and is required by the application"
                    % package[len("python-") :]
                )


def _connect_postgres(options):
    import psycopg2

    words = {
        "dbname": options["NAME"],
        "user": options.get("USER"),
        "password": options.get("PASSWORD"),
        "host": options.get("HOST"),
        "port": options.get("PORT"),
    }
    return psycopg2.connect(**{key: str(value) for key, value in words.items() if value})


def connect_url(url):
    """Return a psycopg2 connection to what a setting like PITHOS_BACKEND_DB_CONNECTION names."""
    import psycopg2

    scheme, separator, rest = url.partition("://")
    return psycopg2.connect(scheme.partition("+")[0] + separator + rest)


def _numbers(version):
    return tuple(int(part) for part in version.split("~")[0].split("-")[0].split("."))
