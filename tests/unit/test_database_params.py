"""How settings name a database."""

from __future__ import annotations

import pytest

from snftools.database.params import NoPostgres, from_admin, from_django, from_url


def test_django() -> None:
    found = from_django({"ENGINE": "django.db.backends.postgresql_psycopg2", "NAME": "snf_apps",
                         "USER": "synnefo", "PASSWORD": "p", "HOST": "", "PORT": ""})
    assert (found.dbname, found.host, found.port, found.user) == ("snf_apps", "", 5432, "synnefo")
    with pytest.raises(NoPostgres):
        from_django({"ENGINE": "sqlite3", "NAME": "/usr/share/synnefo/x.sqlite"})


def test_url_with_socket_and_percent_encoding() -> None:
    found = from_url("postgresql+psycopg2://syn:p%40ss%2Fw%3A@/snf_pithos?host=/run/pg&port=5433")
    assert (found.host, found.port, found.password) == ("/run/pg", 5433, "p@ss/w:")
    assert from_url("postgres://u:x@db:1/n").host == "db"


def test_password_is_nowhere_to_be_seen() -> None:
    found = from_url("postgresql://u:secret@h/n")
    assert "secret" not in repr(found) and "secret" not in found.conninfo()
    with pytest.raises(NoPostgres) as caught:
        from_url("mysql://u:secret@h/n")
    assert "secret" not in str(caught.value)


def test_conninfo_quotes() -> None:
    assert r"dbname='a\'b\\c'" in from_url("postgresql://u@h/a'b%5Cc").conninfo()


def test_admin_without_database() -> None:
    assert from_admin("postgresql://postgres@?host=/run/pg").dbname == "postgres"
