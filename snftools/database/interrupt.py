"""Long work in a thread, so that a signal reaches us at once, whatever libpq waits for.

What runs meanwhile (sessions, programs) is known here and ended when the work must stop.
"""

from __future__ import annotations

import itertools
import threading
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List

from snftools.errors import Failed

_TICK = 0.2      # seconds between two looks at the work
_PATIENCE = 60.0  # seconds for it to clean up

_numbers = itertools.count()
_running: Dict[int, Callable[[], Any]] = {}
_stopped = threading.Event()
_lock = threading.Lock()


@contextmanager
def watched(end: Callable[[], Any]) -> Iterator[None]:
    """`end` is called when the work must stop while we are in here."""
    check()
    number = next(_numbers)
    with _lock:
        _running[number] = end
    try:
        yield
    finally:
        with _lock:
            _running.pop(number, None)


def check() -> None:
    """Raise Failed when the work must stop."""
    if _stopped.is_set():
        raise Failed("stopped")


def stop() -> None:
    """End everything that is watched; nothing new begins."""
    _stopped.set()
    with _lock:
        ends = list(_running.values())
    for end in ends:
        try:
            end()
        except Exception:  # it ended by itself meanwhile
            continue


def run(work: Callable[[], Any]) -> Any:
    """The work's result.  An interrupt stops it, waits until it has cleaned up, goes on up."""
    _stopped.clear()
    result: List[Any] = []
    failure: List[BaseException] = []
    # Not join(): interrupted, it takes the thread for ended (Python 3.9 to 3.12, bpo-45274).
    over = threading.Event()

    def target() -> None:
        try:
            result.append(work())
        except BaseException as error:  # handed to the caller's thread
            failure.append(error)
        finally:
            over.set()
    thread = threading.Thread(target=target, daemon=True)
    try:
        thread.start()
        while not over.wait(_TICK):
            pass
    except BaseException:
        stop()
        over.wait(_PATIENCE)
        raise
    if failure:
        raise failure[0]
    return result[0]


def share(tasks: List[Callable[[int], Any]], sizes: List[float], jobs: int) -> List[Any]:
    """Run the tasks, each with its share of the jobs, biggest first; their results in order.

    A task of half of all bytes gets half of the jobs, at least one.  The first failure stops
    the others and is raised.
    """
    total = sum(sizes) or 1.0
    shares = [max(1, min(jobs, round(jobs * size / total))) for size in sizes]
    waiting = sorted(range(len(tasks)), key=lambda number: -sizes[number])
    results: List[Any] = [None] * len(tasks)
    failures: List[BaseException] = []
    free, room = [jobs], threading.Condition()

    def work(number: int) -> None:
        try:
            results[number] = tasks[number](shares[number])
        except BaseException as error:
            failures.append(error)
            stop()
        with room:
            free[0] += shares[number]
            room.notify_all()
    threads = []
    for number in waiting:
        with room:
            while free[0] < shares[number]:
                room.wait()
            free[0] -= shares[number]
        if failures:
            break
        threads.append(threading.Thread(target=work, args=(number,), daemon=True))
        threads[-1].start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results
