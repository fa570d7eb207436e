"""Ctrl-C is 130 and SIGTERM 143, without a traceback, wherever a command waits."""

import errno
import os
import signal
import time

import pytest

from tests.contract.test_commands import READING
from tests.helpers.cli import start


def wait_for_reader(fifo, process):
    """The descriptor of the FIFO's writing end, once the command waits for what it will say."""
    writer = open_writer(fifo, process)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with open("/proc/%d/stat" % process.pid) as stream:
            if stream.read().rpartition(")")[2].split()[0] == "S":  # asleep in read()
                return writer
        time.sleep(0.01)
    raise AssertionError("it did not wait: %s" % (process.communicate(),))


def open_writer(fifo, process):
    """The descriptor of the FIFO's writing end, once the command has opened the other."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO
            time.sleep(0.02)
    raise AssertionError("it never read its site.conf: %s" % (process.communicate(),))


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("command", sorted(READING))
def test_a_signal_ends_it(command, number, code, tmp_path):
    fifo = tmp_path / "site.conf"
    os.mkfifo(fifo)
    process = start(command, *READING[command], "--site", fifo)
    writer = wait_for_reader(fifo, process)
    try:
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    finally:
        os.close(writer)
    assert process.returncode == code
    assert out == b""
    assert b"Traceback" not in err
