"""Everything that a report tells, from the journal, the sets and what is left for hands."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from snftools.errors import SnfError
from snftools.upgrade import run as runs
from snftools.upgrade.accept import accepted
from snftools.upgrade.downtime import downtime
from snftools.upgrade.journal import Journal, Record
from snftools.upgrade.plan import Plan

_ENDS = ("done", "failed", "found", "accepted", "undone")


def gather(up: Any, journal: Journal, plan: Plan) -> Dict[str, Any]:
    """Plain data: strings, numbers, lists."""
    down = downtime(plan, journal)
    return {
        "site": up.site.name, "source": up.release.source,
        "target": up.site.target or up.release.name, "run": journal.run,
        "state": state_of(journal), "begun": journal.records[0].time,
        "ended": journal.records[-1].time, "steps": steps(journal),
        "forecast": _forecast(journal), "without_service": round(down.seconds, 1),
        "down_from": _text(down.since), "down_until": _text(down.until),
        "attempts": sum(1 for record in journal.records
                        if not record.step and record.event in ("begun", "undo-begun")),
        "backups": _backups(up, journal), "accepted": accepted(journal),
        "waived": [{"check": record.proof.get("check"), "what": record.proof.get("what"),
                    "node": record.node} for record in journal.records
                   if record.event == "waived"],
        "left": _left(up, journal), "offline": list(plan.offline)}


def state_of(journal: Journal) -> str:
    """One word or two for how the run stands."""
    if journal.last("", "closed"):
        back = journal.last("", "undone")
        return "rolled back" if back and not back.proof.get("to") else "closed"
    if journal.undo_stands:
        return "going back"
    return "finished" if runs.is_finished(journal) else "unfinished"


def steps(journal: Journal) -> List[Dict[str, Any]]:
    """Each time that a step was made (or undone): when, how long, how it was proven."""
    found: List[Dict[str, Any]] = []
    open_: Dict[str, Record] = {}
    for record in journal.records:
        if not record.step:
            continue
        if record.event in ("begun", "undo-begun"):
            open_[record.step] = record
        elif record.event in _ENDS:
            begun = open_.pop(record.step, record)
            found.append(_made(begun, record))
    found += [_made(begun, None) for begun in open_.values()]
    return sorted(found, key=lambda row: str(row["begun"]))


def _made(begun: Record, end: Optional[Record]) -> Dict[str, Any]:
    seconds = (end.moment - begun.moment).total_seconds() if end else 0.0
    proof = dict(end.proof) if end else {}
    return {"step": begun.step, "node": begun.node, "event": end.event if end else "begun",
            "begun": begun.time, "ended": end.time if end else "", "seconds": round(seconds, 2),
            "exit": end.exit if end else None, "command": list(begun.argv),
            "proven": _proven(end.event if end else "", proof)}


def _proven(event: str, proof: Dict[str, Any]) -> str:
    """The proof in words."""
    if event == "failed":
        return str(proof.get("what") or "")
    if event == "accepted":
        return "accepted: %s" % proof.get("why")
    if "set" in proof:
        return "set %s complete on disk" % proof["set"]
    if "files" in proof:
        return "%d files of the survey on disk" % len(proof["files"])
    if "check" in proof:
        return "its --check is 0"
    return "it ended with 0" if "proof" in proof else ""


def _forecast(journal: Journal) -> Dict[str, int]:
    """What the first attempt that had a step before it expected of it, in seconds."""
    found: Dict[str, int] = {}
    for record in journal.records:
        for step, seconds in (record.proof.get("forecast") or {}).items():
            found.setdefault(step, int(seconds))
    return found


def _backups(up: Any, journal: Journal) -> List[Dict[str, Any]]:
    from snftools.backups import sets
    names = [record.proof["set"] for record in journal.records
             if record.event == "done" and record.proof.get("set")]
    found = []
    for one in sets.list_sets(up.site.backup_dir):
        if one.name in names:
            found.append({"name": one.name, "complete": one.complete(), "size": one.size(),
                          "levels": {name: one.level(name) for name in one.databases},
                          "held": bool(one.marks())})
    for name in names:
        if name not in [row["name"] for row in found]:
            found.append({"name": name, "complete": False, "size": 0, "levels": {},
                          "held": False})
    return found


def _left(up: Any, journal: Journal) -> List[Dict[str, Any]]:
    """What hands must do, when the upgrade is through."""
    if state_of(journal) not in ("finished", "closed"):
        return []
    from snftools.upgrade import byhand
    try:
        return byhand.left(up, {})
    except SnfError as error:
        return [{"name": "unknown", "title": "could not be found out: %s" % error, "why": "",
                 "line": error.next, "node": error.node}]


def _text(moment: Any) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
