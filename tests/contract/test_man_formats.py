"""site.conf(5) and release(5): every key and file is told, and what they show is valid."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator, Tuple

import pytest

from snftools import site
from snftools.release import Release
from tests.contract.test_man_pages import plain, section

CONF = "snf-upgrade-site.conf.5"
RELEASE = "snf-upgrade-release.5"
NIGHT = "snf-upgrade-tools.7"


def blocks(page: str, name: str) -> str:
    """The text shown in a section, as a reader would copy it."""
    return "\n".join(plain(block) for block in re.findall(
        r"^\.nf$\n(.*?)^\.fi$", section(page, name), re.S | re.M))


def keys() -> Iterator[Tuple[str, str]]:
    """Each section of site.conf with its keys."""
    where = ""
    for line in site._SPEC.splitlines():
        if re.match(r"\[\w+\]$", line):
            where = line
        elif " = " in line:
            yield where, line.partition(" = ")[0]


@pytest.mark.parametrize("where, key", sorted(set(keys())))
def test_every_key_of_site_conf_is_told(where: str, key: str) -> None:
    text = section(CONF, "OPTIONS")
    part = re.split(r"^\.SS ", text, flags=re.M)
    [told] = [one for one in part if one.startswith(where or '"Before any section"')]
    assert re.search(r"^\.BR? (.*\W)?%s(\W.*)?$" % key, told, re.M), (where, key)


def test_no_key_is_told_that_there_is_not() -> None:
    known = {key for _, key in keys()}
    told = re.findall(r"^\.TP\n\.BR? (.*)$", section(CONF, "OPTIONS"), re.M)
    assert {word for line in told for word in re.findall(r"[a-z_]+", line)} <= known


def test_the_example_is_a_site(tmp_path: Path) -> None:
    path = tmp_path / "site.conf"
    path.write_text(blocks(CONF, "EXAMPLES"))
    read = site.Site.read(str(path))
    assert [node.name for node in read.nodes] == ["node1", "node2", "ganeti1"]
    assert read.email["admins"] == ["Admin One <one@example.org>", "two@example.org"]


def test_every_file_of_a_release_is_told() -> None:
    files = {path.name for path in Path(Release.read().directory).glob("*.conf")}
    assert set(re.findall(r"^\.B (\S+\.conf)$", section(RELEASE, "OPTIONS"), re.M)) == files


def test_the_step_that_is_shown_is_the_releases_own() -> None:
    shown = blocks(RELEASE, "EXAMPLES").strip()
    assert shown + "\n" in (Path(Release.read().directory) / "steps.conf").read_text()


@pytest.mark.parametrize("part", ["settings", "migrations"])
def test_every_kind_is_told(part: str) -> None:
    spec = (Path(Release.read().directory) / (part + ".conf.spec")).read_text()
    kinds = re.findall(r'"([^"]+)"', re.findall(r"^kind = option\((.*)\)$", spec, re.M)[0])
    told = plain(section(RELEASE, "OPTIONS"))
    for kind in kinds:
        assert kind in told, kind


def test_the_nights_times_are_the_plans() -> None:
    """Three nodes migrate one after the other; of the rest each step's nodes go side by side."""
    shown = dict(reversed(line.split("  ", 1)) for line in blocks(NIGHT, "THE NIGHT").splitlines()
                 if re.match(r"\d+:\d\d  ", line))
    now, expected = 0, {}
    for name, row in Release.read().part("steps").items():
        expected[name] = "%d:%02d" % divmod(now, 60)
        # 1 GB in all, whichever of the databases it lies in.
        now += row["seconds"] * (3 if row["serial"] else 1) + row["seconds_per_gb"]
    expected["the end"] = "%d:%02d" % divmod(now, 60)
    assert shown == expected
