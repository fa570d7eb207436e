"""Manifests, how a set is found, what prune may take; no database."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from snftools.backups import manifest, prune, sets, show, swap
from snftools.commands import restore_db
from snftools.database.digest import Hasher, differences
from snftools.errors import NotVerified, Refused, Usage

NOW = datetime(2013, 11, 30, tzinfo=timezone.utc)


def a_set(directory: Path, name: str, complete: bool = True, whole: bool = True,
          level: str = "archive", run: str = "") -> sets.BackupSet:
    path = directory / name
    (path / "db").mkdir(parents=True)
    values = {"label": name.partition("-")[2], "databases": ["db"], "whole": whole, "run": run}
    (path / "set.json").write_text(json.dumps(values))
    if complete:
        manifest.write(str(path / "db"), {"database": "db", "set": name})
    made = sets.BackupSet(str(path), values)
    if complete and level:
        made.add_proof("db", {"level": level, "ok": True})
    return made


def test_manifest_comes_back_and_every_changed_byte_is_found(tmp_path: Path) -> None:
    manifest.write(str(tmp_path), {"database": "db", "set": "s", "text": "a\u00e4 b"})
    path = tmp_path / manifest.NAME
    data = path.read_bytes()
    assert manifest.read(str(tmp_path))["text"] == "a\u00e4 b"
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1:])
        with pytest.raises(NotVerified):
            manifest.read(str(tmp_path))
    path.write_bytes(data + b" ")
    with pytest.raises(NotVerified):
        manifest.read(str(tmp_path))


def test_found_by_name_beginning_label_and_latest(tmp_path: Path) -> None:
    names = ["20131110T000000Z-pre", "20131111T000000Z-pre", "20131112T000000Z-after"]
    for name in names:
        a_set(tmp_path, name)
    a_set(tmp_path, "20131113T000000Z-after", complete=False)
    a_set(tmp_path, "20131114T000000Z-after", whole=False)
    assert sets.find(str(tmp_path), "pre").name == names[1]
    assert sets.find(str(tmp_path), "latest").name == names[2]
    assert sets.find(str(tmp_path), "20131110").name == names[0]
    assert sets.find(str(tmp_path), "20131114T000000Z-after").name.startswith("20131114")
    for text in ("201311", "20131113T000000Z-after", "20131114", "nosuch"):
        with pytest.raises(Refused):
            sets.find(str(tmp_path), text)


def test_a_set_that_lost_its_manifest_is_damaged_and_stays(tmp_path: Path) -> None:
    """It was complete: neither is it what a kill left, nor may a rule take it away."""
    for name in ("20131110T000000Z-pre", "20131111T000000Z-pre"):
        a_set(tmp_path, name, level="")
    one, other = sets.list_sets(str(tmp_path))
    one.add_mark({"mark": "way-back"})
    (tmp_path / one.name / "db" / manifest.NAME).unlink()
    (tmp_path / other.name / "set.json").write_text("")
    a_set(tmp_path, "20131112T000000Z-pre", complete=False)
    found = sets.list_sets(str(tmp_path))
    assert [each.damaged() for each in found] == [True, True, False]
    assert [each.name for each in prune.choose(found, keep=1)] == ["20131112T000000Z-pre"]
    assert [row[4] for each in found for row in show.rows(each)] == [
        "DAMAGED", "DAMAGED", "INCOMPLETE"]
    for name, word in ((one.name, "manifest.json is missing"), (other.name, "set.json")):
        with pytest.raises(NotVerified) as caught:
            sets.find(str(tmp_path), name)
        assert word in caught.value.why
    assert "Put one back" not in "\n".join(show.lines(found, str(tmp_path)))


def test_a_set_of_another_user_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = a_set(tmp_path, "20131110T000000Z-pre", complete=False)
    monkeypatch.setattr(os, "access", lambda path, mode: path != one.path)
    assert one.damaged() and prune.choose([one]) == []


def test_a_link_is_no_set_and_a_file_no_directory_of_sets(tmp_path: Path) -> None:
    one = a_set(tmp_path, "20131110T000000Z-pre")
    (tmp_path / "20131111T000000Z-pre").symlink_to(one.path)
    assert [each.name for each in sets.list_sets(str(tmp_path))] == [one.name]
    with pytest.raises(Refused):
        sets.list_sets(str(tmp_path / one.name / "set.json"))


def test_an_empty_word_names_nothing(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """An empty variable of a script is not the set that happens to be alone, and `--as ""`
    is not a restore over the database."""
    a_set(tmp_path, "20131110T000000Z-pre")
    with pytest.raises(Usage):
        sets.find(str(tmp_path), "")
    assert restore_db.main(["pre", "--as", "", "--backup-dir", str(tmp_path)]) == 2
    assert "--as wants a name" in capsys.readouterr().err


def test_an_older_manifest_does_not_pass_in_another_set(tmp_path: Path) -> None:
    one = a_set(tmp_path, "20131110T000000Z-pre")
    manifest.write(one.directory("db"), {"database": "db", "set": "another"})
    with pytest.raises(NotVerified):
        one.manifest("db")


@pytest.mark.parametrize("label", ["", "a/b", "latest", "../x", "-x", "a b"])
def test_labels_that_cannot_be(label: str) -> None:
    with pytest.raises(Usage):
        sets.check_label(label)


def test_damage_found_later_takes_the_level_away(tmp_path: Path) -> None:
    one = a_set(tmp_path, "20131110T000000Z-pre", level="restore")
    assert one.level("db") == "restore"
    one.add_proof("db", {"level": "files", "ok": False})
    assert one.level("db") == "" and not one.proven("files")
    one.add_proof("db", {"level": "files", "ok": True})
    assert one.level("db") == "files"


def test_torn_line_is_ignored(tmp_path: Path) -> None:
    one = a_set(tmp_path, "20131110T000000Z-pre", level="archive")
    with open(one.directory("db") + "/verified.jsonl", "a") as stream:
        stream.write('{"level": "resto')
    assert one.level("db") == "archive"


def test_prune_rules(tmp_path: Path) -> None:
    every = [a_set(tmp_path, "201311%02dT000000Z-x" % day) for day in range(10, 16)]
    broken = a_set(tmp_path, "20131101T000000Z-x", complete=False)
    every[0].add_mark({"mark": "way-back", "database": "db", "oid": 1})
    held = every[1]
    held.add_mark({"mark": "hold"})
    running = a_set(tmp_path, "20131109T000000Z-x", run="20131109T000001Z")
    found = sets.list_sets(str(tmp_path))
    assert [one.name for one in prune.choose(found)] == [broken.name]
    runs = {"20131109T000001Z"}
    chosen = prune.choose(found, keep=1, runs=runs)
    assert {one.name for one in chosen} == {broken.name, *(one.name for one in every[2:5])}
    assert running.name in {one.name for one in prune.choose(found, keep=1)}
    old = prune.choose(found, older_than=timedelta(days=17), runs=runs, now=NOW)
    assert {one.name for one in old} == {broken.name, every[2].name}
    held.add_mark({"mark": "release"})
    assert held.name in {one.name for one in prune.choose(found, keep=1, runs=runs)}


def test_newest_proven_stays_though_a_newer_is_unproven(tmp_path: Path) -> None:
    proven = a_set(tmp_path, "20131110T000000Z-x")
    a_set(tmp_path, "20131111T000000Z-x", level="")
    chosen = prune.choose(sets.list_sets(str(tmp_path)), keep=1)
    assert proven.name not in [one.name for one in chosen]


def test_names_of_copies_fit_in_63_bytes() -> None:
    assert swap.new_name("snf_apps") == "snf_apps_new"
    name = swap.before_name("\u00e4" * 40, "20131112T000411Z")
    assert len(name.encode()) <= 63 and name.endswith("_before_20131112T000411Z")


def test_differences_name_the_table() -> None:
    hasher = Hasher()
    hasher.write(b"1\ta\n")
    row = {"schema": "public", "name": "t", "columns": ["a"], "rows": 1, "oid": 5,
           "sha256": hasher.digest().sha256}
    before = {"tables": [row], "sequences": [], "large_objects": []}
    assert differences(before, {**before, "tables": [dict(row, oid=9)]}) == []
    assert differences(before, {**before, "tables": []}) == ["table public.t is missing"]
    assert differences(before, {**before, "tables": [dict(row, rows=2)]}) == \
        ["table public.t: 2 rows instead of 1"]


def test_sets_of_one_second_keep_their_order(tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "moment", lambda: "20131130T000000Z")
    made = [sets.create(str(tmp_path), label, {"databases": []}).name
            for label in ("old", "new", "a", "old")]
    assert made[:2] == ["20131130T000000Z-old", "20131130T000000Z-2-new"]
    assert [one.name for one in sets.list_sets(str(tmp_path))] == made
    assert [one.label for one in sets.list_sets(str(tmp_path))] == ["old", "new", "a", "old"]
