"""Damage of every kind is found at the level that promises it; with a real PostgreSQL."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any, Iterator

import pytest

from snftools.backups import archive, scratch, sets, verify
from snftools.backups.clients import Clients
from snftools.database.find import Database
from snftools.database.params import from_target
from snftools.errors import NotVerified
from snftools.node import open_node
from snftools.site import bare_entry
from tests.helpers.lab import SIMPLE, Lab

MORE = SIMPLE + """
CREATE TABLE plain (id integer);
SELECT lo_from_bytea(77, 'large'); SELECT nextval('users_id_seq');
"""


@pytest.fixture(scope="module")
def taken(lab: Lab) -> Lab:
    lab.database("db", MORE)
    lab.create("--verify", "restore").expect(0)
    return lab


def backup_of(lab: Lab) -> sets.BackupSet:
    return sets.list_sets(str(lab.backups))[-1]


def read_archive(lab: Lab) -> None:
    """Level archive alone, as if the files' digests had been adapted to the damage."""
    backup = backup_of(lab)
    verify.check_archive(backup, backup.manifest("db"), Clients(open_node(bare_entry("local"))))


@pytest.fixture
def untouched(taken: Lab) -> Iterator[Lab]:
    """The set; whatever the test does to its files is undone."""
    directory = taken.sets()[-1] / "db"
    kept = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    yield taken
    for path in directory.rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()
    for path, data in kept.items():
        path.write_bytes(data)
    read_archive(taken)


def members(lab: Lab) -> Any:
    return sorted(lab.dump().iterdir())


@pytest.mark.parametrize("how", ["flip", "cut", "delete", "empty", "link"])
def test_each_file_damaged_is_found_at_level_files(untouched: Lab, how: str) -> None:
    backup = backup_of(untouched)
    values = backup.manifest("db")
    for path in members(untouched):
        data = path.read_bytes()
        _damage(path, how)
        with pytest.raises(NotVerified, match=path.name):
            verify.check_files(backup, values)
        if path.is_symlink():
            path.unlink()
        path.write_bytes(data)
    verify.check_files(backup, values)


def _damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    if how == "flip":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:])
    elif how == "cut":
        path.write_bytes(data[:-1])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
        if how == "link":
            path.symlink_to("/etc/hostname")


def test_each_member_damaged_is_found_at_level_archive_without_the_files(untouched: Lab) -> None:
    """The content is proven by itself: no digest of a file is looked at here."""
    for path in members(untouched):
        if not path.name.endswith(".dat.gz"):
            continue
        data = path.read_bytes()
        for damaged in (data[:-1], b"", _other(data)):
            path.write_bytes(damaged)
            with pytest.raises(NotVerified) as found:
                read_archive(untouched)
            assert "table" in str(found.value) or "large object" in str(found.value)
        path.unlink()
        with pytest.raises(NotVerified):
            read_archive(untouched)
        path.write_bytes(data)


def _other(data: bytes) -> bytes:
    """A sound member with one byte changed: only the content can tell."""
    plain = bytearray(gzip.decompress(data))
    plain[0] ^= 1
    return gzip.compress(bytes(plain))


def test_swapped_members_and_a_damaged_list_are_found(untouched: Lab) -> None:
    first, second = [path for path in members(untouched) if path.stat().st_size > 100
                     and path.name.endswith(".dat.gz")][:2]
    kept = first.read_bytes(), second.read_bytes()
    first.write_bytes(kept[1])
    second.write_bytes(kept[0])
    with pytest.raises(NotVerified, match="other content"):
        read_archive(untouched)
    first.write_bytes(kept[0])
    second.write_bytes(kept[1])
    toc = untouched.dump() / "toc.dat"
    toc.write_bytes(toc.read_bytes()[:200])
    with pytest.raises(NotVerified):
        read_archive(untouched)


def test_manifest_altered_added_file_and_directory(untouched: Lab) -> None:
    manifest = untouched.sets()[-1] / "db" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"quiet": true', b'"quiet": false'))
    assert "manifest" in untouched.verify("files").expect(4).out
    manifest.write_bytes(manifest.read_bytes().replace(b'"quiet": false', b'"quiet": true'))
    (untouched.dump() / "9999.dat.gz").write_bytes(b"")
    assert "9999.dat.gz" in untouched.verify("files").expect(4).out


def test_flipped_bits_of_a_custom_archive_are_found(taken: Lab) -> None:
    """As old servers and remote programs have them: at level archive, not by the file's sha256."""
    taken.database("cust", SIMPLE)
    taken.create("--verify", "archive", name="cust",
                 env={"SNF_UPGRADE_OLD_PG": "jobs"}).expect(0)
    backup = backup_of(taken)
    values = backup.manifest("cust")
    clients = Clients(open_node(bare_entry("local")))
    path = Path(archive.path_of(backup.directory("cust"), "custom"))
    data = path.read_bytes()
    verify.check_archive(backup, values, clients)
    for place in range(len(data) // 2, len(data), len(data) // 19):
        path.write_bytes(data[:place] + bytes([data[place] ^ 16]) + data[place + 1:])
        with pytest.raises(NotVerified):
            verify.check_archive(backup, values, clients)
    path.write_bytes(data[:len(data) - 100])
    with pytest.raises(NotVerified):
        verify.check_archive(backup, values, clients)
    shutil.rmtree(backup.path)


CHANGES = {
    "row": ("UPDATE users SET name = 'x' WHERE id = 7", "users: other content"),
    "row more": ("INSERT INTO plain VALUES (1)", "plain: 1 rows instead of 0"),
    "sequence": ("SELECT nextval('users_id_seq')", "users_id_seq"),
    "index": ("DROP INDEX users_name", "users_name"),
    "owner": ("ALTER TABLE files OWNER TO postgres", "files"),
    "grant": ("REVOKE SELECT ON users FROM reader", "users"),
    "grant more": ("GRANT UPDATE (name) ON users TO reader", "users"),
    "large object": ("SELECT lo_put(77, 0, 'L')", "large object 77"),
    "large object's owner": ("ALTER LARGE OBJECT 77 OWNER TO postgres", "large object"),
    "default": ("ALTER TABLE users ALTER made DROP DEFAULT", "made"),
    "table more": ("CREATE TABLE more ()", "more"),
    "column": ("ALTER TABLE plain ADD x integer", "plain"),
}


def test_each_change_in_a_copy_is_seen(taken: Lab) -> None:
    """What level restore compares."""
    backup = backup_of(taken)
    values = backup.manifest("db")
    here = Database("db", (), open_node(bare_entry("local")), from_target(taken.uri()),
                    admin=taken.admin)
    for change, (sql, words) in {"nothing": ("SELECT 1", ""), **CHANGES}.items():
        taken.postgres.execute("CREATE DATABASE copied TEMPLATE db OWNER owner")
        taken.sql(sql, "copied", "postgres")
        found = "\n".join(scratch.compare(here, values, "copied"))
        assert words in found and bool(words) == bool(found), change
        taken.postgres.execute("DROP DATABASE copied")


@pytest.mark.parametrize("change", ["row", "sequence", "index", "owner"])
def test_a_restored_copy_that_differs_is_damage(taken: Lab, change: str) -> None:
    def alter() -> None:
        (copy,) = [name for name in taken.names() if name.startswith("snf_verify")]
        taken.sql(CHANGES[change][0], copy, "postgres")
    code, out = taken.stopped_at("proof.filled:db", "snf-backup-db", "verify", "l", "--level",
                                 "restore", *taken.words("db"), meanwhile=alter)
    assert code == 4 and CHANGES[change][1] in out, out
    taken.check_clean()
    taken.verify("restore").expect(0)




def test_a_dump_that_cannot_be_restored_names_its_damaged_table(taken: Lab) -> None:
    """Level restore, the files' digests adapted to the damage: pg_restore fails, 4 says why."""
    from snftools.backups import manifest
    directory = taken.sets()[-1] / "db"
    kept = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    path = max(taken.dump().glob("*.dat.gz"), key=lambda one: one.stat().st_size)
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"\t", b" ", 1)))
    values = json.loads((directory / "manifest.json").read_text())
    values["files"] = {name: row for name, row in manifest.files_below(str(directory)).items()
                       if name.startswith("dump/")}
    (directory / "manifest.json").write_bytes(manifest.render(values))
    try:
        assert "table public." in taken.verify("restore").expect(4).out
        taken.check_clean()
    finally:
        for path, data in kept.items():
            path.write_bytes(data)
    taken.verify("restore").expect(0)
