"""What a finished step's line says of it, from its JSON answer."""

from __future__ import annotations

from typing import Any, List, Mapping

from snftools.upgrade.step import Step


def summary(step: Step, answer: Mapping[str, Any], how: str) -> str:
    """A few words; what an answer does not tell is not said."""
    if how == "found":
        return "found as it must be"
    result = answer.get("result") or {}
    parts: List[str] = []
    if step.row == "survey":
        parts.append("%s services up, %s packages" % (result.get("running"),
                                                      result.get("packages")))
    elif step.label:
        parts.append(_set(result.get("set")))
    elif answer and not answer.get("changed") and step.kind == "state":
        parts.append("nothing to do")
    warnings = sum(1 for finding in answer.get("findings") or ()
                   if finding.get("severity") == "warning")
    if warnings:
        parts.append("%d warning%s" % (warnings, "" if warnings == 1 else "s"))
    return ", ".join(part for part in parts if part)


def _set(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    databases = value.get("databases") or []
    return "%d database%s, %s" % (len(databases), "" if len(databases) == 1 else "s",
                                  value.get("name", ""))
