"""What `make cuts` believes of a fault: that it came, and while which step."""

from __future__ import annotations

from tests.helpers import cutting


def row(step, event):
    return {"step": step, "event": event}


def test_a_step_is_at_work_from_its_begin_to_its_end_in_the_newest_attempt():
    old = [row("", "begun"), row("survey", "begun")]
    new = [row("", "begun"), row("stop.astakos", "begun"), row("quiet", "begun")]
    assert cutting.at_work(old) == {"survey"}
    assert cutting.at_work(old + new) == {"stop.astakos", "quiet"}
    assert cutting.at_work(new + [row("quiet", "failed")]) == {"stop.astakos"}


def test_each_round_has_each_phase_and_five_bring_each_fault_to_it():
    rounds = [cutting.places(number) for number in cutting.rounds("1/1")]
    for place in zip(*rounds):
        assert len({where.step.split(".")[0] for where in place}) == 1
        assert {where.how for where in place} == set(cutting.HOWS)
    assert all(len({place.step for place in places}) == len(places) for places in rounds)
    assert sum(map(len, rounds)) == 80


def test_the_parts_are_all_rounds_once():
    parts = [cutting.rounds("%d/3" % part) for part in (1, 2, 3)]
    assert sorted(sum(parts, [])) == [0, 1, 2, 3, 4]
    assert cutting.rounds("2/5") == [1]
