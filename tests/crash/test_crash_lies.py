"""Programs that lie, hang or ask, and guests in the window: caught, named, and gone on from.

Services that stay after stop: tests/commands/test_snf_services.py; one that a package starts:
test_snf_install_packages.py; an apt that lies: test_snf_install_packages_undo.py.
"""

from __future__ import annotations

import signal
import subprocess
import time
from contextlib import contextmanager

import pytest

from tests.crash.cases import PART, asked_part
from tests.crash.cut import stopped
from tests.helpers import cli, endstate

NOTHING = 'case "$*" in *{word}*) exit 0;; esac'
AN_ERROR = 'case "$*" in *{word}*) echo "Error: it did not go well" >&2; exit 0;; esac'
A_QUESTION = 'case "$*" in *{word}*) printf "Really [y/N]? "; read answer || exit 0;; esac'
A_HANG = 'case "$*" in *{word}*) while [ -e {root}/tmp/hang ]; do sleep 0.1; done;; esac'


def run(site, row, *options):
    return cli.run("snf-upgrade", "run", "--yes", "--until", row, *options, site=site,
                   timeout=600)


@contextmanager
def lying(site, node, lie, word):
    """A node's snf-manage in whose place a liar stands."""
    root = site.node(node)
    path = root / "usr/bin/snf-manage"
    path.rename(path.with_name("snf-manage.real"))
    path.write_text("#!/bin/sh\n%s\nexec snf-manage.real \"$@\"\n"
                    % lie.format(word=word, root=root))
    path.chmod(0o755)
    try:
        yield root
    finally:
        path.with_name("snf-manage.real").rename(path)


LIES = {"nothing": NOTHING, "an-error": AN_ERROR, "a-question": A_QUESTION}
PLACES = (("migrate", "migrate"), ("register", "service-import"), ("quota", "resource-modify"))


def told_lies():
    """Each lie at each place in `make crash`; in CI each lie and each place once."""
    found = [pytest.param(row, word, lie, id="%s-%s" % (row, name))
             for row, word in PLACES for name, lie in LIES.items()]
    return asked_part(found) if PART else found[::len(LIES) + 1]


@pytest.mark.parametrize("row, word, lie", told_lies())
def test_exit_0_is_not_believed(ladder, row, word, lie):
    ladder.climb(row)
    site = ladder.before(row)
    with lying(site, "astakos", lie, word):
        failed = run(site, row)
        assert failed.code in (1, 4), failed
        assert row in failed.out and "FAILED" in failed.out
        assert "Or go back" in failed.out and "To ask others" in failed.out
    run(site, row).expect(0)
    assert endstate.differences(endstate.whole(site), ladder.states[row]) == []


def test_a_hang_is_told_with_its_log_and_its_option(ladder):
    site = ladder.before("migrate")
    with lying(site, "astakos", A_HANG, "migrate") as root:
        (root / "tmp/hang").write_text("")
        process = cli.start("snf-upgrade", "run", "--yes", "--until", "migrate.astakos",
                            "--patience", "0.03", site=site)
        told = b""
        deadline = time.monotonic() + 120
        # On a busy machine others may be told before it.
        while b"--patience" not in told.partition(b"no sign of life of migrate.astakos")[2]:
            assert time.monotonic() < deadline and process.poll() is None, told
            told += process.stdout.readline()
        (root / "tmp/hang").unlink()
        process.communicate(timeout=120)
    assert process.returncode == 0


def test_a_client_that_stays_connected_is_named(ladder):
    site = ladder.before("quiet")
    guest = site.server.connect(site.database("cyclades"))
    try:
        failed = run(site, "quiet").expect(4)
        assert "pid %d" % guest.get_backend_pid() in failed.out
    finally:
        guest.close()
    run(site, "quiet").expect(0)


def start_gunicorn(root):
    subprocess.run([str(root / "usr/sbin/service"), "gunicorn", "start"], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")


def meanwhile(site, row, step, happens):
    """How a run until the row ends in whose middle, after the step, something else happens."""
    process = cli.start("snf-upgrade", "run", "--yes", "--until", row, site=site,
                        env={"SNF_UPGRADE_FAILPOINT": "step.done:%s=SIGSTOP" % step})
    deadline = time.monotonic() + 120
    while not stopped(site):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    happens()
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=120)
    return process.returncode, " ".join((out + err).decode().split())


def test_a_watchdog_between_two_steps_of_one_attempt(ladder):
    site = ladder.before("migrate")
    code, said = meanwhile(site, "register", "migrate.pithos",
                           lambda: start_gunicorn(site.node("pithos")))
    assert code == 1, said
    assert "something started gunicorn on pithos in the window" in said
    run(site, "register").expect(0)


def test_a_cron_job_that_writes_in_the_window_is_named(ladder):
    site = ladder.before("migrate")
    code, said = meanwhile(site, "migrate", "backup-before", lambda: site.psql(
        "astakos", "UPDATE auth_user SET first_name = 'Cron' WHERE id = 1"))
    assert code == 3, said
    assert "pre-upgrade was taken: table public.auth_user: other content" in said
    # Nothing was migrated: the set is taken anew, with what was written.
    run(site, "migrate").expect(0)
