"""snf-settings-rename killed, without room, and with files that change under its hands."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.helpers.cli import run, start

FILES = {
    "10-a.conf": b"APP_INSTALL_URL = 'https://c.org'\n",
    "20-b.conf": b"ASTAKOS_URL = 'https://a.org/im/authenticate'\n# nothing else\n",
    "30-c.conf": b"CYCLADES_ASTAKOS_SERVICE_TOKEN = 'planted-token'\nQ = APP_INSTALL_URL\n",
    "40-untouched.conf": b"X = 1\n"}
STAGES = ("written", "renamed")


class Place:
    """A root directory with settings, and the command on it."""

    def __init__(self, root, state):
        self.root, self.directory = root, root / "etc/synnefo"
        self.environment = {"SNF_UPGRADE_STATE_DIR": str(state)}
        self.words = ["--node", str(root), "--role", "cyclades",
                      "--base-url", "astakos=https://a.org/astakos",
                      "--base-url", "cyclades=https://c.org/cyclades"]

    def fill(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.root / "run/lock").mkdir(parents=True, exist_ok=True)
        for name, data in FILES.items():
            (self.directory / name).write_bytes(data)

    def call(self, *words, fail=""):
        done = run("snf-settings-rename", *self.words, *words, env={
            **self.environment, **({"SNF_UPGRADE_FAILPOINT": fail} if fail else {})})
        assert "planted" not in done.out + done.err and "Traceback" not in done.err
        return done

    def contents(self):
        return {path.name: path.read_bytes() for path in self.directory.iterdir()}

    def settings(self):
        return {name: data for name, data in self.contents().items() if name.endswith(".conf")}


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "root", tmp_path / "state")
    made.fill()
    return made


@pytest.fixture
def edited(tmp_path):
    """What the files are after an undisturbed run."""
    made = Place(tmp_path / "whole", tmp_path / "whole-state")
    made.fill()
    made.call().expect(0)
    return made.settings()


@pytest.mark.parametrize("stage", STAGES)
def test_killed_at_any_write(place, edited, stage):
    number = 0
    while True:
        number += 1
        killed = place.call(fail="file.%s:*#%d=SIGKILL" % (stage, number))
        if killed.code == 0:
            break
        assert killed.code == -signal.SIGKILL
        found = place.settings()
        assert set(FILES) <= set(found)
        for name, data in found.items():
            assert data in (FILES.get(name), edited[name])
        if number % 2:
            place.call().expect(0)          # the next run finishes the work
            assert place.contents() == edited
            place.fill()
            for name in set(edited) - set(FILES):
                (place.directory / name).unlink()
        elif found != FILES:
            place.call("--undo").expect(0)
            assert place.settings() == FILES
    assert number > 5
    assert place.contents() == edited       # nothing of the killed runs lies about
    place.call("--undo").expect(0)
    assert place.contents() == FILES


@pytest.mark.parametrize("name", sorted(FILES)[:3])
@pytest.mark.parametrize("code", ["ENOSPC", "EIO", "EROFS"])
def test_a_write_that_fails_leaves_all_as_it_was(place, name, code):
    done = place.call(fail="file.written:*/synnefo/%s=%s" % (name, code)).expect(1)
    assert name in done.err and "put back" in done.err
    assert place.contents() == FILES
    place.call().expect(0)


def test_what_can_not_be_put_back_is_named_and_undone_later(place):
    done = place.call(fail="file.written:*/20-b.conf=ENOSPC file.written:*/10-a.conf#2=ENOSPC")
    done.expect(1)
    assert "10-a.conf" in done.err and "--undo" in done.err
    assert place.settings()["10-a.conf"] != FILES["10-a.conf"]
    place.call("--undo").expect(0)
    assert place.contents() == FILES


def test_an_undo_that_fails_is_finished_by_the_next(place):
    place.call().expect(0)
    done = place.call("--undo", fail="file.written:*/20-b.conf=ENOSPC").expect(1)
    assert "20-b.conf" in done.err and "the same line again" in done.err
    place.call("--undo").expect(0)
    assert place.contents() == FILES


def test_no_room_for_the_undo_data(place):
    done = place.call(fail="file.written:*/undo/*=ENOSPC").expect(1)
    assert "can't be kept" in done.err
    assert place.contents() == FILES


def stopped(place, at):
    """The command, halted at a place in the code."""
    process = start("snf-settings-rename", *place.words, env={
        **place.environment, "SNF_UPGRADE_FAILPOINT": at + "=SIGSTOP"})
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with open("/proc/%d/stat" % process.pid) as stream:
            if stream.read().rpartition(")")[2].split()[0] == "T":
                return process
        time.sleep(0.02)
    raise AssertionError("it did not stop at " + at)


def go_on(process, *signals):
    for number in signals:
        os.kill(process.pid, number)
    os.kill(process.pid, signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    return process.returncode, (out + err).decode()


def test_a_file_that_changes_before_its_turn(place):
    process = stopped(place, "file.before:*/20-b.conf")
    mine = FILES["30-c.conf"] + b"# somebody\n"
    (place.directory / "30-c.conf").write_bytes(mine)
    code, text = go_on(process)
    assert code == 3 and "30-c.conf was changed" in text
    assert place.contents() == {**FILES, "30-c.conf": mine}


@pytest.mark.parametrize("change", ["changed", "added", "removed"])
def test_the_directory_changes_after_it_was_read(place, change):
    """It is halted while it looks whether there is room: before the first file is changed."""
    process = stopped(place, "file.before:*/.snf-settings.snf-new")
    path = place.directory / "40-untouched.conf"
    if change == "changed":
        path.write_bytes(b"ASTAKOS_BASE_URL = 'https://other.org'\n")
    elif change == "added":
        (place.directory / "50-new.conf").write_bytes(b"X = 2\n")
    else:
        path.unlink()
    before = place.settings()
    code, text = go_on(process)
    assert (code, "was changed" in text) == (3, True)
    assert place.settings() == before


def test_terminated_between_two_files(place):
    process = stopped(place, "file.renamed:*/10-a.conf")
    code, _ = go_on(process, signal.SIGTERM)
    assert code == 143
    assert place.contents() == FILES


def small_disk(place, size):
    if subprocess.call(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs",
                        str(place.directory)], stderr=subprocess.DEVNULL) != 0:
        pytest.skip("no tmpfs can be mounted here")
    place.fill()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tmpfs needs root")
def test_a_full_disk(place):
    small_disk(place, "64k")
    try:
        with open(place.directory / "filler", "wb") as stream:
            try:
                while True:
                    os.write(stream.fileno(), b"x" * 4096)
            except OSError:
                pass
        before = place.contents()
        done = place.call().expect(1)
        assert "No space left" in done.err and "all settings files" in done.err
        assert place.contents() == before
        (place.directory / "filler").unlink()
        place.call().expect(0)
        place.call("--undo").expect(0)
        assert place.contents() == FILES
    finally:
        subprocess.check_call(["umount", str(place.directory)])


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tmpfs needs root")
def test_a_directory_that_can_only_be_read(place):
    small_disk(place, "256k")
    try:
        subprocess.check_call(["mount", "-o", "remount,ro", str(place.directory)])
        done = place.call().expect(1)
        assert "Read-only file system" in done.err
        assert place.contents() == FILES
        place.call("--check").expect(5)
    finally:
        subprocess.check_call(["umount", str(place.directory)])
