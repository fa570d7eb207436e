"""What dpkg and apt print, read: the lines were seen on real nodes (OBSERVED K)."""

from __future__ import annotations

import shutil

import pytest

from snftools.errors import Failed
from snftools.node.local import LocalNode
from snftools.packages import apt, conffiles, query
from snftools.release import Release

NODE = LocalNode("here", ())


def test_a_name_that_occurs_only_in_conflicts_is_not_there() -> None:
    found = query.parse_installed([
        "snf-common\t0.14-1~squeeze\tinstall ok installed",
        "snf-quotaholder-app\t\tunknown ok not-installed",
        "snf-webproject\t0.14-1~squeeze\tinstall ok unpacked",
        "kamaki\t0.7.9-1\tdeinstall ok config-files",
        "x\t1\thold reinstreq half-installed", "nonsense"])
    assert [name for name, one in found.items() if one.there] == [
        "snf-common", "snf-webproject", "x"]
    assert [name for name, one in found.items() if one.configured] == ["snf-common"]
    assert found["x"].want == "hold" and found["x"].error == "reinstreq"


def test_madison_lists_every_version_and_no_source_package() -> None:
    lines = [" snf-common | 0.14.10-1~wheezy | file:/repo ./ Packages",
             " snf-common | 0.14-1~squeeze | file:/repo ./ Packages",
             " snf-common | 0.14-1~squeeze | http://other/ ./ Packages",
             " snf-common | 0.15-1 | http://other/ ./ Sources"]
    assert query.parse_madison(lines, ["snf-common", "snf-branding"]) == {
        "snf-common": ["0.14.10-1~wheezy", "0.14-1~squeeze"], "snf-branding": []}


def test_audit_names_the_packages() -> None:
    text = ("The following packages have been unpacked but not yet configured.\n"
            "They must be configured using dpkg --configure or the configure\n"
            "menu option in dselect for them to work:\n"
            " snf-cyclades-app     Synnefo Compute/Network/Image package\n"
            " snf-webproject       Synnefo webproject package\n\n")
    assert query.parse_audit(text) == ["snf-cyclades-app", "snf-webproject"]
    assert query.parse_audit("") == []


@pytest.mark.skipif(not shutil.which("dpkg"), reason="no dpkg on this machine")
@pytest.mark.parametrize("version, inside", [
    ("0.14-1~squeeze", True), ("0.14.1-1~squeeze", True), ("0.14", True),
    ("0.13-1", False), ("0.14.2-1~squeeze", False), ("0.14.2~rc1-1", False),
    ("0.14.10-1~wheezy", False), ("0.14~rc5-1~squeeze", False), ("1:0.14-1", False)])
def test_the_range_of_the_release(version: str, inside: bool) -> None:
    conditions = Release.read().part("packages")["lockstep"]["range"]
    assert query.in_range(NODE, version, conditions) is inside


@pytest.mark.skipif(not shutil.which("dpkg"), reason="no dpkg on this machine")
def test_the_newest_is_dpkg_s_not_the_alphabet_s() -> None:
    assert query.newest(NODE, ["0.14.2-1", "0.14.10-1~wheezy", "0.14.9-1"]) == "0.14.10-1~wheezy"
    assert query.newest(NODE, []) == ""


def test_a_relation_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError):
        query.compare(NODE, "1", "newer", "2")
    with pytest.raises(ValueError):
        query.split_condition(">=0.14")


class _Broken(LocalNode):
    """A node whose programs all fail."""

    def run(self, argv, **more):  # type: ignore[no-untyped-def]
        return super().run(["sh", "-c", "echo no database >&2; exit 2"])


def test_a_dpkg_that_fails_is_no_answer() -> None:
    node = _Broken("broken", ())
    for ask in (lambda: query.installed(node, ["x"]), lambda: query.compare(node, "1", "<<", "2"),
                lambda: query.candidates(node, ["x"]), lambda: query.audit(node)):
        with pytest.raises(Failed, match="exit 2"):
            ask()


def test_every_package_of_a_role_has_a_range_and_a_known_application() -> None:
    part = Release.read().part("packages")
    for role, row in part["roles"].items():
        assert row["application"] in row["packages"], role
        for name in row["packages"]:
            assert query.range_of(part, name), name
    assert query.range_of(part, "kamaki") == []
    both = query.package_names(part, ("cyclades", "astakos"))
    assert len(both) == len(set(both)) and {"snf-astakos-app", "snf-cyclades-app"} <= set(both)


def test_simulation_lines() -> None:
    actions = apt.parse_simulation([
        "NOTE: This is only a simulation!",
        "Remv snf-quotaholder-app [0.13-1]",
        "Inst snf-common [0.13-1] (0.14-1~squeeze localhost [all]) []",
        "Inst python-objpool (0.2-1~squeeze localhost [all])",
        "Inst libx:amd64 [1] (2 Debian:12.1/stable [amd64])",
        "Conf snf-common (0.14-1~squeeze localhost [all])",
        "Purg kamaki [0.7.9-1]"])
    assert [(one.kind, one.name, one.old, one.new) for one in actions] == [
        ("Remv", "snf-quotaholder-app", "0.13-1", ""),
        ("Inst", "snf-common", "0.13-1", "0.14-1~squeeze"),
        ("Inst", "python-objpool", "", "0.2-1~squeeze"),
        ("Inst", "libx", "1", "2"),
        ("Conf", "snf-common", "", "0.14-1~squeeze"),
        ("Purg", "kamaki", "0.7.9-1", "")]


def test_conffile_lines() -> None:
    assert conffiles.parse_conffiles([
        "",
        " /etc/synnefo/20-snf-cyclades-app-quotas.conf "
        "0123456789abcdef0123456789abcdef obsolete",
        " /etc/default/with space 0123456789abcdef0123456789abcdef",
        " /etc/x newconffile", "nothing"]) == [
            "/etc/synnefo/20-snf-cyclades-app-quotas.conf", "/etc/default/with space", "/etc/x"]
