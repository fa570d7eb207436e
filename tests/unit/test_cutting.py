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


def test_the_parts_are_all_places_once():
    places = cutting.all_places()
    parts = [cutting.part(places, "%d/4" % number) for number in (1, 2, 3, 4)]
    assert len(places) >= 30
    assert sorted(sum(parts, []), key=places.index) == places
