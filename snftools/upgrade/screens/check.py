"""The screen of `snf-upgrade check`."""

from __future__ import annotations

from typing import Any, List, Sequence

from snftools.output.text import human_time, table
from snftools.report import Finding
from snftools.upgrade.checks import Checked


def lines(up: Any, checked: Checked, findings: Sequence[Finding], seconds: float) -> List[str]:
    """How many checks were well where; the findings themselves follow as blocks."""
    count = len(up.site.nodes) - sum(node.offline for node in up.site.nodes)
    found = ["%s   %d nodes   %d checks   changes nothing" % (
        up.headline(), count, len(checked.names)), ""]
    roles = {node.name: ", ".join(node.roles) for node in up.site.nodes}
    found += table([(place, roles.get(place, ""), "%d ok" % ok,
                     _many(errors, "error"), _many(warnings, "warning"))
                    for place, (ok, errors, warnings) in checked.made.items()])
    offline = [node.name for node in up.site.nodes if node.offline]
    if offline:
        found.append("  left out (offline): %s" % ", ".join(offline))
    errors = [finding for finding in findings if finding.severity == "error"]
    warnings = [finding for finding in findings if finding.severity == "warning"]
    found += ["", "%s, %s, %s." % (_many(len(errors), "error") or "no errors",
                                   _many(len(warnings), "warning") or "no warnings",
                                   human_time(seconds))]
    if errors:
        found.append("`snf-upgrade run` refuses until they are mended%s." % (
            " or named in waive = %s" % ", ".join(sorted(
                {finding.check for finding in errors if finding.waivable}))
            if any(finding.waivable for finding in errors) else ""))
        found.append("Again: snf-upgrade check --site %s" % up.site.path)
    else:
        found.append("Next: snf-upgrade plan --site %s" % up.site.path)
    return found


def _many(count: int, word: str) -> str:
    return "%d %s%s" % (count, word, "" if count == 1 else "s") if count else ""
