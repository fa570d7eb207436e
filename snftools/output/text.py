"""Text for a screen of 80 columns: tables, sizes, times, findings, errors."""

from __future__ import annotations

import os
import textwrap
import time
from datetime import datetime, timezone
from typing import Any, Iterable, List, Optional, Sequence

from snftools.errors import SnfError
from snftools.output import mask
from snftools.report import Finding, Report

WIDTH = 80

_COLORS = {"error": "31;1", "warning": "33", "note": "36", "failed": "31;1",
           "file": "1", "removed": "31", "added": "32", "place": "36"}
_LABELS = {"error": "ERROR", "warning": "WARN", "note": "NOTE"}


def table(rows: Iterable[Sequence[Any]], headers: Optional[Sequence[str]] = None,
          indent: int = 2, right: Sequence[int] = ()) -> List[str]:
    """Rows as aligned columns, two spaces apart; `right` lists right-aligned columns."""
    cells = [[str(cell) for cell in row] for row in rows]
    if headers:
        cells.insert(0, [str(cell) for cell in headers])
    if not cells:
        return []
    widths = [max(len(row[i]) if i < len(row) else 0 for row in cells)
              for i in range(max(len(row) for row in cells))]
    lines = []
    for row in cells:
        parts = [cell.rjust(widths[i]) if i in right else cell.ljust(widths[i])
                 for i, cell in enumerate(row)]
        lines.append((" " * indent + "  ".join(parts)).rstrip())
    return lines


def human_size(size: float) -> str:
    """Bytes as people read them, decimal units: 999 B, 1.2 kB, 41.0 GB."""
    if size < 1000:
        return "%d B" % size
    for unit in ("kB", "MB", "GB"):
        size /= 1000.0
        if size < 999.95:
            return ("%.1f %s" if size < 100 else "%.0f %s") % (size, unit)
    return "%.1f TB" % (size / 1000.0)


def human_time(seconds: float) -> str:
    """A duration: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 0.95:
        return "%.1f s" % max(seconds, 0)
    whole = int(round(seconds))
    if whole < 60:
        return "%d s" % whole
    if whole < 3600:
        return "%d min %d s" % divmod(whole, 60)
    return "%d h %d min" % (whole // 3600, whole % 3600 // 60)


def clock(seconds: float) -> str:
    """A running time as on a stop watch: 0:07, 12:40, 1:02:03."""
    whole = int(seconds)
    if whole < 3600:
        return "%d:%02d" % divmod(whole, 60)
    return "%d:%02d:%02d" % (whole // 3600, whole % 3600 // 60, whole % 60)


def local_time(moment: Optional[datetime] = None, fmt: str = "%d %b %H:%M:%S %Z") -> str:
    """A moment in local time with its zone, as screens show it."""
    moment = moment or datetime.now(timezone.utc)
    return moment.astimezone().strftime(fmt)


def since(seconds_ago: float) -> str:
    """How long ago: 40 s ago, 3 min ago, 2 days ago."""
    if seconds_ago < 90:
        return "%d s ago" % max(seconds_ago, 0)
    if seconds_ago < 5400:
        return "%d min ago" % (seconds_ago / 60)
    if seconds_ago < 172800:
        return "%d h ago" % (seconds_ago / 3600)
    return "%d days ago" % (seconds_ago / 86400)


def age(epoch: float) -> str:
    """How long ago a moment in seconds since the epoch was."""
    return since(time.time() - epoch)


def use_color(mode: str, stream: Any) -> bool:
    """Whether `--color` and NO_COLOR allow colours on this stream."""
    if mode != "auto":
        return mode == "always"
    return (not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") != "dumb"
            and hasattr(stream, "isatty") and stream.isatty())


def paint(text: str, kind: str, color: bool) -> str:
    """The text in the colour of a kind of message, if colours are on."""
    return "\x1b[%sm%s\x1b[0m" % (_COLORS[kind], text) if color and kind in _COLORS else text


def finding_lines(finding: Finding, color: bool = False) -> List[str]:
    """A finding as a block: label, name, place, what, why, the line that mends it."""
    label = paint(_LABELS[finding.severity].ljust(5), finding.severity, color)
    place = ":".join(part for part in (finding.node, finding.where) if part)
    lines = [("%s  %-18s  %s" % (label, finding.check, place)).rstrip()]
    if len("ERROR  %-18s  %s" % (finding.check, place)) > WIDTH:
        lines = ["%s  %s" % (label, finding.check), " " * 7 + place]
    lines += _indented(finding.what, 9)
    if finding.why:
        lines += _indented(finding.why, 7)
    if finding.remedy:
        lines += _labelled("Mend: ", finding.remedy, 7)
    if finding.waivable:
        lines.append("       (may be waived: waive = %s)" % finding.check)
    return lines


def report_lines(report: Report, color: bool = False, quiet: bool = False) -> List[str]:
    """Everything that a report says on standard output."""
    lines = [] if quiet else [line for line in report.lines]
    for finding in report.findings:
        if quiet and finding.severity != "error":
            continue
        if lines:
            lines.append("")
        lines += finding_lines(finding, color)
    return [mask.clean(line) for line in lines]


def error_lines(command: str, error: SnfError, color: bool = False) -> List[str]:
    """An error for standard error: what and where, then why, unchanged, next."""
    head = "%s: %s%s" % (command, error.node + ": " if error.node else "", error.what)
    lines = head.splitlines()
    if color and lines:
        lines[0] = paint(lines[0], "failed", True)
    for label, value in (("Why", error.why), ("Unchanged", error.unchanged)):
        if value:
            lines += _labelled("  %-10s " % label, value, 0)
    if error.next:
        lines += _labelled("  %-10s " % "Next", error.next, 0, fill=False)
    return [mask.clean(line) for line in lines]


def _indented(text: str, indent: int) -> List[str]:
    """Text filled to the screen's width; lines that are already broken stay broken."""
    pad = " " * indent
    return [line for part in text.splitlines()
            for line in (textwrap.wrap(part, WIDTH, initial_indent=pad, subsequent_indent=pad,
                                       break_long_words=False, break_on_hyphens=False)
                         or [""])]


def _labelled(label: str, text: str, indent: int, fill: bool = True) -> List[str]:
    """A label and its text; a line to paste (`fill` off) is never broken."""
    pad = " " * indent
    if not fill or label.strip() == "Mend:":
        first, *rest = text.splitlines() or [""]
        return [pad + label + first] + [pad + " " * len(label) + line for line in rest]
    return textwrap.wrap(text, WIDTH, initial_indent=pad + label,
                         subsequent_indent=pad + " " * len(label),
                         break_long_words=False, break_on_hyphens=False) or [pad + label]
