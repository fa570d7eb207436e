"""State, files and journal when the disk or the environment are not as they must be."""

from __future__ import annotations

import os
import time

import pytest

from snftools import files
from snftools.errors import Failed, Locked
from snftools.state import RUN_VARIABLE, RunToken, State, wait_until
from snftools.upgrade.journal import Journal


@pytest.mark.parametrize("text", ["", "20131112T000411Z:", "x:3", "20131112T000411Z:9999"])
def test_a_token_that_names_no_lock_is_none(tmp_path, monkeypatch, text):
    monkeypatch.setenv(RUN_VARIABLE, text)
    assert RunToken.current(str(tmp_path)) is None


def test_a_token_with_another_file_is_none(tmp_path, monkeypatch):
    State(str(tmp_path)).make()
    (tmp_path / "lock").write_text("")
    with open(str(tmp_path / "other"), "w") as stream:
        monkeypatch.setenv(RUN_VARIABLE, RunToken("20131112T000411Z", stream.fileno()).text())
        assert RunToken.current(str(tmp_path)) is None
    with open(str(tmp_path / "lock")) as stream:
        monkeypatch.setenv(RUN_VARIABLE, RunToken("20131112T000411Z", stream.fileno()).text())
        assert RunToken.current(str(tmp_path)).run_id == "20131112T000411Z"


def test_a_state_directory_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Failed, match="can't make the state directory"):
        State(str(tmp_path / "file" / "below")).make()


def test_a_lock_that_cannot_be_opened_is_told(tmp_path):
    (tmp_path / "lock").mkdir()
    with pytest.raises(Failed, match="can't open the site's lock"):
        State(str(tmp_path)).open_lock()
    assert State(str(tmp_path)).holder() is None


def test_the_holder_of_the_lock_is_named(tmp_path):
    state = State(str(tmp_path))
    with state.site_lock(True, "snf-upgrade run"):
        with pytest.raises(Locked, match="snf-upgrade run"):
            with State(str(tmp_path)).site_lock(False, "other"):
                raise AssertionError


def test_what_is_no_kept_file_is_passed_over_and_nodes_are_named(tmp_path):
    store = State(str(tmp_path)).undo("20131112T000411Z")
    assert store.nodes() == []
    store.keep_file("n1", "/etc/a", b"old", 0o640)
    (tmp_path / "undo/20131112T000411Z/n1/files/half.snf-new").write_bytes(b"")
    assert list(store.kept_files("n1")) == ["/etc/a"] and store.nodes() == ["n1"]


def test_waiting_ends_at_the_deadline():
    tries = []
    assert not wait_until(time.monotonic() + 0.01, lambda: tries.append(1), 0.001)
    assert len(tries) > 1 and wait_until(0, lambda: True)


def test_a_directory_is_not_replaced_by_a_file(tmp_path):
    with pytest.raises(IsADirectoryError):
        files.write_atomic(str(tmp_path), b"x")
    assert tmp_path.is_dir()


def test_the_first_error_of_a_write_is_the_one_that_is_told(tmp_path, monkeypatch):
    def no(*_):
        raise OSError(28, "No space left on device")
    path = tmp_path / "a"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", no)
    monkeypatch.setattr(os, "unlink", no)  # nor can what was begun be removed
    with pytest.raises(OSError) as caught:
        files.write_atomic(str(path), b"new")
    assert caught.value.errno == 28 and path.read_bytes() == b"old"


def test_a_journal_that_cannot_be_read_or_written_is_told(tmp_path):
    with pytest.raises(Failed, match="can't read the journal"):
        Journal.read(str(tmp_path), "20131112T000411Z")
    one = Journal(str(tmp_path / "file" / "journal.jsonl"), "20131112T000411Z", "s", "0.14")
    (tmp_path / "file").write_text("")
    with pytest.raises(Failed, match="can't write the journal"):
        one.append("", "begun")
    assert one.records == []
    with pytest.raises(ValueError):
        one.append("", "nonsense")


def test_a_journal_that_only_looks_writes_nothing(tmp_path):
    one = Journal(str(tmp_path / "journal.jsonl"), "20131112T000411Z", "s", "0.14")
    one.append("install.a", "begun")
    before = (tmp_path / "journal.jsonl").read_bytes()
    one.looks_only = True
    one.append("install.a", "done")
    assert one.state("install.a") == "done"
    assert (tmp_path / "journal.jsonl").read_bytes() == before
