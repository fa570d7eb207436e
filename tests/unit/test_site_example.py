"""doc/site.conf.example: Site.read takes it, and it explains every key that there is."""

from __future__ import annotations

import re
from pathlib import Path

from snftools import site
from snftools.settings.rules import people
from snftools.site import COMPONENTS, EMAIL_KEYS, ROLES, Site

EXAMPLE = Path(__file__).resolve().parents[2] / "doc/site.conf.example"


def uncommented() -> str:
    """The example with the keys that it only shows."""
    return re.sub(r"^#(?=\w+ = |\[)", "", EXAMPLE.read_text(), flags=re.M)


def test_it_is_read_as_it_stands() -> None:
    read = Site.read(str(EXAMPLE))
    assert tuple(read.components) == COMPONENTS
    assert {role for node in read.nodes for role in node.roles} == set(ROLES)
    assert read.target == "" and read.waive == ()
    assert read.databases.node == "database"
    assert [node.name for node in read.nodes if node.offline] == ["ganeti2"]
    assert [node.become for node in read.with_role("cyclades")] == ["sudo"]
    assert set(read.email) == set(EMAIL_KEYS)
    assert read.email["subject_prefix"] == "[example-cloud] "
    for key in ("helpdesk", "managers", "admins"):
        assert people(read.email[key])
    assert len(read.email["admins"]) == 2


def test_what_it_only_shows_is_read_too(tmp_path: Path) -> None:
    conf = tmp_path / "site.conf"
    conf.write_text(uncommented())
    read = Site.read(str(conf))
    assert read.target == "0.14-1~squeeze"
    assert read.waive == ("foreign-session",)
    assert read.components["cyclades"].ui_url == "https://www.example.org/cyclades/"
    assert read.databases.of("snf_pithos").node == "storage"
    assert read.databases.of("snf_astakos").admin.startswith("postgresql://")


def test_every_key_is_in_it() -> None:
    known = set(re.findall(r"^(\w+) = ", site._SPEC, re.M))
    assert set(re.findall(r"^(\w+) = ", uncommented(), re.M)) == known


def test_every_key_is_explained() -> None:
    """Above each key, or above its group of keys, stands a comment."""
    lines = EXAMPLE.read_text().splitlines()
    assert all(len(line) <= 90 and line.isascii() for line in lines)
    seen = set()
    for before, line in zip(lines, lines[1:]):
        match = re.match(r"#?(\w+) = ", line)
        if match and before.startswith("# "):
            seen.add(match.group(1))
    grouped = {"state_dir", "become", "base_url", "helpdesk", "managers", "admins",
               "subject_prefix", "host"}
    assert seen >= set(re.findall(r"^(\w+) = ", site._SPEC, re.M)) - grouped
