"""Programs that lie, hang or ask, and guests in the window: caught, named, and gone on from.

Services that stay after stop: tests/commands/test_snf_services.py; one that a package starts:
test_snf_install_packages.py; an apt that lies: test_snf_install_packages_undo.py.
"""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager

import pytest

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


@pytest.mark.parametrize("lie", [NOTHING, AN_ERROR, A_QUESTION],
                         ids=["nothing", "an-error", "a-question"])
@pytest.mark.parametrize("row, word", [("migrate", "migrate"), ("register", "service-import"),
                                       ("quota", "resource-modify")])
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
        while b"no sign of life of migrate.astakos" not in told:
            assert time.monotonic() < deadline and process.poll() is None, told
            told += process.stdout.readline()
        (root / "tmp/hang").unlink()
        rest, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and b"--patience" in rest


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


def test_a_watchdog_in_the_window_is_found_by_the_next_step_and_named(ladder):
    site = ladder.before("settings")
    process = cli.start("snf-upgrade", "run", "--yes", "--until", "settings-proof", site=site,
                        env={"SNF_UPGRADE_FAILPOINT": "step.begun:settings.pithos=SIGSTOP"})
    from tests.crash.cut import stopped
    deadline = time.monotonic() + 120
    while not stopped(site):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    start_gunicorn(site.node("pithos"))
    process.send_signal(18)
    assert process.wait(120) == 0  # settings and their proof are read from files alone
    failed = run(site, "migrate").expect(0)
    # `run` makes the window true again before a step that is not done.
    assert " stop " in failed.out and " pithos " in failed.out


def test_a_watchdog_between_two_steps_of_one_attempt(ladder):
    site = ladder.before("migrate")
    process = cli.start("snf-upgrade", "run", "--yes", "--until", "register", site=site,
                        env={"SNF_UPGRADE_FAILPOINT": "step.done:migrate.pithos=SIGSTOP"})
    from tests.crash.cut import stopped
    deadline = time.monotonic() + 120
    while not stopped(site):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    start_gunicorn(site.node("pithos"))
    time.sleep(0)  # the look before the backup is older than QUIET_HOLDS allows, or it is made
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(18)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1, (out, err)
    assert b"something started gunicorn on pithos in the window" in b" ".join(out.split())
    run(site, "register").expect(0)
