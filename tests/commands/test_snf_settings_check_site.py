"""snf-settings-check on a practice site: its stand-in snf-manage, its database, its nodes."""

from __future__ import annotations

import pytest

from tests.helpers.cli import run
from tests.helpers.site import PracticeSite


@pytest.fixture(scope="module")
def site(site_template):
    """Settings renamed, the email settings written; tests add files and take them away."""
    one: PracticeSite = site_template.copy()
    run("snf-settings-rename", "--node", "all", "--email", site=one).expect(0)
    yield one
    one.destroy()


@pytest.fixture
def local(site):
    """Write 99-local.conf of a node."""
    written = []

    def write(node, text):
        path = site.node(node) / "etc/synnefo/99-local.conf"
        path.write_text(text)
        written.append(path)
    yield write
    for path in set(written):
        path.unlink()


def found(site, *words):
    """{(node, check, severity)} without notes, and the exit status."""
    done = run("snf-settings-check", "--json", *words, site=site)
    assert "Traceback" not in done.err
    return {(item["node"], item["check"].partition("-")[2], item["severity"]) for item in
            done.json["findings"] if item["severity"] != "note"}, done.code


GOOD = {("astakos", "email", "warning"), ("pithos", "public-links", "warning"),
        ("pithos", "default", "warning"), ("astakos", "note", "warning")}


def test_a_site_that_was_renamed_has_no_errors(site):
    items, code = found(site, "--node", "all", "--email")
    assert code == 0 and items <= GOOD


def test_tokens_were_compared_with_those_that_are_registered(site, local):
    items = run("snf-settings-check", "--node", "all", "--json", site=site).json["findings"]
    assert not [item for item in items if item["check"] == "settings-token"]
    local("pithos", "PITHOS_SERVICE_TOKEN = 'planted-token'\n")
    done = run("snf-settings-check", "--node", "pithos", site=site).expect(4)
    assert "not the registered token" in done.out and "planted" not in done.out + done.err


def test_snf_manage_tells_what_the_text_does_not(site, local):
    local("cyclades", "CYCLADES_BASE_URL = ''.join(reversed('sedalcyc/gro.c//:sptth'))\n")
    done = run("snf-settings-check", "--node", "cyclades", "--json", site=site).expect(4)
    values = done.json["result"]["nodes"]["cyclades"]["values"]
    assert values["CYCLADES_BASE_URL"] == "https://c.org/cyclades"
    (item,) = [item for item in done.json["findings"] if item["severity"] == "error"]
    assert item["check"] == "settings-base-url" and "wanted is" in item["what"]


def test_what_stops_synnefo(site, local):
    local("pithos", "X = NO_SUCH_NAME\n")
    assert found(site, "--node", "pithos") == (
        {("pithos", "broken", "error")} | {one for one in GOOD if one[0] == "pithos"}, 4)
    local("pithos", "X = (\n")
    assert found(site, "--node", "pithos") == ({("pithos", "syntax", "error")}, 78)


def test_nodes_that_differ_and_one_address_twice(site, local):
    local("pithos", "PITHOS_BASE_URL = CYCLADES = 'https://same.org/x'\n"
                    "ASTAKOS_BASE_URL = 'https://other.org/astakos'\n")
    local("cyclades", "CYCLADES_BASE_URL = 'https://same.org/x/'\n")
    items, code = found(site, "--node", "all")
    assert code == 4
    assert {("pithos", "differs", "error"), ("pithos", "clash", "error"),
            ("pithos", "base-url", "error")} <= items


def test_stats_is_looked_at_where_its_package_is(site):
    status = site.node("cyclades") / "var/lib/dpkg/status"
    before = status.read_text()
    status.write_text(before + "\nPackage: snf-stats-app\nStatus: install ok installed\n"
                      "Architecture: all\nVersion: 0.14-1\nMaintainer: x <x@x.org>\n"
                      "Description: x\n")
    try:
        assert ("cyclades", "base-url", "error") in found(site, "--node", "cyclades")[0]
    finally:
        status.write_text(before)
    assert found(site, "--node", "cyclades")[1] == 0


def test_a_database_that_does_not_answer_is_told(site_template):
    one = site_template.copy(start=False)
    try:
        run("snf-settings-rename", "--node", "cyclades", site=one).expect(0)
        done = run("snf-settings-check", "--node", "cyclades", "--json", site=one).expect(0)
        notes = [item for item in done.json["findings"] if item["check"] == "settings-token"]
        assert notes and notes[0]["why"]
    finally:
        one.destroy()
