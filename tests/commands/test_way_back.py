"""The way back of the data (DESIGN 4) and who is connected, on the databases of a site."""

from __future__ import annotations

import shutil
from typing import Any, Iterator, List

import pytest

from snftools.backups import sets, wayback
from snftools.database import find, sessions
from snftools.database.find import Database
from snftools.errors import Failed, Refused
from snftools.node import open_node
from snftools.site import Site
from tests.helpers.cli import run


@pytest.fixture
def site(site_template: Any) -> Iterator[Any]:
    made = site_template.copy(start=False)
    made.server.start()
    yield made
    made.destroy()


def databases(site: Any) -> List[Database]:
    read = Site.read(str(site.conf))
    return find.find([open_node(entry) for entry in read.nodes], read)


def astakos(site: Any) -> Database:
    return find.for_component(databases(site), "astakos")


def backups(site: Any) -> str:
    return str(site.dir / "backups")


def take(site: Any, level: str = "restore") -> None:
    run("snf-backup-db", "create", "--label", "l", "-d", "snf_astakos", "--verify", level,
        site=site).expect(0)


def test_each_database_is_found_once(site: Any) -> None:
    found = databases(site)
    assert [(one.name, one.components) for one in found] == [
        ("snf_astakos", ("astakos",)), ("snf_cyclades", ("cyclades",)),
        ("snf_pithos", ("pithos",))]
    assert len({one.server for one in found}) == 1 and len({one.oid for one in found}) == 3
    assert find.for_component(found, "pithos").name == "snf_pithos"


def test_one_host_has_one_database_for_two(site_template_one_host: Any) -> None:
    site = site_template_one_host.copy(start=False)
    try:
        site.server.start()
        assert [(one.name, one.components) for one in databases(site)] == [
            ("snf_apps", ("astakos", "cyclades")), ("snf_pithos", ("pithos",))]
    finally:
        site.destroy()


def test_dead_server_is_named_without_its_password(site: Any) -> None:
    password = astakos(site).owner.password
    site.server.stop()
    with pytest.raises(Failed) as caught:
        databases(site)
    assert "snf_astakos" in caught.value.what and caught.value.node == "astakos"
    assert password and password not in caught.value.what + caught.value.why
    site.server.start()


def test_sqlite_where_a_role_needs_a_database_is_refused(site: Any) -> None:
    path = site.node("astakos") / "etc/synnefo/99-local.conf"
    path.write_text("DATABASES = {'default': {'ENGINE': 'sqlite3', 'NAME': '/tmp/x'}}\n")
    with pytest.raises(Refused) as caught:
        databases(site)
    assert "sqlite3" in caught.value.why


def test_foreign_sessions_are_seen_and_ours_are_not(site: Any) -> None:
    database = astakos(site)
    assert sessions.foreign(database) == []
    other = site.server.connect("snf_astakos")
    (one,) = sessions.foreign(database)
    assert one.pid == other.get_backend_pid() and one.user == "postgres"
    other.close()


def test_nothing_stands_for_a_set_proven_by_restore(site: Any) -> None:
    with pytest.raises(Refused) as caught:
        wayback.require(backups(site), astakos(site))
    assert "--verify restore" in caught.value.next
    take(site, "archive")
    with pytest.raises(Refused):
        wayback.require(backups(site), astakos(site))


@pytest.mark.parametrize("change", [
    "UPDATE im_astakosuser SET affiliation = 'x'", "TRUNCATE django_session",
    "SELECT setval('im_service_id_seq', 4711)", "ALTER TABLE im_service ADD COLUMN more integer"])
def test_an_old_set_is_no_way_back_after_a_change(site: Any, change: str) -> None:
    site.psql("astakos", "INSERT INTO django_session VALUES ('k', 'd', now())")
    take(site)
    assert wayback.require(backups(site), astakos(site)).label == "l"
    site.psql("astakos", change)
    with pytest.raises(Refused):
        wayback.require(backups(site), astakos(site))


def test_the_mark_counts_for_this_oid_only_and_holds_the_set(site: Any) -> None:
    take(site)
    database = astakos(site)
    backup = wayback.require(backups(site), database)
    wayback.mark(backup, database, "20131112T000411Z")
    wayback.mark(backup, database, "20131112T000411Z")
    assert len(backup.marks()) == 1
    site.psql("astakos", "UPDATE im_astakosuser SET affiliation = 'x'")
    assert wayback.require(backups(site), astakos(site)).name == backup.name
    run("snf-backup-db", "create", "--label", "new", "--verify", "files", site=site).expect(0)
    run("snf-backup-db", "prune", "--keep", "1", "--yes", site=site).expect(0)
    assert backup.name in [one.name for one in sets.list_sets(backups(site))]
    site.server.execute("ALTER DATABASE snf_astakos RENAME TO old")
    site.server.execute("CREATE DATABASE snf_astakos TEMPLATE old OWNER synnefo")
    with pytest.raises(Refused):
        wayback.require(backups(site), astakos(site))


def test_a_damaged_set_is_no_way_back(site: Any) -> None:
    take(site)
    backup = wayback.require(backups(site), astakos(site))
    shutil.rmtree(backup.directory("snf_astakos") + "/dump")
    with pytest.raises(Refused):
        wayback.require(backups(site), astakos(site))
