"""Long work: shared out within a number of jobs, stopped by the first failure or a signal."""

from __future__ import annotations

import signal
import threading
from typing import Any, List

import pytest

from snftools.database import interrupt
from snftools.errors import Failed


def test_the_budget_is_never_exceeded_and_big_ones_get_more() -> None:
    lock = threading.Lock()
    now, most, shares = [0], [0], {}

    def task(name: str) -> Any:
        def work(jobs: int) -> str:
            with lock:
                now[0] += jobs
                most[0] = max(most[0], now[0])
                shares[name] = jobs
            threading.Event().wait(0.02)
            with lock:
                now[0] -= jobs
            return name
        return work
    names = ["small", "big", "tiny", "other"]
    done = interrupt.run(lambda: interrupt.share([task(name) for name in names],
                                                 [10, 100, 0, 12], 4))
    assert done == names and most[0] <= 4
    assert shares == {"small": 1, "big": 3, "tiny": 1, "other": 1}


def test_one_job_is_one_at_a_time_and_no_size_is_fine() -> None:
    assert interrupt.run(lambda: interrupt.share([lambda jobs: jobs] * 3, [0, 0, 0], 1)) == [1] * 3


def test_the_first_failure_stops_the_others_and_is_raised() -> None:
    ended: List[str] = []
    gone = threading.Event()

    def waits(jobs: int) -> None:
        with interrupt.watched(lambda: (ended.append("told"), gone.set())):
            assert gone.wait(30)
        interrupt.check()

    def fails(jobs: int) -> None:
        raise ValueError("first")
    with pytest.raises(ValueError, match="first"):
        interrupt.run(lambda: interrupt.share([fails, waits], [1, 2], 2))
    assert ended in (["told"], [])
    with pytest.raises(Failed, match="stopped"):
        interrupt.check()
    interrupt.run(lambda: None)
    interrupt.check()  # new work is not stopped by what was before


def test_a_signal_reaches_the_command_while_the_work_waits() -> None:
    gone = threading.Event()
    cleaned: List[bool] = []

    def work() -> None:
        try:
            with interrupt.watched(gone.set):
                signal.raise_signal(signal.SIGINT)
                assert gone.wait(30)
        finally:
            cleaned.append(True)
    with pytest.raises(KeyboardInterrupt):
        interrupt.run(work)
    assert gone.is_set() and cleaned == [True]
    interrupt.run(lambda: None)
