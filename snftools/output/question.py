"""An answer typed at the terminal, which Ctrl-C and SIGTERM do not wait for."""

from __future__ import annotations

import select
import signal
import sys
import threading
from contextlib import contextmanager
from typing import Callable, Iterator

from snftools.cli import on_sigterm

_TICK = 0.2     # seconds between two looks whether an answer is still wanted


def answer(question: str, stopped: Callable[[], None]) -> str:
    """The line that is typed, "" at the end of input; what `stopped` raises while nothing is."""
    if threading.current_thread() is not threading.main_thread():
        return _line(question, stopped)
    with _signals_end_it():     # before the question is seen: Ctrl-C may come at once
        return _line(question, stopped)


def _line(question: str, stopped: Callable[[], None]) -> str:
    try:
        sys.stderr.write(question)
        sys.stderr.flush()
        while not select.select([sys.stdin], [], [], _TICK)[0]:
            stopped()
        return sys.stdin.readline()
    except OSError:     # EIO: the terminal has gone
        return ""


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """Both signals raise while the question stands, whatever a run has made of them."""
    old = {signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
           signal.SIGTERM: signal.signal(signal.SIGTERM, on_sigterm)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
