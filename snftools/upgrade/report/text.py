"""A report as lines of text."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping

from snftools.output.text import human_size, human_time, local_time, table


def lines(told: Mapping[str, Any]) -> List[str]:
    """The whole report within 80 columns, command lines apart."""
    found = ["%s  %s -> %s   run %s   %s" % (told["site"], told["source"], told["target"],
                                             told["run"], told["state"]),
             "%s to %s, %d attempt%s" % (when(told["begun"]), when(told["ended"]),
                                         told["attempts"], "" if told["attempts"] == 1 else "s")]
    if told["down_from"]:
        found.append("Without service: %s%s" % (
            human_time(told["without_service"]), "" if told["down_until"] else ", and still"))
    found += ["", *table([[when(row["begun"], "%H:%M:%S"), row["step"], row["event"],
                           human_time(row["seconds"]), _expected(told, row),
                           row["proven"][:30]] for row in told["steps"]],
                         ["begun", "step", "how", "took", "expected", "proven by"])]
    found += _part("Backups:", ["%s  %s, %s%s" % (
        row["name"], human_size(row["size"]), ", ".join(sorted(
            {level or "nothing" for level in row["levels"].values()})) or "gone",
        ", held" if row["held"] else "") for row in told["backups"]])
    found += _part("Waived:", ["%s %s: %s" % (row["check"], row["node"], row["what"])
                               for row in told["waived"]])
    found += _part("Accepted without proof:", ["%s: %s" % (step, row["why"])
                                               for step, row in told["accepted"].items()])
    found += _part("Left out (offline):", told["offline"])
    found += _part("Left for you:", [part for row in told["left"] for part in (
        row["title"], "    %s%s" % ("on %s: " % row["node"] if row["node"] else "",
                                    row["line"]))])
    return found


def _part(title: str, rows: List[str]) -> List[str]:
    return ["", title] + ["  " + row for row in rows] if rows else []


def _expected(told: Mapping[str, Any], row: Dict[str, Any]) -> str:
    expected = told["forecast"].get(row["step"])
    return "" if expected is None or row["event"] == "undone" else human_time(expected)


def when(text: str, fmt: str = "%d %b %H:%M:%S %Z") -> str:
    """A UTC time of the journal in local time."""
    if not text:
        return ""
    form = "%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ"
    return local_time(datetime.strptime(text, form).replace(tzinfo=timezone.utc), fmt)
