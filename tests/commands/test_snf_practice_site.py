"""snf-practice-site at the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.helpers.cli import argv_of, environment, run
from tests.helpers.site import new_directory


@pytest.fixture
def directory():
    """A path for a site, removed with all that is in it."""
    path = new_directory()
    yield path
    if (path / ".snf-practice-site").exists():
        run("snf-practice-site", "destroy", path).expect(0)
    subprocess.run(["rm", "-rf", str(path.parent)], check=True)


def test_create_and_destroy(directory):
    done = run("snf-practice-site", "create", directory).expect(0)
    for word in ("check", "plan", "run"):
        assert "snf-upgrade --site %s/site.conf %s\n" % (directory, word) in done.out
    again = run("snf-practice-site", "create", directory).expect(3)
    assert "not empty" in again.err and (directory / "site.conf").exists()
    gone = run("snf-practice-site", "destroy", directory).expect(0)
    assert "removed" in gone.out and not directory.exists()
    assert run("snf-practice-site", "destroy", directory).expect(3)


def test_from_template_as_json(directory, site_template):
    done = run("snf-practice-site", "create", directory, "--from", site_template.dir,
               "--no-start", "--json").expect(0)
    assert done.json["changed"] is True
    assert done.json["result"]["site"] == "%s/site.conf" % directory
    assert not (directory / "pg/postmaster.pid").exists()


def test_from_something_else(directory):
    done = run("snf-practice-site", "create", directory, "--from", "/usr").expect(3)
    assert "not a practice site" in done.err
    assert not directory.exists()


@pytest.mark.parametrize("words", [
    ("--layout", "four-hosts"), ("--scale", "0"), ("--scale", "x"), ("--lay", "one-host"),
    ("--site", "/x"), ("--from", "/x", "--scale", "2"), ("--from", "/x", "--layout", "one-host")])
def test_usage(directory, words):
    run("snf-practice-site", "create", directory, *words).expect(2)
    assert not directory.exists()


def test_quiet(directory, site_template):
    done = run("snf-practice-site", "create", directory, "--from", site_template.dir,
               "--no-start", "-q").expect(0)
    assert done.err == ""


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_leaves_nothing(directory, number, code):
    child = subprocess.Popen(argv_of("snf-practice-site", "create", directory),
                             env=environment(), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (directory / "nodes").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(number)
    assert child.wait(60) == code
    assert not directory.exists()
    assert os.listdir(str(directory.parent)) == []
