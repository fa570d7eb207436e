#!/usr/bin/python3
"""Stand-in for snf-dispatcher: reads the settings, keeps a session with the database, waits."""

import os
import sys
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "usr/lib/synnefo"))

import daemon  # noqa: E402


def connect(context):
    """The session of the default database, tried again every second until it is there."""
    while True:
        try:
            connection = context.db()
            connection.autocommit = True
            return connection
        except Exception as exc:
            print("dispatcher [ERROR] %s" % exc, flush=True)
            time.sleep(1)


def main():
    from manage.context import Context

    context = Context(ROOT)
    context.load()
    pidfile = sys.argv[sys.argv.index("--pid-file") + 1]
    daemon.detach(os.path.join(ROOT, "var/log/synnefo/dispatcher.log"), pidfile)
    daemon.end_on_term(pidfile)
    connection = connect(context)
    while connection:
        time.sleep(3600)


if __name__ == "__main__":
    main()
