"""What a plan of edits refuses, leaves alone or goes on from, where a case would be too large."""

from __future__ import annotations

import gc
from types import SimpleNamespace

import pytest

from snftools.errors import Failed, Refused
from snftools.node.root import RootNode
from snftools.release import Release
from snftools.settings import asked, proof, rename, syntax
from snftools.settings.directory import SettingsDir
from snftools.settings.edits import Edit, EditSet
from snftools.settings.rules import Given, Rules
from snftools.settings.source import parse
from snftools.settings.values import NotEvaluated
from tests.settings import cases

CYCLADES = ("--role cyclades --base-url astakos=https://a.org/astakos "
            "--base-url cyclades=https://c.org/cyclades --token cyclades=t0ken")


def planned(text, args=CYCLADES):
    return cases.run_plan({"20-a.conf": text.encode()}, cases.options(args))


def refused(plan):
    return [finding.what for finding in plan.findings if finding.severity == "error"]


@pytest.mark.parametrize("value", [
    "f() + G", "f() + u'\\u1234/im/authenticate'", "f() + '/other'"])
def test_a_suffix_that_cannot_be_seen_is_not_taken_away(value):
    (what,) = refused(planned("ASTAKOS_URL = %s\n" % value, "--role cyclades"))
    assert what.startswith("the value of ASTAKOS_URL is computed")


@pytest.mark.parametrize("value, given, after", [
    ("APP_INSTALL_URL + '/x'", True, "'https://a.org/astakos'"),
    ("f(APP_INSTALL_URL)", True, "'https://a.org/astakos'"),
    ("APP_INSTALL_URL + '/im/authenticate'", False, "CYCLADES_BASE_URL"),
    ("APP_INSTALL_URL + '/a/im/authenticate'", False, "CYCLADES_BASE_URL + '/a'")])
def test_a_name_in_a_value_goes_with_it_or_is_renamed_there(value, given, after):
    text = "APP_INSTALL_URL = 'https://c.org/cyclades'\nASTAKOS_URL = %s\n" % value
    plan = planned(text, CYCLADES if given else CYCLADES.replace(
        "--base-url astakos=https://a.org/astakos", ""))
    assert refused(plan) == []
    lines = plan.edits.contents()["20-a.conf"].decode().splitlines()
    assert "ASTAKOS_BASE_URL = " + after in lines
    assert sum(edit.before == "APP_INSTALL_URL" for edit in plan.edits.edits) == 2 - given


def test_a_new_setting_does_not_stand_beside_a_conditional_one():
    plan = planned("if f():\n    CYCLADES_SERVICE_TOKEN = 'x'\nA = 1\n")
    (text,) = [data.decode() for name, data in plan.edits.contents().items()
               if b"CYCLADES_BASE_URL" in data]
    assert "    CYCLADES_BASE_URL" not in text


def test_a_removed_setting_in_a_block_stays_and_what_uses_its_user_too():
    text = ("if f():\n    CYCLADES_USE_QUOTAHOLDER = True\n"
            "A = CYCLADES_QUOTAHOLDER_URL\nB = A\n")
    plan = planned(text, CYCLADES + " --comment-removed")
    after = {**{"20-a.conf": text.encode()}, **plan.edits.contents()}["20-a.conf"].decode()
    assert "\n    CYCLADES_USE_QUOTAHOLDER" in after and "\nB = A" in after


def edit_set(text, *edits):
    rules = Rules.of("0.14", Release.read().part("settings"), ["astakos"])
    made = EditSet(SettingsDir.of("/etc/synnefo", [("a.conf", text.encode())]), rules)
    made.edits.extend(edits)
    return made


def an_edit(start, end, new):
    return Edit("a.conf", 1, start, end, new, "rule", "X")


def test_an_edit_that_changes_nothing_writes_nothing_and_two_that_meet_are_an_error():
    assert edit_set("X = 1\n", an_edit(4, 5, "1")).contents() == {}
    with pytest.raises(ValueError):
        edit_set("X = 1\n", an_edit(0, 5, "Y"), an_edit(4, 5, "2")).contents()


def test_a_rule_has_no_home_on_a_node_without_its_role():
    rule = Rules.of("0.14", Release.read().part("settings"), ["cyclades"]).rows[0]
    assert rule.home([]) == ""


class Plan(SimpleNamespace):
    def refuse(self, what, place, why, remedy):
        self.said.append(what)


class Staged(SimpleNamespace):
    def value(self, name, default=None):
        if isinstance(self.found, NotEvaluated):
            raise self.found
        return self.found

    def where(self, name):
        return "a.conf:1"


def test_a_value_that_came_out_otherwise_is_refused():
    rule = Rules.of("0.14", Release.read().part("settings"), ["astakos"]).rows[0]
    plan = Plan(said=[], wanted={"X": rule})
    proof._expected(plan, Staged(found="other"), "X", "wanted")
    assert plan.said == ["X would not have the value that is wanted"]


@pytest.mark.parametrize("comment_removed, said", [(False, ["X would be lost by the edits"]),
                                                   (True, [])])
def test_a_setting_that_the_edits_lose_is_refused(comment_removed, said):
    before = edit_set("X = 1\n")
    plan = Plan(said=[], edits=before)
    proof._others(plan, SettingsDir.of("/etc/synnefo", [("a.conf", b"Y = 1\n")]),
                  comment_removed)
    assert plan.said == said


def test_files_are_read_also_where_nothing_collects():
    gc.disable()
    try:
        assert SettingsDir.of("/s", [("a.conf", b"X = 1\n")]).value("X") == 1
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("text, fault", [
    ("X = 1 + 08\n", None), ("X = 08\n", None), ("X = [u'\\u1234']\n", None),
    ("from __future__ import print_function\nprint('a', file=f)\n", None),
    ("raise E, 'x'\n", None), ("X = (1\n", "'(' is never closed"),
    ("X = 1 2\n", "a syntax error")])
def test_what_is_python_2(text, fault):
    found = list(parse("a.conf", text.encode()).faults)
    assert [what for _, what in found] == ([fault] if fault else [])


def test_a_bracket_that_is_not_closed_ends_with_the_line():
    assert syntax._closing(["(", "a", ","], 0) == 2


# -- asking the node ---------------------------------------------------------------------------

def test_what_the_nodes_python_says_of_the_staged_files_is_told(tmp_path, monkeypatch):
    (tmp_path / "etc/synnefo").mkdir(parents=True)
    (tmp_path / "etc/synnefo/a.conf").write_text("ASTAKOS_BASEURL = 'https://a.org'\n")
    node = RootNode("n1", ("astakos",), str(tmp_path))
    rules = Rules.of("0.14", Release.read().part("settings"), ["astakos"])
    from snftools.settings.plan import make_plan
    plan = make_plan(SettingsDir.read(node), rules, Given({"astakos": "https://a.org/astakos"}))
    told = SimpleNamespace(severity="note")
    monkeypatch.setattr(asked, "check_staged", lambda *_: told)
    monkeypatch.setattr(rename, "write_all", lambda *_: ["written"])
    assert rename.write(plan, node, SimpleNamespace(id="x")) == ["written"]
    assert plan.findings[-1] is told


def test_a_node_that_does_not_answer_is_told_as_that(monkeypatch):
    def failed(*_):
        raise Failed("no answer")
    monkeypatch.setattr(asked, "has_program", failed)
    assert asked.ask_if_there(SimpleNamespace(), "/etc/synnefo").failed == "no answer"


def test_nothing_kept_is_nothing_to_undo():
    with pytest.raises(Refused) as caught:
        rename.undo(SimpleNamespace(name="n1"), None, True)
    assert "nothing to undo" in str(caught.value)
