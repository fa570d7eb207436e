"""What apt brought along with packages, by their Depends."""

from __future__ import annotations

from snftools.packages import needs

LINES = ["app\tdpkg (>= 1.15), lib (>= 2) | lib-compat, python:any",
         "lib\t, deep", "deep\t, ", "own\t, lib", "alone\t, "]


def test_names_without_versions_and_architectures():
    assert needs.parse_needs(LINES)["app"] == {"dpkg", "lib", "lib-compat", "python"}
    assert needs.parse_needs(LINES)["deep"] == set()


def test_only_what_nothing_else_needs():
    known = needs.parse_needs(LINES)
    everything = ["lib", "deep", "own", "alone"]
    assert needs.found_in(known, ["app"], everything) == []
    del known["own"]
    assert needs.found_in(known, ["app"], everything) == ["deep", "lib"]
    assert needs.found_in(known, ["app"], ["deep"]) == []


def test_what_stays_keeps_what_it_needs_in_turn():
    known = needs.parse_needs([*LINES, "mine\t, deep"])
    del known["own"]
    assert needs.found_in(known, ["app"], ["lib", "deep"]) == ["lib"]
