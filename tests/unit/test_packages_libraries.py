"""The libraries that a node and its spare must have alike, and those that are not known to do."""

from types import SimpleNamespace

import pytest

from snftools.packages import libraries, query
from snftools.release import Release
from snftools.upgrade.rehearsal import spare

RELEASE = Release.read()
PART = RELEASE.part("packages")
ROWS = {"snf-cyclades-app": "0.13-1", "python-crypto": "2.1.0-2", "python-django": "1.2.3"}


def node(roles=("cyclades",), **versions):
    """A node whose dpkg knows these packages, by name with _ for -."""
    rows = {**ROWS, **{name.replace("_", "-"): version for name, version in versions.items()}}

    def run(argv, **how):
        return SimpleNamespace(exit=0, error_text="", lines=[
            "%s\t%s\tinstall ok installed" % (name, rows[name]) for name in argv[4:]
            if rows.get(name)])
    return SimpleNamespace(name="n", roles=roles, run=run)


@pytest.mark.parametrize("version, known", [("2.1.0-2", True), ("2.6.1-5", False), ("", True)])
def test_a_library_that_is_not_known_to_do(monkeypatch, version, known):
    monkeypatch.setattr(query, "compare", lambda node, a, op, b: a < b)
    found = libraries.unknown(node(python_crypto=version), PART)
    assert found == ([] if known else [(
        "python-crypto", version, PART["libraries"]["python-crypto"]["why"])])
    assert libraries.unknown(node(("ganeti",), python_crypto=version), PART) == []


@pytest.mark.parametrize("live, there, words", [
    ({}, {}, ""),
    ({}, {"python_crypto": "2.6.1-5"}, "python-crypto=2.1.0-2"),
    ({}, {"python_crypto": ""}, "python-crypto=2.1.0-2"),
    ({}, {"python_memcache": "1.45-1"}, "python-memcache-"),
    ({"python_memcache": "1.45-1"}, {}, "python-memcache=1.45-1"),
    ({}, {"python_django": "1.4"}, "python-django=1.2.3"),
    ({}, {"python_httplib2": "9"}, ""),
])
def test_a_spare_has_the_libraries_of_the_live_node_and_no_more(monkeypatch, live, there, words):
    monkeypatch.setattr(spare.services, "states", lambda node, release: [])
    found = spare.unfit([node(**live)], node(**there), RELEASE)
    assert [one.remedy for one in found] == (["apt-get install " + words] if words else [])
