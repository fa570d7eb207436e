"""A playbook that was broken off is finished by `snf-upgrade run`, and the other way round."""

from __future__ import annotations

import os
import signal

import pytest

from tests.helpers import ansible, cli, endstate
from tests.helpers.ansible import changed

pytestmark = ansible.needed


@pytest.fixture
def other(template):
    """A second site."""
    site = template.copy()
    yield site
    site.destroy()


def test_the_engines_mix(site, other):
    """Each begins what the other ends: the site is the same."""
    by_master = broken_off_and_finished_by_the_master(site)
    by_playbook = broken_off_and_finished_by_the_playbook(other)
    assert endstate.differences(by_playbook, by_master) == []


def broken_off_and_finished_by_the_master(site):
    """Ctrl-C while packages are installed; the site then."""
    process = ansible.start(site)
    for line in process.stdout:
        if "Run install]" in line:
            os.killpg(process.pid, signal.SIGINT)
            break
    process.communicate(timeout=120)
    assert process.returncode != 0
    cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(0)
    return endstate.whole(site)


def broken_off_and_finished_by_the_playbook(site):
    cli.run("snf-upgrade", "run", "--yes", "--until", "settings", site=site,
            timeout=300).expect(0)
    done = ansible.play(site).expect(0)
    assert {name for name, _ in changed(done)} == {
        "Run " + name for name in ("migrate", "backup-migrate", "register", "quota",
                                   "backup-quota", "start")}
    return endstate.whole(site)
