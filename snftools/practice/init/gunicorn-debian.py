#!/usr/bin/python3
"""Runs the projects of /etc/gunicorn.d: a master and a worker each, which answers HTTP."""

import os
import runpy
import signal
import sys
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "usr/lib/synnefo"))

import daemon  # noqa: E402

WORKER = os.path.join(ROOT, "usr/bin/gunicorn")


def projects():
    """The names and configurations in /etc/gunicorn.d."""
    directory = os.path.join(ROOT, "etc/gunicorn.d")
    found = {}
    for name in sorted(os.listdir(directory)):
        if "." not in name:
            found[name] = runpy.run_path(os.path.join(directory, name))["CONFIG"]
    return found


def pidfile(name):
    return os.path.join(ROOT, "run/gunicorn", name + ".pid")


def pid_of(name):
    """The living master of a project, None without one."""
    try:
        with open(pidfile(name)) as source:
            pid = int(source.read())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid


def start(name, config):
    """Start the master of a project and wait until it has written its pidfile."""
    if pid_of(name):
        return
    child = os.fork()
    if child == 0:
        log = os.path.join(ROOT, "var/log/synnefo/gunicorn-%s.log" % name)
        daemon.detach(log, pidfile(name))
        serve(name, config)
    os.waitpid(child, 0)


def serve(name, config):
    """The master: one worker that is made again when it dies, unless it never came up."""
    binds = [word.split("=", 1)[1] for word in config["args"] if word.startswith("--bind=")]
    children = []
    daemon.end_on_term(pidfile(name), children)
    born = time.monotonic()
    while True:
        worker = os.fork()
        if worker == 0:
            work(name, binds[0])
        children[:] = [worker]
        daemon.set_title("gunicorn: master [%s]" % name)
        os.waitpid(worker, 0)
        if time.monotonic() - born < 1.0:
            print("Worker failed to boot.", flush=True)
            daemon.remove_pidfile(pidfile(name))
            os._exit(3)
        born = time.monotonic()


def work(name, bind):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.argv = [WORKER, "--bind=" + bind]
    daemon.set_title("gunicorn: worker [%s]" % name)
    try:
        sessions = open_sessions()
        print("worker of %s: %d database sessions" % (name, len(sessions)), flush=True)
        runpy.run_path(WORKER, run_name="__main__")
    except BaseException as exc:
        print("Exception in worker process: %r" % exc, flush=True)
    finally:
        sys.stdout.flush()
        os._exit(1)


def open_sessions():
    """What the applications keep open; without a database they come up all the same."""
    from manage import context

    node = context.Context(ROOT)
    pithos = node.settings.get("PITHOS_BACKEND_DB_CONNECTION")
    wanted = []
    if node.settings["DATABASES"]["default"]["ENGINE"] in context.POSTGRES_ENGINES:
        wanted.append(node.db)
    if node.version("snf-pithos-app") and pithos:
        wanted.append(lambda: context.connect_url(pithos))
    sessions = []
    for connect in wanted:
        try:
            sessions.append(connect())
            sessions[-1].autocommit = True
        except Exception as exc:
            print("no database: %s" % exc, flush=True)
    return sessions


def stop(name):
    pid = pid_of(name)
    if pid:
        os.kill(pid, signal.SIGTERM)


def main():
    action = sys.argv[1]
    found = projects()
    if action == "status":
        for name in found:
            print("%s is %srunning" % (name, "" if pid_of(name) else "not "))
        return 0 if all(pid_of(name) for name in found) else 3
    if action in ("stop", "restart"):
        for name in found:
            stop(name)
    if action == "restart":
        time.sleep(daemon.LINGER)
    if action in ("start", "restart"):
        for name, config in found.items():
            start(name, config)
    print(" ".join("[%s]" % name for name in found) + ".")
    return 0


if __name__ == "__main__":
    sys.exit(main())
