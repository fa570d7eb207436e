"""The screen of a step that failed: what, why, what is done, unchanged, what to type next."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence

from snftools.errors import SnfError
from snftools.output import mask
from snftools.output.text import clock, error_lines, finding_lines
from snftools.report import Finding
from snftools.upgrade.child import error_of
from snftools.upgrade.downtime import Downtime
from snftools.upgrade.job import Failure
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import Step

_FINDING = ("check", "severity", "what", "node", "where", "why", "remedy", "code", "waivable")


def lines(failure: Failure, plan: Plan) -> List[str]:
    """What failed, as the command itself said it."""
    step = failure.step
    found = _said(step, failure)
    done = (failure.answer.get("result") or {}).get("done")
    if isinstance(done, list) and done:
        found.append("  Done       %d thing%s by %s, see the log" % (
            len(done), "" if len(done) == 1 else "s", _program(step)))
    found.append("  Log        %s" % failure.log)
    return found


def _said(step: Step, failure: Failure) -> List[str]:
    error = error_of(failure.answer)
    if error:
        told = SnfError(str(error.get("what")), node=str(error.get("node") or ""),
                        why=str(error.get("why") or ""),
                        unchanged=str(error.get("unchanged") or ""),
                        next=str(error.get("next") or ""))
        return error_lines(_program(step), told)
    errors = findings(failure.answer, ("error",))
    if errors:
        return [line for finding in errors for line in finding_lines(finding)]
    found = ["%s: %s: exit %d%s" % (_program(step), step.where, failure.exit,
                                    ": " + failure.why if failure.why else "")]
    return found + ["    " + mask.clean(line)[:76] for line in failure.tail]


def findings(answer: Mapping[str, Any], severities: Sequence[str]) -> List[Finding]:
    """The findings of a JSON answer."""
    return [Finding(**{key: value[key] for key in _FINDING if key in value})
            for value in answer.get("findings") or () if value.get("severity") in severities]


def ending(failures: Sequence[Failure], plan: Plan, done: Sequence[str], down: Downtime,
           site: str) -> List[str]:
    """What to type next, and how far the run came."""
    first = failures[0].step
    found = [""]
    if down.since and down.until is None:
        found.append("Services are down since %s." % clock(down.seconds))
    found.append("Mend it, then go on:       snf-upgrade run --site %s" % site)
    found.append("Only this step, by hand:   %s" % " ".join(_short(first)))
    found.append("Or go back:                snf-upgrade rollback --check --site %s" % site)
    found.append("To ask others:             snf-upgrade report --bundle FILE --site %s" % site)
    found += ["", _count(failures, plan, done)]
    return found


def back_ending(failures: Sequence[Failure], again: str) -> List[str]:
    """What to type next when a line of the way back failed."""
    first = failures[0].step
    return ["", "The way back is not ended; `snf-upgrade run` refuses until it is.",
            "Mend it, then go on:       " + again,
            "Only this line, by hand:   %s" % " ".join(_short(first))]


def _count(failures: Sequence[Failure], plan: Plan, done: Sequence[str]) -> str:
    rows = [row.name for row in plan.rows
            if all(step.id in done for step in plan.of_row(row.name))]
    failed = list(dict.fromkeys(failure.step.row for failure in failures))
    parts = []
    for row in failed:
        steps = plan.of_row(row)
        bad = sum(1 for failure in failures if failure.step.row == row)
        parts.append("%s failed%s" % (row, " on %d of %d nodes" % (bad, len(steps))
                                      if len(steps) > 1 else ""))
    rest = len(plan.rows) - len(rows) - len(failed)
    return "%d of %d steps done, %s, %d not begun." % (len(rows), len(plan.rows),
                                                       ", ".join(parts), rest)


def _program(step: Step) -> str:
    return step.argv[0].rpartition("/")[2]


def _short(step: Step) -> List[str]:
    return [_program(step), *step.argv[1:]]
