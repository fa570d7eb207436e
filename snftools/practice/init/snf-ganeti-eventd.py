#!/usr/bin/python3
"""Stand-in for snf-ganeti-eventd: reads the settings of the node as the real one, then waits."""

import os
import sys
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "usr/lib/synnefo"))

import daemon  # noqa: E402


def load_settings(directory):
    """Execute every *.conf in order; a failure is said as Synnefo says it, exit 1."""
    namespace = {}
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        if not name.endswith(".conf") or not os.path.isfile(path):
            continue
        try:
            with open(path) as source:
                exec(compile(source.read(), path, "exec"), namespace)
        except Exception as exc:
            sys.stderr.write("Failed to read settings file: %s [%r]\n" % (path, exc))
            raise SystemExit(1)


def main():
    load_settings(os.path.join(ROOT, "etc/synnefo"))
    pidfile = sys.argv[sys.argv.index("--pid-file") + 1]
    daemon.detach(os.path.join(ROOT, "var/log/snf-ganeti-eventd.log"), pidfile)
    daemon.end_on_term(pidfile)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
