"""Writing: all files or none, exactly the plan, and back."""

from __future__ import annotations

import os

import pytest

from snftools import files
from snftools.errors import Failed, Refused
from snftools.node import open_node
from snftools.node.root import RootNode
from snftools.release import Release
from snftools.settings import writing
from snftools.settings.directory import SettingsDir
from snftools.settings.plan import make_plan
from snftools.settings.rules import Given, Rules
from snftools.settings.writing import undo_changes, write_all
from snftools.site import NodeEntry
from snftools.state import State

OLD = b"ASTAKOS_BASEURL = 'https://a.org'\n"
URLS = {"astakos": "https://a.org/astakos"}


@pytest.fixture
def place(tmp_path):
    root = tmp_path / "root"
    (root / "etc/synnefo").mkdir(parents=True)
    return root / "etc/synnefo"


@pytest.fixture
def node(place):
    return open_node(NodeEntry("n1", ("astakos",), root=str(place.parent.parent)))


@pytest.fixture
def store(tmp_path):
    return State(str(tmp_path / "state")).undo("20131112T000411Z")


def plan(node, urls=URLS):
    rules = Rules.of("0.14", Release.read().part("settings"), ["astakos"])
    return make_plan(SettingsDir.read(node, "/etc/synnefo"), rules, Given(dict(urls)))


def names(place):
    return sorted(os.listdir(place))


def test_written_read_and_put_back(place, node, store):
    (place / "a.conf").write_bytes(OLD)
    os.chmod(place / "a.conf", 0o640)
    write_all(plan(node).edits, node, store)
    assert b"ASTAKOS_BASE_URL = 'https://a.org/astakos'" in (place / "a.conf").read_bytes()
    new = place / "20-snf-astakos-app-cloudbar.conf"
    assert new.stat().st_mode & 0o777 == 0o640
    assert not plan(node).edits.contents()
    assert len(undo_changes(node, store)) == 2
    assert (place / "a.conf").read_bytes() == OLD and not new.exists()
    assert undo_changes(node, store) == []


def test_undo_goes_back_before_the_first_change(place, node, store):
    (place / "a.conf").write_bytes(OLD)
    write_all(plan(node).edits, node, store)
    write_all(plan(node, {"astakos": "https://b.org/astakos"}).edits, node, store)
    assert b"https://b.org" in (place / "a.conf").read_bytes()
    undo_changes(node, store)
    assert (place / "a.conf").read_bytes() == OLD


def test_undo_refuses_a_file_changed_since(place, node, store):
    (place / "a.conf").write_bytes(OLD)
    write_all(plan(node).edits, node, store)
    with open(place / "a.conf", "ab") as stream:
        stream.write(b"MINE = 1\n")
    before = (place / "a.conf").read_bytes()
    with pytest.raises(Refused):
        undo_changes(node, store)
    assert (place / "a.conf").read_bytes() == before
    assert (place / "20-snf-astakos-app-cloudbar.conf").exists()


def test_a_file_that_changes_under_our_hands_is_refused(place, node, store):
    (place / "a.conf").write_bytes(OLD)
    ready = plan(node)
    (place / "a.conf").write_bytes(OLD + b"# somebody\n")
    with pytest.raises(Refused):
        write_all(ready.edits, node, store)
    assert names(place) == ["a.conf"]
    assert (place / "a.conf").read_bytes() == OLD + b"# somebody\n"


def test_a_failed_write_puts_the_others_back(place, node, store, monkeypatch):
    (place / "a.conf").write_bytes(OLD)
    ready = plan(node)
    write = type(node).write

    def failing(self, path, data, **how):
        if path.endswith("a.conf") and data != OLD:
            raise OSError(28, "No space left on device")
        write(self, path, data, **how)

    monkeypatch.setattr(type(node), "write", failing)
    with pytest.raises(Failed) as caught:
        write_all(ready.edits, node, store)
    assert caught.value.why.endswith("a.conf: No space left on device")
    assert names(place) == ["a.conf"] and (place / "a.conf").read_bytes() == OLD


def test_a_write_that_lies_is_put_back(place, node, store, monkeypatch):
    (place / "a.conf").write_bytes(OLD)
    ready = plan(node)
    write = type(node).write
    monkeypatch.setattr(type(node), "write", lambda self, path, data, **how: write(
        self, path, data if data == OLD else data[:10], **how))
    with pytest.raises(Failed):
        write_all(ready.edits, node, store)
    assert names(place) == ["a.conf"] and (place / "a.conf").read_bytes() == OLD


def test_what_is_no_settings_file_is_left_alone(place, node):
    (place / "dir.conf").mkdir()
    (place / "x.conf.bak").write_bytes(b"X = 1\n")
    os.mkfifo(place / "pipe.conf")
    os.symlink("nowhere", place / "dangling.conf")
    (place / "real").write_bytes(OLD)
    os.symlink("real", place / "link.conf")
    found = SettingsDir.read(node, "/etc/synnefo")
    assert [source.name for source in found.files] == ["link.conf"]


def test_a_symlinks_target_is_edited(place, node, store):
    (place / "real").write_bytes(OLD)
    os.symlink("real", place / "link.conf")
    write_all(plan(node).edits, node, store)
    assert (place / "link.conf").is_symlink()
    assert b"ASTAKOS_BASE_URL" in (place / "real").read_bytes()


def test_no_directory(node):
    with pytest.raises(Failed):
        SettingsDir.read(node, "/etc/nowhere")


def test_a_file_that_may_not_be_read(place, node, monkeypatch):
    (place / "a.conf").write_bytes(OLD)

    def denied(self, path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(node), "read", denied)
    with pytest.raises(Failed) as caught:
        SettingsDir.read(node, "/etc/synnefo")
    assert "a.conf" in caught.value.what and caught.value.why == "Permission denied"


def test_the_diff_shows_no_secret(place, node):
    (place / "a.conf").write_bytes(
        b"SECRET_KEY = 'planted1'\nASTAKOS_BASEURL = 'https://a.org'\n"
        b"DATABASES = {'default': {'PASSWORD': 'planted2'}}\n#X_TOKEN = 'planted3'\n"
        b"Q = 'amqp://u:planted4@h'\n")
    text = "\n".join(plan(node).edits.diff())
    assert "ASTAKOS_BASE_URL" in text and "planted" not in text


def test_nothing_to_write_is_nothing_written(place, node, store):
    (place / "a.conf").write_bytes(OLD)
    write_all(plan(node).edits, node, store)
    assert write_all(plan(node).edits, node, store) == []


def test_what_a_killed_run_left_is_taken_away(place, node, store):
    (place / "a.conf").write_bytes(OLD)
    (place / (".a.conf" + files.TEMPORARY_SUFFIX)).write_bytes(b"half")
    write_all(plan(node).edits, node, store)
    assert not [name for name in names(place) if name.startswith(".")]


def test_a_file_that_was_kept_and_not_written_stays_as_it_is(place, node, store):
    (place / "a.conf").write_bytes(OLD)
    write_all(plan(node).edits, node, store)
    (place / "b.conf").write_bytes(b"now")
    store.keep_file(node.name, "/etc/synnefo/b.conf", b"then", 0o640)
    assert len(undo_changes(node, store)) == 2
    assert (place / "b.conf").read_bytes() == b"now"


def test_a_new_file_gets_the_owner_of_what_is_there_and_none_is_a_failure(place, node):
    (place / "a.conf").write_bytes(OLD)
    directory = SettingsDir.read(node, "/etc/synnefo")
    (place / "a.conf").unlink()
    assert writing._model(directory, node).kind == "dir"
    place.rmdir()
    with pytest.raises(Failed):
        writing._model(directory, node)


class Deaf(RootNode):
    """A node whose disk forgets what is written to it."""

    def write(self, path, data, mode=None, owner=None):
        pass


def test_an_old_file_that_does_not_come_back_is_a_failure(place, node, store):
    (place / "a.conf").write_bytes(OLD)
    write_all(plan(node).edits, node, store)
    with pytest.raises(Failed) as caught:
        undo_changes(Deaf("n1", ("astakos",), str(place.parent.parent)), store)
    assert "was not put back" in str(caught.value)
