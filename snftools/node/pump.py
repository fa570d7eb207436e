"""A child process fed, read and ended: the same for a local and a remote one."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from snftools.errors import Failed

PIPE = subprocess.PIPE

LIMIT = 256 * 10 ** 6  # bytes of a stream that are collected: no program of ours says so much

_GRACE = 5.0  # seconds between TERM and KILL

_running: Set[Any] = set()
_mine = threading.local()       # `ending`: what the thread runs is wanted no more


def started(popen: Callable[[], Any]) -> Any:
    """What `popen` starts.  A signal that came meanwhile is raised then, and ends it first.

    An interrupt between the fork and the assignment would leave a program that nobody knows.
    """
    process = None
    try:
        with _signals_held():
            process = popen()
    except BaseException:
        if process is not None:
            end_group(process)
        raise
    return process


@contextmanager
def _signals_held() -> Iterator[None]:
    """Handlers of SIGINT and SIGTERM that are Python's run at the end; no other thread has any.

    A blocked mask would be inherited by what is started, and an ignored signal must stay so.
    """
    came: List[int] = []
    main = threading.current_thread() is threading.main_thread()
    old: Dict[int, Any] = {number: signal.getsignal(number)
                           for number in (signal.SIGINT, signal.SIGTERM)
                           if main and callable(signal.getsignal(number))}
    for number in old:
        signal.signal(number, lambda late, _: came.append(late))
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        for late in came:
            old[late](late, None)


def communicate(process: Any, data: bytes, line: Optional[Callable[[bytes], None]],
                argv: Sequence[str], node: str, timeout: Optional[float]
                ) -> Tuple[int, bytes, bytes]:
    """Feed, read and wait; exit status as a shell says it, standard output and error.

    Raises Failed when `timeout` seconds are over, or it says more than LIMIT and nobody takes
    it line by line (the process and its group are ended).  Whatever is raised here, an
    interrupt too, ends the process first.
    """
    out: List[bytes] = []
    err: List[bytes] = []
    failure: List[BaseException] = []

    def too_much() -> None:
        failure.append(Failed("%s says more than %d MB: it was ended"
                              % (" ".join(argv[:3]).split("\n")[0], LIMIT // 10 ** 6),
                              node=node))
        end_group(process)

    threads = [threading.Thread(target=_feed, args=(process.stdin, data), daemon=True),
               threading.Thread(target=_collect, args=(process.stderr, err, too_much),
                                daemon=True),
               threading.Thread(target=_read_out, args=(process.stdout, out, line, failure,
                                                        too_much), daemon=True)]
    deadline = None if timeout is None else time.monotonic() + timeout
    _running.add(process)
    try:
        go_on(node)
        for thread in threads:
            thread.start()
        code = wait(process, argv, node, timeout)
        for thread in threads:
            # A grandchild may hold the pipe after the program's end; it is not waited for.
            thread.join(_GRACE if deadline is None else max(0.1, deadline - time.monotonic()))
    except BaseException:
        end_group(process)
        raise
    finally:
        _running.discard(process)
    if failure:
        raise failure[0]
    return code, b"".join(out), b"".join(err)


def wait(process: Any, argv: Sequence[str], node: str, timeout: Optional[float]) -> int:
    """Wait for the end; raises Failed when it takes longer than `timeout` seconds."""
    try:
        return shell_code(process.wait(timeout))
    except subprocess.TimeoutExpired:
        end_group(process)
        raise Failed("%s did not end in %g s" % (" ".join(argv), timeout or 0), node=node)


def shell_code(code: int) -> int:
    """Popen's -N for signal N as the shell's 128+N."""
    return 128 - code if code < 0 else code


def end_group(process: Any) -> None:
    """End a process and what it started (it leads its own session): TERM, then KILL.

    One on another machine is ended there; if it can't be reached, only our end of it is.
    """
    if hasattr(process, "end_there"):
        for name in ("TERM", "KILL"):
            if process.end_there(name) and _ended(process):
                return
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal(process, number)
        if _ended(process) and _alone(process):
            return


def _signal(process: Any, number: int) -> bool:
    """Whether there is anybody in the group who could get it."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _alone(process: Any) -> bool:
    """Nobody of the group is left: the leader may end before what it started does."""
    deadline = time.monotonic() + _GRACE
    while _signal(process, 0):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _ended(process: Any) -> bool:
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        return False
    return True


def end_all() -> None:
    """End every program that some thread runs."""
    for process in list(_running):
        end_group(process)


def belongs_to(ending: threading.Event) -> None:
    """This thread runs nothing any more once `ending` is set."""
    _mine.ending = ending


def go_on(node: str) -> None:
    """Failed when what this thread runs is wanted no more."""
    ending = getattr(_mine, "ending", None)
    if ending is not None and ending.is_set():
        raise Failed("stopped", node=node)


def _feed(stream: Any, data: bytes) -> None:
    """Write all of standard input and close it; a reader that went away is fine."""
    if stream is None:
        return
    try:
        stream.write(data)
        stream.close()
    except OSError:
        pass


def _collect(stream: Any, into: List[bytes], too_much: Callable[[], None]) -> None:
    """Read a stream to its end; what is over the limit is thrown away."""
    if stream is None:
        return
    size = 0
    for chunk in iter(lambda: stream.read1(65536), b""):
        if size <= LIMIT < size + len(chunk):
            too_much()
        size += len(chunk)
        if size <= LIMIT:
            into.append(chunk)


def _read_out(stream: Any, into: List[bytes], line: Optional[Callable[[bytes], None]],
              failure: List[BaseException], too_much: Callable[[], None]) -> None:
    """Read standard output to its end, line by line (a very long one in pieces) if somebody
    wants lines."""
    if stream is None:
        return
    if line is None:
        _collect(stream, into, too_much)
        return
    for text in iter(lambda: stream.readline(LIMIT), b""):
        if not failure:
            try:
                line(text)
            except BaseException as error:  # handed to the caller's thread
                failure.append(error)
