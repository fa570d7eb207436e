"""What a finished step's line says of it, from its JSON answer."""

from __future__ import annotations

from typing import Any, List, Mapping

from snftools.output.text import human_size
from snftools.upgrade.step import Step


def summary(step: Step, answer: Mapping[str, Any], how: str) -> str:
    """A few words; what an answer does not tell is not said."""
    if how == "found":
        return "found as it must be"
    result = answer.get("result") or {}
    parts: List[str] = []
    if step.row == "survey" and "running" in result:
        parts.append("%s services up, %s packages" % (result["running"], result["packages"]))
    elif step.label:
        parts.append(_set(result.get("set")))
    else:
        parts.append(_told(result))
    warnings = sum(1 for finding in answer.get("findings") or ()
                   if finding.get("severity") == "warning")
    if warnings:
        parts.append("%d warning%s" % (warnings, "" if warnings == 1 else "s"))
    return ", ".join(part for part in parts if part)


def _told(result: Mapping[str, Any]) -> str:
    """Packages, edits, migrations, addresses: whichever the answer has."""
    nodes = [value for value in (result.get("nodes") or {}).values() if isinstance(value, dict)]
    counts = (("package", [row for node in nodes for row in node.get("packages") or ()]),
              ("edit", [row for node in nodes for row in node.get("edits") or ()]),
              ("migration", [name for row in result.get("steps") or ()
                             for name in row.get("applied") or ()]),
              ("address", result.get("http") or ()),
              ("API service", result.get("services") or ()))
    for word, rows in counts:
        if rows:
            return "%d %s%s" % (len(rows), word, "" if len(rows) == 1 else
                                "es" if word.endswith("s") else "s")
    if result.get("carried_over") is not None:
        return "limit %s, %s own limits" % (result.get("limit"), result["carried_over"])
    return ""


def _set(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    databases = value.get("databases") or []
    size = human_size(sum(int(row.get("size") or 0) for row in databases))
    levels = sorted({str(row.get("level")) for row in databases if row.get("level")})
    return "%d database%s, %s, by %s" % (len(databases), "" if len(databases) == 1 else "s",
                                         size, ", ".join(levels) or "nothing")
