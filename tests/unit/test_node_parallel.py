"""The same on many nodes: order, errors, an interrupt."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from snftools.node import at_once


def test_answers_are_in_order_and_many_run_at_a_time():
    together = threading.Barrier(4, timeout=30)

    def work(number):
        together.wait()  # would time out if they ran one after the other
        return number * 2
    assert at_once([3, 1, 2, 0], work) == [6, 2, 4, 0]
    assert at_once([], work) == []


def test_more_items_than_workers():
    assert at_once(list(range(50)), lambda number: number, workers=3) == list(range(50))


def test_the_first_error_is_raised_when_all_have_ended():
    ended = []

    def work(number):
        ended.append(number)
        if number in (1, 3):
            raise ValueError(number)
    with pytest.raises(ValueError, match="1"):
        at_once([0, 1, 2, 3], work, workers=1)
    assert ended == [0, 1, 2, 3]


def test_an_interrupt_ends_what_the_threads_run(tmp_path):
    """SIGINT comes to the main thread; the programs of the others must not live on."""
    text = (
        "import sys; sys.path.insert(0, %r)\n"
        "from snftools.node import at_once, open_node\n"
        "from snftools.site import NodeEntry\n"
        "nodes = [open_node(NodeEntry('n%%d' %% number)) for number in range(3)]\n"
        "def work(node):\n"
        "    node.run(['sh', '-c', 'echo $$ > %s/' + node.name + '; exec sleep 300'])\n"
        "    node.run(['sh', '-c', 'echo 0 > %s/next'])\n"
        "at_once(nodes, work)\n" % (os.getcwd(), tmp_path, tmp_path))
    process = subprocess.Popen([sys.executable, "-c", text], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while sum(path.read_text().strip() != "" for path in tmp_path.iterdir()) < 3:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in process.communicate(timeout=60)[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n0", "n1", "n2"]
    for path in tmp_path.iterdir():
        while lives(int(path.read_text())):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def lives(pid):
    """Whether the process runs; one that only waits for its parent's attention does not."""
    try:
        with open("/proc/%d/stat" % pid) as stream:
            return stream.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False
