"""Which packages a node must have, and which versions are chosen for it."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest

from snftools.errors import Refused
from snftools.node import open_node
from snftools.packages import wanted
from snftools.packages.query import Package
from snftools.release import Release
from snftools.site import NodeEntry

NEW = "0.14-1~squeeze"
LOCKSTEP = ("snf-common", "python-astakosclient", "snf-django-lib", "snf-webproject",
            "snf-branding", "snf-astakos-app")


class World:
    """What dpkg has and what apt offers; versions are compared by the machine's dpkg."""

    def __init__(self, monkeypatch: Any) -> None:
        self.node = open_node(NodeEntry("here", roles=("astakos",), address="local"))
        self.part = Release.read().part("packages")
        self.has: Dict[str, Package] = {}
        self.offers: Dict[str, List[str]] = {name: ["0.13-1", NEW] for name in LOCKSTEP}
        self.offers["python-objpool"] = ["0.2-1"]
        monkeypatch.setattr(wanted, "installed", self._installed)
        monkeypatch.setattr(wanted, "candidates", self._candidates)

    def _installed(self, node: Any, names: Any = ()) -> Dict[str, Package]:
        return {name: self.has[name] for name in names if name in self.has}

    def _candidates(self, node: Any, names: Any) -> Dict[str, List[str]]:
        return {name: list(self.offers.get(name, [])) for name in names}

    def put(self, name: str, version: str, want: str = "install",
            state: str = "installed") -> None:
        self.has[name] = Package(name, version, want, state)

    def put_all(self, version: str) -> None:
        for name in LOCKSTEP:
            self.put(name, version)
        self.put("python-objpool", "0.2-1")

    def problems(self, target: str = "") -> Dict[str, str]:
        return {row.name: row.problem for row in wanted.judge(self.node, self.part, target)
                if row.problem}

    def choose(self, target: str = "") -> Dict[str, str]:
        return wanted.choose(self.node, self.part, target)


@pytest.fixture
def world(monkeypatch: Any) -> World:
    return World(monkeypatch)


def test_a_finished_node_has_no_problem(world: World) -> None:
    world.put_all(NEW)
    assert world.problems() == {}
    assert world.problems(NEW) == {}
    assert set(world.problems("0.14.1-1")) == set(LOCKSTEP)


def test_what_is_wrong_is_named(world: World) -> None:
    world.put_all(NEW)
    world.put("snf-common", "0.13-1")
    world.put("snf-webproject", NEW, state="unpacked")
    world.put("snf-branding", NEW, state="config-files")
    del world.has["python-objpool"]
    assert world.problems() == {
        "python-objpool": "not installed", "snf-common": "not in the range",
        "snf-webproject": "unpacked", "snf-branding": "not installed"}


def test_the_pair_must_be_one_version_though_both_are_in_range(world: World) -> None:
    world.put_all(NEW)
    world.put("snf-webproject", "0.14.1-1")
    assert world.problems() == {"snf-common": "older than snf-webproject"}
    for name in LOCKSTEP:
        world.offers[name].append("0.14.1-1")
    assert {world.choose()[name] for name in LOCKSTEP} == {"0.14.1-1"}


def test_another_package_may_differ_inside_the_range(world: World) -> None:
    world.put_all(NEW)
    world.put("snf-branding", "0.14.1-1")
    assert world.problems() == {}


def test_all_of_one_source_get_the_newest_that_each_has(world: World) -> None:
    world.put_all("0.13-1")
    for name in LOCKSTEP:
        world.offers[name] += ["0.14.10-1~wheezy", "0.14.1-1"]
    assert {world.choose()[name] for name in LOCKSTEP} == {"0.14.1-1"}
    world.offers["snf-branding"].remove("0.14.1-1")
    assert {world.choose()[name] for name in LOCKSTEP} == {NEW}
    assert world.choose()["python-objpool"] == "0.2-1"


def test_the_target_alone_will_do(world: World) -> None:
    for name in LOCKSTEP:
        world.offers[name].append("0.14.1-1")
    assert world.choose(NEW)["snf-common"] == NEW
    with pytest.raises(Refused, match="0.14.0-1"):
        world.choose("0.14.0-1")


@pytest.mark.parametrize("target", ["0.13-1", "0.14.2-1", "1:0.14-1"])
def test_a_target_outside_of_the_range_is_refused(world: World, target: str) -> None:
    with pytest.raises(Refused, match="not in the release's range"):
        wanted.check_target(world.node, world.part, target)


def test_nothing_in_range_names_who_lacks_it(world: World) -> None:
    world.offers["snf-branding"] = ["0.14.10-1"]
    with pytest.raises(Refused) as caught:
        world.choose()
    assert "snf-branding" in caught.value.what and "snf-common" not in caught.value.what
    assert "0.14.10-1" in caught.value.why


def test_what_is_installed_counts_as_on_offer(world: World) -> None:
    world.put_all(NEW)
    world.put("snf-astakos-app", "0.13-1")
    for name in LOCKSTEP[:-1]:
        world.offers[name] = []
    assert world.choose()["snf-astakos-app"] == NEW


def test_never_backwards(world: World) -> None:
    world.put_all(NEW)
    world.put("snf-common", "0.14.10-1")
    with pytest.raises(Refused, match="snf-common 0.14.10-1"):
        world.choose()


def test_a_held_package_is_refused_only_when_it_would_change(world: World) -> None:
    world.put_all("0.13-1")
    world.put("snf-webproject", NEW, want="hold")
    assert world.choose()["snf-webproject"] == NEW
    world.put("snf-webproject", "0.13-1", want="hold")
    with pytest.raises(Refused, match="on hold: snf-webproject"):
        world.choose()
