"""What a rehearsal says at its end, and what it leaves for `plan`."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any, Dict, List, Mapping, Optional

from snftools.commands.upgrade import rehearse_ready as ready
from snftools.commands.upgrade.common import Ended, Upgrade
from snftools.report import Finding, Report
from snftools.settings import outward
from snftools.upgrade import facts
from snftools.upgrade.child import error_of
from snftools.upgrade.journal import Journal
from snftools.upgrade.rehearsal import derive, outcome
from snftools.upgrade.rehearsal.record import Record
from snftools.upgrade.screens import failure

NOT_SHOWN = ("stop and start, for nothing runs there", "services behind the real web server",
             "register-verify --http", "Ganeti")


def failures(run_dir: str, journal: Journal) -> List[Finding]:
    """The steps that failed, in their own words."""
    found: List[Finding] = []
    for record in journal.records:
        if record.event != "failed" or not record.step:
            continue
        answer = _answer(os.path.join(run_dir, "log", record.step + (
            ".check" if record.proof.get("phase") == "proof" else "") + ".json"))
        error = error_of(answer)
        told = failure.findings(answer, ("error",)) or [Finding(
            "rehearsal-step", "error", str(error.get("what") or record.proof.get("what") or
                                           "exit %s" % record.exit),
            record.node, why=str(error.get("why") or ""), remedy=str(error.get("next") or ""),
            code=record.exit or 1)]
        found += [replace(one, where=one.where or record.step) for one in told]
    return found


def warnings(run_dir: str, journal: Journal) -> List[Finding]:
    """What the steps that were made warn of, as the real run's steps will; our own file in the
    settings is none of the live site's."""
    found: List[Finding] = []
    for step in dict.fromkeys(record.step for record in journal.records
                              if record.event == "done" and record.step):
        answer = _answer(os.path.join(run_dir, "log", step + ".json"))
        found += [one for one in failure.findings(answer, ("warning",))
                  if os.path.basename(one.where.partition(":")[0]) != outward.FILE]
    return found


def _answer(path: str) -> Dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as stream:
            value = json.load(stream)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def for_live(up: Upgrade, derived: derive.Derived, copies: Mapping[str, str], finding: Finding
             ) -> Finding:
    """A finding as the live site will meet it: its node, its site.conf, its databases."""
    def text(value: str) -> str:
        value = value.replace(derived.conf, up.site.path)
        for live, copy in copies.items():
            value = value.replace(copy, live)
        return value
    names = derived.live_of.get(finding.node, (finding.node,))
    return replace(finding, node=", ".join(names), what=text(finding.what),
                   where=text(finding.where), why=text(finding.why), remedy=text(finding.remedy))


def report(up: Upgrade, derived: derive.Derived, record: Record, prepared: "ready.Prepared",
          findings: List[Finding], code: int, journal: Optional[Journal] = None) -> Report:
    """The report; what was measured is kept for `plan`."""
    from snftools.backups import sets as backups
    release = up.release
    result: Dict[str, Any] = prepared.result
    if journal is not None and journal.last("survey", "done"):
        plan = ready.derived_plan(up, derived, journal.run)
        measured = outcome.times(plan, journal, derived)
        if not code:
            record.put(measured={"time": journal.records[-1].time, "size": prepared.size,
                                 "steps": {step: took.whole
                                           for step, took in measured.items()}})
        ahead = up.plan("")
        taken = [one for one in backups.list_sets(derived.backup_dir) if one.complete()
                 and one.values.get("run") == journal.run]
        result.update(
            steps=outcome.step_rows(measured, plan, prepared.size),
            rows=outcome.migrations(taken),
            space=outcome.space(taken, prepared.size, up.site.backup_dir),
            forecast=outcome.forecast(ahead, facts.database_size(up), measured))
    result["not_shown"] = list(NOT_SHOWN)
    result["findings"] = [one.as_dict() for one in findings]
    lines = outcome.lines(result) if "forecast" in result else []
    lines += ["", "The way back went the whole way too: %s is at %s again." % (
        up.site.name + derive.SUFFIX, release.source)] if not code and lines else []
    lines.append("Next: snf-upgrade plan --site %s" % up.site.path if not code else
                 "Next: mend it on the live site, then: snf-upgrade rehearse --site %s"
                 % up.site.path)
    return Ended(changed=True, findings=tuple(findings), result=result, lines=tuple(lines),
                 exit=code)
