"""Who dumps and who restores: an owner without rights, an administrator by URI, by peer, none."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from tests.helpers import cli
from tests.helpers.lab import OWNER, SIMPLE, Lab

PASSWORD = "p w:\\'\"$`%@/;#&=?*~\u2603-\u00e4"

HBA = """local all postgres %s
local all owner scram-sha-256
local all all trust
"""


@pytest.fixture
def site(own_lab: Lab) -> Iterator[Lab]:
    """A server whose owner needs a password; /tmp-like settings directory names it."""
    own_lab.database("db", SIMPLE)
    connection = own_lab.postgres.connect()
    connection.autocommit = True
    connection.cursor().execute("ALTER ROLE owner PASSWORD %s", (PASSWORD,))
    connection.close()
    settings(own_lab, PASSWORD)
    rules(own_lab, "trust")
    yield own_lab


def rules(lab: Lab, how: str) -> None:
    connection = lab.postgres.connect()     # before: a reload of a moment ago may still be due
    (lab.server.data / "pg_hba.conf").write_text(HBA % how)
    connection.cursor().execute("SELECT pg_reload_conf()")
    connection.close()


def settings(lab: Lab, password: str) -> None:
    from urllib.parse import quote
    directory = lab.dir / "settings"
    directory.mkdir(exist_ok=True)
    (directory / "20-pithos.conf").write_text(
        "PITHOS_BACKEND_DB_CONNECTION = 'postgresql://%s:%s@/db?host=%s'\n"
        % (OWNER, quote(password, safe=""), lab.server.socket))


def words(lab: Lab, *arguments: str) -> List[str]:
    return ["--backup-dir", str(lab.backups), "--settings-dir", str(lab.dir / "settings"),
            "--role", "pithos", *arguments]


def take(lab: Lab, *arguments: str) -> cli.Done:
    return cli.run("snf-backup-db", "create", "--label", "l", *words(lab, *arguments),
                   env=lab.env)


def test_the_owner_needs_no_more_than_his_database(site: Lab) -> None:
    """Role without CREATEDB and SUPERUSER, a password with every special character."""
    take(site, "--verify", "archive").expect(0)
    site.check_clean()


def test_an_administrator_by_uri_is_a_superuser(site: Lab) -> None:
    take(site, "--verify", "restore", "--db-admin", site.admin).expect(0)
    site.sql("DELETE FROM files", "db", "postgres")
    done = cli.run("snf-restore-db", "l", *words(site, "--db-admin", site.admin), "--yes",
                   env=site.env).expect(0)
    assert "db_before_" in done.out
    assert site.sql("SELECT count(*) FROM files", "db", "postgres") == [(300,)]
    assert site.sql("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'db'",
                    "db", "postgres") == [(OWNER,)]


def test_an_administrator_may_have_createdb_and_be_a_member_of_the_owner(site: Lab) -> None:
    site.postgres.execute("CREATE ROLE dba LOGIN CREATEDB")
    uri = site.admin.replace("postgres@", "dba@")
    refused = take(site, "--verify", "restore", "--db-admin", uri).expect(3)
    assert "no member" in refused.err and not site.sets()
    site.postgres.execute("GRANT owner TO dba")
    site.postgres.execute("GRANT reader TO dba")
    take(site, "--verify", "restore", "--db-admin", uri).expect(0)
    site.postgres.execute("ALTER ROLE dba NOCREATEDB")
    assert "CREATEDB" in take(site, "--verify", "restore", "--db-admin", uri).expect(3).err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become postgres")
def test_an_administrator_by_runuser_on_the_node(site: Lab) -> None:
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("no user postgres here")
    rules(site, "peer")
    take(site, "--verify", "restore").expect(0)
    done = cli.run("snf-restore-db", "l", *words(site, "--as", "other"), "--yes",
                   env=site.env).expect(0)
    assert "proven" in done.out
    assert not list(Path(site.dir).glob("snf-peer-*"))


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("sudo"), reason="needs root and sudo")
def test_an_administrator_by_sudo_of_a_plain_user(site: Lab) -> None:
    """The user of the command is no root: sudo -n -u postgres, as sudoers allows him."""
    rules(site, "peer")
    rule = Path("/etc/sudoers.d/snf-test-%d" % os.getpid())
    rule.write_text("nobody ALL=(postgres) NOPASSWD: ALL\n")
    rule.chmod(0o440)
    try:
        from snftools.database.peer import as_postgres
        done = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                               "--", *as_postgres(["id", "-un"])], capture_output=True, text=True)
        assert done.stdout == "postgres\n", done.stderr
    finally:
        rule.unlink()


def test_no_administrator_is_refused_before_anything_is_written(site: Lab) -> None:
    (site.server.data / "pg_hba.conf").write_text(
        "local postgres postgres reject\n" + HBA % "trust")
    site.sql("SELECT pg_reload_conf()", "db", "postgres")
    done = take(site, "--verify", "restore").expect(3)
    assert "administrator" in done.err and "--db-admin" in done.err
    assert not site.sets()
    done = cli.run("snf-restore-db", "latest", *words(site), "--check", env=site.env).expect(3)


def test_a_password_that_is_wrong_or_missing_is_told_without_it(site: Lab) -> None:
    settings(site, "wrong-" + PASSWORD)
    done = take(site, "--verify", "files").expect(1)
    assert "wrong-" not in done.err + done.out and "does not answer" in done.err
    settings(site, "")
    take(site, "--verify", "files").expect(1)


def test_a_uri_takes_the_password_as_libpq_does(site: Lab, tmp_path: Any) -> None:
    from snftools.backups.pgpass import line
    from snftools.database.params import Params
    passwords = tmp_path / "pgpass"
    passwords.write_bytes(line(Params("db", user=OWNER, password=PASSWORD)))
    passwords.chmod(0o600)
    env: Dict[str, str] = {**site.env, "PGPASSFILE": str(passwords)}
    site.create("--verify", "archive", env=env).expect(0)
    site.create("--verify", "archive").expect(1)


def test_a_server_without_room_is_refused_with_the_numbers(site: Lab) -> None:
    """The directory of the server is asked for; df on its node answers."""
    from snftools.backups import space
    from snftools.database.find import Database
    from snftools.database.params import from_target
    from snftools.errors import Refused
    from snftools.node import open_node
    from snftools.site import bare_entry
    database = Database("db", (), open_node(bare_entry("local")), from_target(site.uri()),
                        admin=site.admin)
    maintenance = site.postgres.connect()
    with pytest.raises(Refused) as refused:
        space.need_on_server(maintenance, database, {"facts": {"size": 10 ** 17}})
    assert "are needed in %s" % site.server.data in refused.value.why
    space.need_on_server(maintenance, database, {"facts": {"size": 10}})
    maintenance.close()
