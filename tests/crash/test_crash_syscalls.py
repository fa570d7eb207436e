"""The N-th system call fails, for every N: a file is old or new and whole, a journal readable."""

from __future__ import annotations

import os
import shutil

import pytest

from snftools.upgrade.journal import Journal
from tests.crash.syscalls import CALLS, traced

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="no strace here")

ERRORS = ("EIO", "ENOSPC", "EACCES", "EINTR")
RUN = "20131112T000411Z"
OLD, NEW = b"old" * 500, b"new" * 1000
FILE = "files.write_atomic(%r, b'new' * 1000)"
JOURNAL = """journal = Journal.read(%r, %r)
journal.site, journal.release = 's', 'r'
journal.append('install.a', 'done', exit=0)"""


def failing(make, error):
    """Every run in which one call failed: the first, the second ... until there is none."""
    seen = 0
    for call in CALLS:
        for number in range(1, 60):
            done, look = make(error, number, call)
            assert "Traceback" not in done.said, done.said
            if not done.injected:
                break
            seen += 1
            look(done, "%s %d: %s" % (call, number, done.calls))
        assert not done.injected
    assert seen > 5


@pytest.mark.parametrize("error", ERRORS)
def test_a_file_is_the_old_or_the_new_one(tmp_path, error):
    path = tmp_path / "settings.conf"

    def make(*injection):
        for name in os.listdir(tmp_path):
            os.unlink(tmp_path / name)
        path.write_bytes(OLD)
        return traced(FILE % str(path), *injection), look

    def look(done, told):
        now = path.read_bytes()
        if done.code == 0:
            assert now == NEW, told
            return
        assert done.said.startswith("failed: "), told
        renamed = any(call.startswith("rename") and "INJECTED" not in call
                      for call in done.calls)
        assert now == (NEW if renamed else OLD), told
        assert os.listdir(tmp_path) == ["settings.conf"], told
    failing(make, error)


@pytest.mark.parametrize("error", ERRORS)
def test_a_journal_is_readable_and_goes_on(tmp_path, error):
    path = tmp_path / "run" / "journal.jsonl"

    def make(*injection):
        shutil.rmtree(path.parent, ignore_errors=True)
        before = Journal(str(path), RUN, "s", "r")
        before.append("", "begun")
        before.append("install.a", "begun")
        return traced(JOURNAL % (str(path), RUN), *injection), look

    def look(done, told):
        read = Journal.read(str(path), RUN)
        events = [(record.step, record.event) for record in read.records]
        assert events[:2] == [("", "begun"), ("install.a", "begun")], told
        assert len(events) == 3 if done.code == 0 else len(events) in (2, 3), told
        read.append("install.a", "failed")
        again = Journal.read(str(path), RUN)
        assert again.records == read.records and not again.notices, told
    failing(make, error)


def test_a_new_journal_is_durable_with_its_directories(tmp_path):
    path = tmp_path / "runs" / RUN / "journal.jsonl"
    calls = traced("Journal(%r, %r, 's', 'r').append('', 'begun')" % (str(path), RUN)).calls
    synced = " ".join(call for call in calls if call.startswith("fsync("))
    for name in ("journal.jsonl", RUN, "runs", tmp_path.name):
        assert "/%s>" % name in synced, synced


def test_the_order_is_file_rename_directory(tmp_path):
    path = tmp_path / "x.conf"
    path.write_bytes(b"old")
    calls = list(enumerate(traced(FILE % str(path)).calls))

    def place(start, part):
        return [number for number, call in calls if call.startswith(start) and part in call]
    assert place("write(", ".snf-new>")[-1] < place("fsync(", ".snf-new>")[0] \
        < place("rename", "x.conf")[0] < place("fsync(", "%s>" % tmp_path)[0]
