"""DESIGN's resume table, every cell."""

from __future__ import annotations

import pytest

from snftools.upgrade import assess, resume
from snftools.upgrade.journal import Journal
from snftools.upgrade.resume import Decision, state_step
from tests.unit.test_upgrade_plan import plan

WORDS = (resume.NONE, resume.BEGUN, resume.DONE, resume.FOUND)


@pytest.mark.parametrize("word, code, what, exit", [
    ("none", 5, "run", 0), ("none", 0, "note-found", 0),
    ("begun", 5, "run", 0), ("begun", 0, "note-done", 0),
    ("done", 0, "skip", 0), ("done", 5, "undone", 4),
    ("found", 0, "skip", 0), ("found", 5, "undone", 4)])
def test_zero_and_five(word, code, what, exit):
    assert state_step(word, code) == Decision(what, exit)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("code", [1, 3, 4, 75, 78, 130])
def test_any_other_documented_exit_stops_the_run_with_it(word, code):
    assert state_step(word, code) == Decision("stop", code)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("code", [6, 100, 127, 139, 255])
def test_undocumented_exits_count_as_failure(word, code):
    assert state_step(word, code) == Decision("stop", 1)


@pytest.mark.parametrize("protected, artefact, due", [
    (["none"], False, True), (["none"], True, False), (["begun"], False, False),
    (["done"], False, False), (["found"], False, False), (["none", "done"], False, True),
    (["done", "begun"], False, False)])
def test_a_record_is_due_only_while_what_it_protects_is_untouched(protected, artefact, due):
    assert resume.record_due(protected, artefact) is due


@pytest.mark.parametrize("undone, stop, start, due", [
    (False, 0, 0, True), (False, 5, 0, True), (False, 5, 9, False), (False, 12, 9, True),
    (True, 5, 9, True)])
def test_start_counts_from_the_last_stop(undone, stop, start, due):
    assert resume.start_due(undone, stop, start) is due


def test_stop_is_due_with_an_undone_step_alone():
    assert resume.window_due(True) and not resume.window_due(False)


@pytest.mark.parametrize("proof, change, due", [(0, 0, True), (4, 3, False), (3, 4, True)])
def test_a_proof_is_due_when_something_changed_since(proof, change, due):
    assert resume.proof_due(proof, change) is due


def test_a_set_is_overtaken_by_a_service_that_is_up_again(tmp_path):
    one = plan()
    before = {step.id for step in one.steps if step.kind == "state"}
    journal = Journal(str(tmp_path / "r" / "journal.jsonl"), "20131112T000411Z", "s", "0.14")
    taken = one.step("backup-quota")

    def overtaken(*more):
        return assess.is_overtaken(one, journal, taken, before | set(more))

    journal.append("stop.a", "done")
    assert not overtaken("start.a")  # no set
    journal.append("backup-quota", "done", proof={"set": "20131112T000500Z-after-register"})
    assert not overtaken() and overtaken("start.a")
    journal.append("start.c", "begun")
    assert overtaken()
    assert not assess.is_overtaken(one, journal, taken, before - {"quota"})  # a stop comes first
    journal.append("stop.a", "done")
    assert not overtaken("start.a")
