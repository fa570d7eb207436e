"""snf-backup-db: taken, proven, damaged, cut short, pruned; with a real PostgreSQL."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.cli import argv_of, environment, run

DATABASES = ["snf_astakos", "snf_cyclades", "snf_pithos"]


def newest(site: Any) -> Path:
    return sorted((site.dir / "backups").glob("2*"))[-1]


def take(site: Any, *arguments: str, label: str = "trial") -> Path:
    done = run("snf-backup-db", "create", "--label", label, *arguments, "--json",
               site=site).expect(0)
    return site.dir / "backups" / str(done.json["result"]["set"]["name"])


@pytest.fixture(scope="module")
def taken(site_template: Any) -> Any:
    """A site with a set proven at archive; tests damage copies of the set."""
    site = site_template.copy(start=False)
    site.server.start()
    take(site)
    yield site
    site.destroy()


@pytest.fixture
def copied(taken: Any, tmp_path: Path) -> Path:
    """A copy of that site's backup directory."""
    target = tmp_path / "backups"
    shutil.copytree(str(taken.dir / "backups"), str(target))
    return target


def verify(site: Any, backups: Path, level: str, code: int) -> Any:
    return run("snf-backup-db", "verify", "latest", "--level", level, "--backup-dir", backups,
               "--json", site=site).expect(code)


def test_set_is_taken_proven_and_listed(taken: Any) -> None:
    listed = run("snf-backup-db", "list", "--json", site=taken).expect(0).json
    (one,) = listed["result"]["sets"]
    assert one["complete"] and one["whole"] and one["label"] == "trial"
    assert [row["name"] for row in one["databases"]] == DATABASES
    assert {row["level"] for row in one["databases"]} == {"archive"}
    shown = run("snf-backup-db", "list", site=taken).expect(0).out
    assert "archive" in shown and "snf_pithos" in shown


def test_manifest_says_what_the_design_asks(taken: Any) -> None:
    values = json.loads((newest(taken) / "snf_astakos" / "manifest.json").read_text())
    assert values["format"] == "directory" and values["pins"]["TimeZone"] == "UTC"
    users = next(row for row in values["tables"] if row["name"] == "im_astakosuser")
    assert users["rows"] == taken.psql("astakos", "SELECT count(*) FROM im_astakosuser")[0][0]
    assert values["facts"]["owner"] == "synnefo" and values["quiet"] is True
    assert values["migrations"]["south"]["im"].startswith("0024")
    pithos = json.loads((newest(taken) / "snf_pithos" / "manifest.json").read_text())
    assert pithos["migrations"]["alembic"] == "27381099d477"


def test_all_is_private_and_nothing_secret_is_left(taken: Any) -> None:
    for path in [taken.dir / "backups", *(taken.dir / "backups").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    assert not list((taken.dir / "backups").glob(".pgpass*"))


@pytest.mark.parametrize("level", ["files", "archive", "restore"])
def test_intact_set_is_proven_at_each_level(taken: Any, copied: Path, level: str) -> None:
    verify(taken, copied, level, 0)
    left = taken.psql("astakos", "SELECT datname FROM pg_database WHERE datname LIKE 'snf_verify%'")
    assert left == []


def test_each_flipped_file_is_found(taken: Any, copied: Path) -> None:
    """Every file of a backup, one bit, at the level that promises it."""
    directory = next(copied.glob("2*"))
    for path in sorted((directory / "snf_pithos").rglob("*")):
        if not path.is_file() or path.name == "verified.jsonl":
            continue
        data = path.read_bytes()
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1:])
        done = run("snf-backup-db", "verify", "latest", "--level", "files", "-d", "snf_pithos",
                   "--backup-dir", copied, site=taken)
        assert done.code == 4, path
        assert path.name in done.out + done.err
        path.write_bytes(data)
    verify(taken, copied, "files", 0)


def test_truncated_deleted_added_and_swapped_files_are_found(taken: Any, copied: Path) -> None:
    dump = next(copied.glob("2*")) / "snf_astakos" / "dump"
    members = sorted(dump.glob("*.dat.gz"), key=lambda path: -path.stat().st_size)
    first, second = members[0], members[1]
    kept = {path: path.read_bytes() for path in (first, second)}
    first.write_bytes(kept[first][:-1])
    verify(taken, copied, "files", 4)
    first.unlink()
    verify(taken, copied, "files", 4)
    first.write_bytes(kept[second])
    second.write_bytes(kept[first])
    verify(taken, copied, "files", 4)
    first.write_bytes(kept[first])
    second.write_bytes(kept[second])
    (dump / "more.dat").write_bytes(b"x")
    assert "more.dat" in verify(taken, copied, "files", 4).out
    (dump / "more.dat").unlink()
    verify(taken, copied, "files", 0)


def rewrite(directory: Path, change: Any) -> None:
    """Change a manifest so that its own sha256 fits: only the content can tell."""
    from snftools.backups import manifest
    values = json.loads((directory / "manifest.json").read_text())
    change(values)
    (directory / "manifest.json").write_bytes(manifest.render(values))


@pytest.mark.parametrize("key, level, value", [
    ("sha256", "archive", "0" * 64), ("sequences", "archive", 12345), ("objects", "restore", "x")])
def test_content_that_differs_from_the_manifest_is_found(
        taken: Any, copied: Path, key: str, level: str, value: Any) -> None:
    def change(values: Any) -> None:
        if key == "sha256":
            values["tables"][0]["sha256"] = value
        elif key == "sequences":
            values["sequences"][0]["value"] = value
        else:
            values["objects"].append(value)
    rewrite(next(copied.glob("2*")) / "snf_pithos", change)
    verify(taken, copied, "files", 0)
    verify(taken, copied, level, 4)


def test_damage_takes_the_proof_away(taken: Any, copied: Path) -> None:
    (next(copied.glob("2*")) / "snf_pithos" / "dump" / "toc.dat").write_bytes(b"")
    verify(taken, copied, "archive", 4)
    listed = run("snf-backup-db", "list", "--backup-dir", copied, site=taken).expect(0)
    assert "DAMAGED" in listed.out


def test_database_settings_raise_no_false_alarm(practice_site: Any) -> None:
    for setting in ("timezone = 'Asia/Tokyo'", "bytea_output = 'escape'", "datestyle = 'SQL'"):
        practice_site.server.execute("ALTER DATABASE snf_pithos SET " + setting)
    take(practice_site, "--verify", "restore", "-d", "snf_pithos")


def test_check_compares_with_the_databases_now(practice_site: Any) -> None:
    arguments = ("create", "--label", "pre-upgrade", "--check")
    run("snf-backup-db", *arguments, site=practice_site).expect(5)
    take(practice_site, label="pre-upgrade")
    run("snf-backup-db", *arguments, site=practice_site).expect(0)
    practice_site.psql("astakos", "UPDATE im_astakosuser SET affiliation = 'changed' WHERE"
                                  " user_ptr_id = (SELECT min(user_ptr_id) FROM im_astakosuser)")
    run("snf-backup-db", *arguments, site=practice_site).expect(5)


def test_killed_create_is_incomplete_and_pruned(practice_site: Any) -> None:
    blocker = practice_site.server.connect("snf_astakos")
    blocker.cursor().execute("LOCK TABLE im_astakosuser")
    process = subprocess.Popen(argv_of("snf-backup-db", "create", "--label", "cut"),
                               env=environment(practice_site), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not list((practice_site.dir / "backups").glob("2*/snf_astakos")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    blocker.close()
    stale = practice_site.dir / "backups" / ".pgpass-of-a-dead-one"
    stale.mkdir(mode=0o700)
    (stale / "pgpass").write_text("*:*:*:synnefo:password")
    one = run("snf-backup-db", "list", "--json", site=practice_site).json["result"]["sets"][0]
    assert not one["complete"]
    run("snf-backup-db", "verify", "cut", site=practice_site).expect(3)
    run("snf-backup-db", "prune", "--yes", site=practice_site).expect(0)
    assert not list((practice_site.dir / "backups").glob("2*"))
    assert not list((practice_site.dir / "backups").glob(".pgpass*"))


def test_ended_create_leaves_no_child_and_no_password(practice_site: Any) -> None:
    blocker = practice_site.server.connect("snf_astakos")
    blocker.cursor().execute("LOCK TABLE im_astakosuser")
    process = subprocess.Popen(argv_of("snf-backup-db", "create", "--label", "cut"),
                               env=environment(practice_site), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not list((practice_site.dir / "backups").glob("2*/snf_astakos")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # We may wait for the lock inside libpq; its end lets us go on, and end.
    process.send_signal(signal.SIGTERM)
    blocker.close()
    assert process.wait(60) in (143, 1)
    assert not list((practice_site.dir / "backups").glob(".pgpass*"))


def test_two_at_once(taken: Any) -> None:
    with open(str(taken.dir / "backups" / ".lock"), "r+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        run("snf-backup-db", "create", "--label", "second", site=taken).expect(75)


def test_dead_database_is_named(practice_site: Any) -> None:
    practice_site.server.stop()
    done = run("snf-backup-db", "create", "--label", "x", site=practice_site).expect(1)
    assert "snf_astakos" in done.err
    practice_site.server.start()


def test_directory_that_cannot_be_made(taken: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("snf-backup-db", "create", "--label", "x", "--backup-dir", tmp_path / "file" / "b",
               site=taken).expect(1)
    assert "backup directory" in done.err


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tmpfs needs root")
def test_no_space_is_refused_with_the_numbers(taken: Any, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.call(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)]) != 0:
        pytest.skip("no tmpfs can be mounted here")
    try:
        done = run("snf-backup-db", "create", "--label", "x", "--backup-dir", small,
                   site=taken).expect(3)
        assert "are needed" in done.err and "are free" in done.err
        assert not list(small.glob("2*"))
    finally:
        subprocess.check_call(["umount", str(small)])


def test_prune_keeps_the_newest_the_held_and_what_is_asked(practice_site: Any) -> None:
    held = take(practice_site, "--hold", "--verify", "files", "-d", "snf_pithos", label="held")
    old = take(practice_site, "--verify", "files", "-d", "snf_pithos", label="old")
    new = take(practice_site, "--verify", "files", "-d", "snf_pithos", label="new")
    run("snf-backup-db", "prune", "--keep", "1", "--check", site=practice_site).expect(5)
    run("snf-backup-db", "prune", "--keep", "1", "--yes", site=practice_site).expect(0)
    assert held.exists() and new.exists() and not old.exists()
    run("snf-backup-db", "prune", "--release", held.name, site=practice_site).expect(0)
    run("snf-backup-db", "prune", "--keep", "1", "--yes", site=practice_site).expect(0)
    assert not held.exists() and new.exists()


def test_bad_arguments(taken: Any) -> None:
    run("snf-backup-db", "create", "--label", "a/b", site=taken).expect(2)
    run("snf-backup-db", "create", "--label", "x", "-d", "nosuch", site=taken).expect(2)
    run("snf-backup-db", "prune", "--older-than", "soon", site=taken).expect(2)
    run("snf-backup-db", "verify", "nosuch", site=taken).expect(3)
