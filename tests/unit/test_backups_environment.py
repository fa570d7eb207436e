"""The environment of pg_dump: the owner's password by a file alone, whatever is set around it."""

from __future__ import annotations

from snftools.backups import clients


def test_a_password_that_is_set_does_not_come_before_the_file() -> None:
    """libpq looks at PGPASSFILE only where PGPASSWORD is empty."""
    words = clients.environment({}, "/run/pgpass")
    assert (words["PGPASSFILE"], words["PGPASSWORD"]) == ("/run/pgpass", "")


def test_the_administrators_own_password_is_left_alone() -> None:
    assert "PGPASSWORD" not in clients.environment({})
