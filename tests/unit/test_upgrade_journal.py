"""The journal: append-only, each record covers the one before, torn ends dropped."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snftools.errors import Failed
from snftools.upgrade.journal import EVENTS, Journal

STEPS = st.sampled_from(["", "stop.a", "migrate.node2", "install.a"])
RECORDS = st.lists(st.tuples(STEPS, st.sampled_from(EVENTS)), min_size=1, max_size=8)


def written(directory: str, records) -> Journal:
    path = str(Path(directory) / "run" / "journal.jsonl")
    journal = Journal(path, "20131112T000411Z", "site", "0.14")
    for step, event in records:
        journal.append(step, event, argv=["x", step], exit=0, proof={"check": 0})
    return journal


@settings(max_examples=25, deadline=None)
@given(RECORDS, st.data())
def test_any_prefix_reads_as_a_prefix_of_the_records(records, data):
    with tempfile.TemporaryDirectory() as directory:
        journal = written(directory, records)
        whole = Path(journal.path).read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        Path(journal.path).write_bytes(whole[:cut])
        again = Journal.read(journal.path, journal.run)
        assert again.records == journal.records[:whole[:cut].count(b"\n")]
        assert bool(again.notices) == (cut > 0 and whole[cut - 1:cut] != b"\n")
        again.site, again.release = "site", "0.14"
        again.append("last", "done")
        third = Journal.read(journal.path, journal.run)
        assert third.records == again.records and not third.notices


@settings(max_examples=25, deadline=None)
@given(RECORDS, st.data())
def test_a_changed_byte_is_named_or_cuts_the_last_line(records, data):
    with tempfile.TemporaryDirectory() as directory:
        journal = written(directory, records)
        whole = bytearray(Path(journal.path).read_bytes())
        place = data.draw(st.integers(0, len(whole) - 2))
        if whole[place] == 10:
            return
        whole[place] = whole[place] ^ 1
        Path(journal.path).write_bytes(bytes(whole))
        line = bytes(whole[:place]).count(b"\n") + 1
        try:
            read = Journal.read(journal.path, journal.run)
        except Failed as error:
            assert "line %d" % line in error.what
        else:  # a change within the JSON's own spacing that says the same
            assert read.records == journal.records


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 3))
def test_a_line_taken_out_is_named(which):
    with tempfile.TemporaryDirectory() as directory:
        journal = written(directory, [("a", "begun"), ("a", "done"), ("b", "begun"),
                                      ("b", "done"), ("c", "begun")])
        lines = Path(journal.path).read_bytes().splitlines(True)
        del lines[which]
        Path(journal.path).write_bytes(b"".join(lines))
        with pytest.raises(Failed) as caught:
            Journal.read(journal.path, journal.run)
        assert "line %d" % (which + 1) in caught.value.what


def test_records_hold_what_design_lists(tmp_path):
    journal = written(str(tmp_path), [("install.a", "begun"), ("install.a", "done")])
    line = json.loads(Path(journal.path).read_text().splitlines()[1])
    assert set(line) == {"schema", "seq", "time", "run", "site", "release", "step", "node",
                         "event", "argv", "exit", "proof", "sum"}
    assert Path(journal.path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("events, state", [
    ([], "none"), (["begun"], "begun"), (["begun", "done"], "done"), (["found"], "found"),
    (["begun", "failed"], "begun"), (["done", "undo-begun"], "begun"),
    (["done", "undo-begun", "undone"], "none"), (["begun", "accepted"], "done"),
    (["done", "waived"], "done")])
def test_state_of_a_step(tmp_path, events, state):
    journal = written(str(tmp_path), [("s", event) for event in events])
    assert journal.state("s") == state and journal.state("other") == "none"


def test_a_rollback_that_has_not_ended_is_seen(tmp_path):
    journal = written(str(tmp_path), [("", "begun"), ("", "undo-begun")])
    assert journal.undo_stands and journal.is_open
    journal.append("", "undone")
    assert not journal.undo_stands and not journal.is_open


def test_no_file_is_no_record(tmp_path):
    assert Journal.read(str(tmp_path / "none"), "r").records == []
