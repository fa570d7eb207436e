"""Progress where there is no terminal and no master: a line now and then."""

from __future__ import annotations

import pytest

from snftools.backups.meter import time_left
from snftools.output.statusfd import Progress


def test_a_line_each_beat(capsys: pytest.CaptureFixture) -> None:
    progress = Progress(beat=1e-9)
    progress.event("dumping", node="n", done=5, total=10, unit="bytes", text="db")
    assert capsys.readouterr().err == "n  dumping  5 B of 10 B  db\n"


def test_silent_before_the_beat_and_without_one(capsys: pytest.CaptureFixture) -> None:
    Progress(beat=1000).event("dumping", text="db")
    Progress().event("dumping", text="db")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("seconds, done, total, text", [
    (10, 50, 100, "about 10 s left"), (100, 10, 100, "about 15 min left"),
    (1, 50, 100, ""), (10, 0, 100, ""), (10, 100, 100, "")])
def test_time_left(seconds: float, done: int, total: int, text: str) -> None:
    assert time_left(seconds, done, total) == text
