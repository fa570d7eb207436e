"""How far a run is, from its journal alone."""

from __future__ import annotations

from typing import Any, Dict, List

from snftools.output.text import clock, local_time
from snftools.upgrade.journal import Journal, Record

_STEP_EVENTS = ("begun", "done", "failed", "found", "accepted", "undo-begun", "undone")


def lines(journal: Journal, headline: str) -> List[str]:
    """The screen of `snf-upgrade status`."""
    found = ["%s   run %s" % (headline, journal.run), ""]
    for step_id, record in last_events(journal).items():
        begun = journal.last(step_id, "begun")
        took = ""
        if begun and record.event == "done":
            took = clock((record.moment - begun.moment).total_seconds())
        word = "FAILED" if record.event == "failed" else record.event
        found.append(("%s  %-26s %-7s %6s  %s" % (
            local_time(record.moment, "%d %b %H:%M:%S"), step_id, word, took,
            str(record.proof.get("what") or "")[:24])).rstrip())
    found += ["", _ending(journal)]
    return found


def record_line(record: Record) -> str:
    """One record, as `status --follow` shows it."""
    word = "FAILED" if record.event == "failed" else record.event
    return ("%s  %-26s %-10s  %s" % (
        local_time(record.moment, "%d %b %H:%M:%S"), record.step or "(run)", word,
        str(record.proof.get("what") or record.proof.get("why") or "")[:34])).rstrip()


def last_events(journal: Journal) -> Dict[str, Record]:
    """The newest record of each step, in the order in which they were first touched."""
    found: Dict[str, Record] = {}
    for record in journal.records:
        if record.step and record.event in _STEP_EVENTS:
            found[record.step] = record
    return found


def counts(journal: Journal) -> Dict[str, Any]:
    """How many steps of the last attempt's plan are done, failed, begun, not begun."""
    attempt = journal.last("", "begun")
    planned = list((attempt.proof.get("plan") or {}) if attempt else {})
    events = last_events(journal)
    done = [step for step in planned if step in events
            and events[step].event in ("done", "found", "accepted")]
    failed = [step for step in planned if step in events and events[step].event == "failed"]
    begun = [step for step in planned if step in events and events[step].event == "begun"]
    return {"planned": planned, "done": done, "failed": failed, "begun": begun,
            "left": [step for step in planned if step not in done + failed + begun]}


def _ending(journal: Journal) -> str:
    count = counts(journal)
    if not count["planned"]:
        return "No attempt yet.  Next: snf-upgrade run"
    text = "%d of %d command lines done" % (len(count["done"]), len(count["planned"]))
    for word in ("failed", "begun"):
        if count[word]:
            text += ", %s: %s" % (word, ", ".join(count[word]))
    end, begin = journal.last("", "done", "failed"), journal.last("", "begun")
    assert begin is not None
    if end is None or end.seq < begin.seq:
        text += ".  It is running, or was cut off"
    if count["left"] or count["failed"] or count["begun"]:
        text += ".  Next: snf-upgrade run"
    return text
