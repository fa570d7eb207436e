#!/usr/bin/python3
"""PID 1 of a test host: keeps an sshd unless /run/no-sshd says no, buries every orphan."""

import os
import signal
import subprocess
import time


def start_sshd():
    return subprocess.Popen(["/usr/sbin/sshd", "-D", "-e"], stdin=subprocess.DEVNULL,
                            start_new_session=True,
                            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def main():
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server, ended = None, True
    while True:
        if ended and not os.path.exists("/run/no-sshd"):
            server, ended = start_sshd(), False
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            pid = 0
        if server is not None and pid == server.pid:
            ended = True
        elif pid == 0:
            time.sleep(0.05)  # a SIGCHLD does not end it early: Python goes on sleeping


main()
