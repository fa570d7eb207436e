"""The same on many nodes at a time: results in order, an interrupt ends all that they run."""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from typing import Callable, Dict, Iterator, List, Sequence, TypeVar

from snftools.node import pump

WORKERS = 16
_POLL = 0.2  # seconds: how soon an interrupt is seen
_PATIENCE = 5.0  # seconds that the threads have to end by themselves

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def at_once(items: Sequence[Item], function: Callable[[Item], Answer],
            workers: int = WORKERS) -> List[Answer]:
    """`function(item)` of each item, by up to `workers` threads; the answers in their order.

    The first error (in the items' order) is raised once all have ended.  What is raised here,
    an interrupt too, ends the programs that the threads run.
    """
    waiting: "SimpleQueue[int]" = SimpleQueue()
    for number in range(len(items)):
        waiting.put(number)
    answers: Dict[int, Answer] = {}
    errors: Dict[int, BaseException] = {}

    ending = threading.Event()

    def work() -> None:
        pump.belongs_to(ending)
        for number in _taken(waiting):
            try:
                answers[number] = function(items[number])
            except BaseException as error:  # handed to the caller's thread
                errors[number] = error

    threads = [threading.Thread(target=work, daemon=True)
               for _ in range(min(workers, len(items)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_POLL)
    except BaseException:
        list(_taken(waiting))
        ending.set()
        _end(threads)
        raise
    if errors:
        raise errors[min(errors)]
    return [answers[number] for number in range(len(items))]


def _end(threads: Sequence[threading.Thread]) -> None:
    """End what they run; what one has started and not told of yet, it ends itself."""
    deadline = time.monotonic() + _PATIENCE
    pump.end_all()
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, deadline - time.monotonic()))


def _taken(waiting: "SimpleQueue[int]") -> Iterator[int]:
    """What is in the queue, until it is empty."""
    while True:
        try:
            yield waiting.get_nowait()
        except Empty:
            return
