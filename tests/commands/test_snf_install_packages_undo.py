"""snf-install-packages: an apt that lies, and the way back beside that of the settings."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Iterator, Tuple

import pytest

from tests.helpers import packages
from tests.helpers.cli import Done, run

OLD, NEW = "0.13-1", "0.14-1~squeeze"
POLICY = "usr/sbin/policy-rc.d"
LEFT = "#!/bin/sh\n# snf-install-packages: nothing starts while packages are installed\nexit 101\n"


@pytest.fixture
def site(site_template: Any) -> Iterator[Any]:
    """A site whose services were never started: what an install finds in the window."""
    copied = site_template.copy(start=False)
    yield copied
    copied.destroy()


@pytest.fixture
def root(site: Any) -> Path:
    return site.node("astakos")


def install(site: Any, *words: str) -> Done:
    return run("snf-install-packages", "--node", "astakos", *words, site=site)


def state(root: Path) -> Tuple[Any, Any]:
    """All that an install may change."""
    return packages.versions(root), packages.tree(root / "etc")


def test_apt_that_lies_is_not_believed(site: Any, root: Path) -> None:
    before = state(root)
    packages.replace_apt(root, "exit 0")
    done = install(site).expect(1)
    assert "snf-astakos-app" in done.err and "dpkg says" in done.err
    assert state(root) == before
    packages.restore_apt(root)
    install(site).expect(0)


def test_apt_that_fails_leaves_no_policy_and_the_next_goes_on(site: Any, root: Path) -> None:
    packages.replace_apt(root, 'echo "E: planted" >&2; exit 100')
    done = install(site).expect(1)
    assert "E: planted" in done.err and "planted" not in done.out
    assert not (root / POLICY).exists()
    packages.restore_apt(root)
    install(site).expect(0)


def test_the_old_debs_of_the_cache_are_enough(site: Any, root: Path) -> None:
    install(site, "--download-only").expect(0)
    assert packages.versions(root)["snf-astakos-app"][0] == OLD
    packages.offer_without(site, "snf-astakos-app", OLD)
    before = state(root)
    assert "no-way-back" not in install(site).expect(0).out
    for name in os.listdir(str(root / "var/cache/apt/archives")):
        if name.endswith(".deb"):
            (root / "var/cache/apt/archives" / name).unlink()
    install(site, "--undo").expect(0)
    assert state(root) == before


def test_settings_and_packages_go_back_each_by_itself(site: Any, root: Path) -> None:
    old = state(root)
    undo_id = install(site, "--json").expect(0).json["result"]["nodes"]["astakos"]["undo"]
    assert undo_id
    new = state(root)
    run("snf-settings-rename", "--node", "astakos", site=site).expect(0)
    renamed = state(root)
    assert renamed != new
    done = install(site, "--undo").expect(3)
    assert "snf-settings-rename --undo" in done.err
    assert state(root) == renamed
    run("snf-settings-rename", "--node", "astakos", "--undo", site=site).expect(0)
    assert state(root) == new
    install(site, "--undo", undo_id, "--check").expect(5)
    assert state(root) == new
    install(site, "--undo", undo_id).expect(0)
    assert state(root) == old
    assert install(site, "--undo", "--json").expect(0).json["changed"] is False
    install(site, "--undo", "20000101T000000Z").expect(3)


@pytest.mark.parametrize("point", ["apt.line:Unpacking*", "apt.line:Setting up*#2", "apt.after:*"])
def test_an_undo_that_was_killed_goes_on(site: Any, root: Path, point: str) -> None:
    """dpkg has changed the files beside the settings by then: nobody else has."""
    before = state(root)
    install(site).expect(0)
    killed = run("snf-install-packages", "--node", "astakos", "--undo", site=site,
                 env={"SNF_UPGRADE_FAILPOINT": point.replace(" ", "?") + "=SIGKILL"})
    assert killed.code == -9
    deadline = time.monotonic() + 60
    while (done := install(site, "--undo")).code == 75:     # dpkg itself was not killed
        assert time.monotonic() < deadline
    done.expect(0)
    assert state(root) == before
    install(site).expect(0)
    added = root / "etc/synnefo/10-snf-webproject-deploy.conf"
    added.write_bytes(added.read_bytes() + b"# mine\n")
    assert "changed since" in install(site, "--undo").expect(3).err


def test_mending_a_left_policy_is_no_newer_way_back(site: Any, root: Path) -> None:
    install(site).expect(0)
    (root / POLICY).write_text(LEFT)
    install(site, "--check").expect(5)
    install(site).expect(0)
    assert not (root / POLICY).exists()
    install(site, "--check").expect(0)
    install(site, "--undo").expect(0)
    assert packages.versions(root)["snf-astakos-app"][0] == OLD
