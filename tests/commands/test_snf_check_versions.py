"""snf-check-versions as a command line: a table, and exit 4 with the line that mends it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.helpers import packages
from tests.helpers.cli import Done, run

NEW = "0.14-1~squeeze"


@pytest.fixture(scope="module")
def site(site_template: Any) -> Iterator[Any]:
    """A site whose services were never started, its astakos node at the new release."""
    copied = site_template.copy(start=False)
    run("snf-install-packages", "--node", "astakos", site=copied).expect(0)
    yield copied
    copied.destroy()


@pytest.fixture
def root(site: Any) -> Iterator[Path]:
    """The astakos node; dpkg's database is put back after the test."""
    path = site.node("astakos")
    status = path / "var/lib/dpkg/status"
    before = status.read_bytes()
    yield path
    status.write_bytes(before)


def check(site: Any, *words: Any) -> Done:
    return run("snf-check-versions", "--node", "astakos", *words, site=site)


def edit(root: Path, name: str, pattern: str, replacement: str) -> None:
    """Change one package's paragraph of dpkg's status file."""
    path = root / "var/lib/dpkg/status"
    paragraphs = path.read_text().split("\n\n")
    (number,) = [i for i, text in enumerate(paragraphs)
                 if text.lstrip().startswith("Package: %s\n" % name)]
    changed = re.sub(pattern, replacement, paragraphs[number])
    assert changed != paragraphs[number]
    paragraphs[number] = changed
    path.write_text("\n\n".join(paragraphs))


def errors(done: Done) -> Any:
    return {finding["check"]: finding for finding in done.json["findings"]
            if finding["severity"] == "error"}


def test_the_new_release(site: Any, root: Path) -> None:
    done = check(site).expect(0)
    for name in ("snf-webproject", "snf-common", "python-astakosclient", "python-objpool"):
        assert re.search(r"(?m)^ +astakos +%s +\S+ .* ok$" % name, done.out)
    document = check(site, "--json").expect(0).json
    assert document["changed"] is False
    rows = document["result"]["nodes"]["astakos"]["packages"]
    assert {row["name"]: row["version"] for row in rows}["snf-astakos-app"] == NEW


def test_an_old_package_that_no_role_lists_is_a_note(site: Any, root: Path) -> None:
    assert packages.versions(root)["snf-pithos-backend"][0] == "0.13-1"
    notes = [finding for finding in check(site, "--json").expect(0).json["findings"]
             if finding["where"] == "snf-pithos-backend"]
    assert [note["severity"] for note in notes] == ["note"]


def test_the_old_release(site: Any) -> None:
    done = run("snf-check-versions", "--node", "pithos", site=site).expect(4)
    assert "snf-install-packages --node pithos" in done.out
    assert "snf-pithos-webclient 0.13.1-1: not in the range" in done.out


@pytest.mark.parametrize("name", ["python-astakosclient", "python-objpool"])
def test_what_no_package_depends_on_is_missed(site: Any, root: Path, name: str) -> None:
    assert packages.tool(root, "dpkg", "--purge", name).returncode == 0
    try:
        found = errors(check(site, "--json").expect(4))
        assert name + ": not installed" in found["package-version"]["what"]
        assert found["package-version"]["remedy"] == "snf-install-packages --node astakos"
    finally:
        run("snf-install-packages", "--node", "astakos", site=site).expect(0)


def test_the_pair_differs(site: Any, root: Path) -> None:
    edit(root, "snf-common", "Version: .*", "Version: 0.14.1-1")
    done = check(site).expect(4)
    assert "snf-common 0.14.1-1" in done.out and "snf-webproject " + NEW in done.out
    # The line that mends it must not call the same node finished.
    assert run("snf-install-packages", "--node", "astakos", "--check",
               site=site).code in (3, 5)


def test_half_configured(site: Any, root: Path) -> None:
    edit(root, "snf-branding", "Status: .*", "Status: install ok unpacked")
    assert "snf-branding %s: unpacked" % NEW in check(site).expect(4).out
    edit(root, "gunicorn", "Status: .*", "Status: install ok half-configured")
    assert "gunicorn" in errors(check(site, "--json").expect(4))["dpkg-audit"]["what"]


def test_the_target(site: Any, root: Path) -> None:
    check(site, "--target", NEW).expect(0)
    assert "not the target" in check(site, "--target", "0.14.1-1").expect(4).out
    check(site, "--target", "0.13-1").expect(3)


def test_a_node_without_dpkg_is_not_found_out(site: Any, root: Path) -> None:
    program = root / "usr/bin/dpkg-query"
    program.rename(root / "usr/bin/away")
    try:
        assert "dpkg-query" in check(site).expect(1).err
    finally:
        (root / "usr/bin/away").rename(program)


def test_without_site_conf(site: Any, root: Path, tmp_path: Path) -> None:
    env = {"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}
    run("snf-check-versions", "--node", root, env=env).expect(0)
    run("snf-check-versions", "--node", site.node("pithos"), env=env).expect(4)
    run("snf-check-versions", "--node", site.node("pithos"), "--role", "astakos",
        env=env).expect(4)


def test_a_node_that_cannot_be_asked_does_not_hide_the_others(site_template: Any,
                                                              tmp_path: Path) -> None:
    text = site_template.conf.read_text().replace(
        'root = "%s"' % site_template.node("cyclades"), 'address = "127.0.0.1:1"')
    conf = tmp_path / "site.conf"
    conf.write_text(text)
    done = run("snf-check-versions", "--json", "--site", conf).expect(1)
    assert set(done.json["result"]["nodes"]) == {"astakos", "pithos", "ganeti"}
    (failed,) = [one for one in done.json["findings"] if one["check"] == "failed"]
    assert (failed["node"], failed["what"]) == ("cyclades", "can't be reached by ssh")
    listed = run("snf-services", "status", "--site", conf).expect(1)
    assert "gunicorn" in listed.out and "can't be reached" in listed.out
    alone = run("snf-check-versions", "--node", "cyclades", "--site", conf).expect(1)
    assert "can't be reached by ssh" in alone.err
    planned = run("snf-install-packages", "--check", "--json", "--site", conf).expect(1)
    assert "astakos" in planned.json["result"]["nodes"]
