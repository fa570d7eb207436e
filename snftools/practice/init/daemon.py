"""What the daemons of a node have in common: going to the background, names and pidfiles."""

import ctypes
import os
import signal
import time

LINGER = 0.7


def set_title(title):
    """Overwrite the process's own command line, as gunicorn does with setproctitle."""
    with open("/proc/self/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    text = title.encode()[: end - start - 1]
    ctypes.memmove(start, text.ljust(end - start, b"\0"), end - start)


def detach(log, pidfile):
    """Go on in a new session, with standard output and error in `log`.

    The caller's process ends, with 0, once the pidfile is written; this returns in the daemon.
    """
    os.makedirs(os.path.dirname(log), exist_ok=True)
    ready, done = os.pipe()
    if os.fork():
        os.close(done)
        os.read(ready, 1)
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    for number, target in ((null, 0), (out, 1), (out, 2)):
        os.dup2(number, target)
    write_pidfile(pidfile)
    # A daemon that kept a lock of its starter would hold it for ever.
    os.closerange(3, 1024)


def write_pidfile(path):
    """Write this process's id where its init script looks for it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as pidfile:
        pidfile.write("%d\n" % os.getpid())
    os.rename(path + ".new", path)


def remove_pidfile(path):
    """Take the pidfile away if it still names this process."""
    try:
        with open(path) as pidfile:
            mine = pidfile.read().strip() == str(os.getpid())
        if mine:
            os.unlink(path)
    except OSError:
        pass


def end_on_term(pidfile, children=()):
    """On SIGTERM the pidfile goes at once, the process only a moment later (OBSERVED L)."""

    def end(_number, _frame):
        remove_pidfile(pidfile)
        for child in children:
            try:
                os.kill(child, signal.SIGTERM)
            except ProcessLookupError:
                pass
        time.sleep(LINGER)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
