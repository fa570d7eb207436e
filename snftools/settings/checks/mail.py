"""Who would get which mail, by the effective settings (SOURCE 2)."""

from __future__ import annotations

from typing import Any, Dict, List

from snftools.settings.checks import Subject
from snftools.settings.values import NotEvaluated


def right_shape(value: Any) -> bool:
    """A tuple or list of (name, address)."""
    return isinstance(value, (tuple, list)) and all(
        isinstance(item, (tuple, list)) and len(item) == 2
        and all(isinstance(part, str) for part in item) and "@" in item[1] for item in value)


def recipients(subject: Subject, name: str) -> List[str]:
    """The addresses of one list."""
    value = subject.value(name)
    return [item[1] for item in value] if value and right_shape(value) else []


def rows(subject: Subject) -> List[Dict[str, Any]]:
    """{about, settings, to, unknown} of each mail that this node sends, in the release's order.

    `unknown`: one of the settings cannot be computed or has a wrong shape.
    """
    found = []
    for about, row in subject.conf["mail"].items():
        if not set(row["roles"]) & set(subject.rules.roles):
            continue
        values = [subject.value(name) for name in row["lists"]]
        found.append({
            "about": about, "settings": list(row["lists"]),
            "to": sorted({who for name in row["lists"] for who in recipients(subject, name)}),
            "unknown": any(isinstance(value, NotEvaluated) or (value and not right_shape(value))
                           for value in values)})
    return found


def lines(subject: Subject) -> List[str]:
    """The same as a table: what each of the settings gives, one address a line."""
    from snftools.output.text import table
    cells = []
    for row in rows(subject):
        about, last = row["about"], ""
        for name in row["settings"]:
            for who in recipients(subject, name) or [_why_none(subject, name)]:
                repeated = name == last
                cells.append((about, "" if repeated else name, who))
                about, last = "", name
    return table(cells, headers=("MAIL ABOUT", "BY", "GOES TO")) if cells else []


def _why_none(subject: Subject, name: str) -> str:
    value = subject.value(name)
    if isinstance(value, NotEvaluated):
        return "(not known)"
    return "(wrong shape)" if value and not right_shape(value) else "-"
