"""A report as one page of HTML: self-contained, no script, readable on a phone."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any, Dict, List, Mapping, Sequence

from snftools.output import mask
from snftools.output.text import human_size, human_time
from snftools.upgrade.report.text import when

_STYLE = """
body{font:16px/1.45 sans-serif;color:#222;background:#fff;margin:0 auto;max-width:60em;padding:1em}
h1{font-size:1.4em;margin:.2em 0}h2{font-size:1.1em;margin:1.4em 0 .4em}
.state,td[data-of]::before{color:#555}
.when{display:flex;padding-right:55px}.when svg{flex:none;overflow:visible;fill:currentColor;
font:12px sans-serif}.when svg+svg{flex:1 1 0;min-width:0}
table{border-collapse:collapse;width:100%;font-size:.9em}
td,th{text-align:left;padding:.25em .6em .25em 0;vertical-align:top;border-bottom:1px solid #ddd}
.failed{color:#b00020;font-weight:bold}code{overflow-wrap:anywhere;font-size:.9em}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}
.state,td[data-of]::before{color:#aaa}.failed{color:#ff8080}}
@media(max-width:44em){table,tbody,tr,td:last-child{display:block}tr:first-child{display:none}
tr{padding:.4em 0;border-bottom:1px solid #999}td{display:inline;border:0;padding:0 .4em 0 0}
td:nth-child(2){font-weight:bold}td[data-of]:not(:empty)::before{content:attr(data-of) " "}}
""".strip()

_COLORS = {"done": "#2e7d32", "found": "#7aa874", "failed": "#b00020", "begun": "#c77700",
           "accepted": "#8e24aa", "undone": "#3367a8"}
_LINE, _NAMES = 18, 150      # pixels: a line's height, and the width of the steps' names


def page(told: Mapping[str, Any]) -> str:
    """The whole page."""
    title = "%s: Synnefo %s to %s" % (told["site"], told["source"], told["target"])
    parts = ["<!DOCTYPE html>", '<html lang="en"><head><meta charset="utf-8">',
             '<meta name="viewport" content="width=device-width, initial-scale=1">',
             "<title>%s</title><style>%s</style></head><body>" % (_text(title), _STYLE),
             "<h1>%s</h1>" % _text(title), '<p class="state">%s</p>' % _text(_summary(told)),
             "<h2>When</h2>", _timeline(told["steps"]), "<h2>What</h2>", _steps(told)]
    parts += _list("Backups", ["%s: %s, proven by %s%s" % (
        row["name"], human_size(row["size"]),
        ", ".join(sorted({level or "nothing" for level in row["levels"].values()})) or "gone",
        ", held" if row["held"] else "") for row in told["backups"]])
    parts += _list("Waived", ["%s %s: %s" % (row["check"], row["node"], row["what"])
                              for row in told["waived"]])
    parts += _list("Accepted without proof", ["%s: %s" % (step, row["why"])
                                              for step, row in told["accepted"].items()])
    parts += _list("Left out (offline)", told["offline"])
    parts += _list("Left to do by hand", ["%s - %s%s" % (
        row["title"], "on %s: " % row["node"] if row["node"] else "", row["line"])
        for row in told["left"]])
    return "\n".join(parts) + "\n</body></html>\n"


def _summary(told: Mapping[str, Any]) -> str:
    down = ", without service %s" % human_time(told["without_service"]) \
        if told["down_from"] else ""
    return "Run %s, %s; %s to %s%s." % (told["run"], told["state"], when(told["begun"]),
                                        when(told["ended"]), down)


def _timeline(rows: Sequence[Mapping[str, Any]]) -> str:
    """Bars from begin to end; attempts far apart are drawn beside each other."""
    if not rows:
        return "<p>No step was made.</p>"
    spans = _spans(rows)
    total = sum(end - begin for begin, end in spans) or 1.0
    names, bars = [], []
    for number, row in enumerate(rows):
        begin = _place(_epoch(row["begun"]), spans) * 100 / total
        end = _place(_epoch(row["ended"] or row["begun"]), spans) * 100 / total
        top = number * _LINE
        names.append('<text x="0" y="%d">%s</text>' % (top + 13, _text(row["step"])))
        bars.append('<rect x="%.2f%%" y="%d" width="%.2f%%" height="%d" fill="%s">'
                    "<title>%s</title></rect>" % (
                        begin, top + 3, max(end - begin, 0.4), _LINE - 6, _COLORS[row["event"]],
                        _text("%s %s, %s" % (row["step"], row["event"],
                                             human_time(row["seconds"])))))
        bars.append('<text x="%.2f%%" dx="4" y="%d">%s</text>' % (
            max(end, begin + 0.4), top + 13, _text(human_time(row["seconds"]))))
    height = len(rows) * _LINE
    return "\n".join([
        '<div class="when" role="img" aria-label="timeline of the steps">',
        '<svg width="%d" height="%d">' % (_NAMES, height), *names, "</svg>",
        '<svg width="100%%" height="%d">' % height, *bars, "</svg></div>",
        '<p class="state">From %s; %s of work.</p>' % (
            _text(when(str(rows[0]["begun"]))), _text(human_time(total)))])


def _spans(rows: Sequence[Mapping[str, Any]]) -> List[Any]:
    """The times in which something was made: pauses of more than a minute are left out."""
    found: List[List[float]] = []
    for row in rows:
        begin, end = _epoch(row["begun"]), _epoch(row["ended"] or row["begun"])
        if found and begin - found[-1][1] <= 60:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([begin, end])
    return found


def _place(moment: float, spans: Sequence[Any]) -> float:
    """A moment in seconds of work since the first."""
    return float(sum(min(max(moment, begin), end) - begin for begin, end in spans))


def _epoch(text: Any) -> float:
    return (datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S.%fZ")
            - datetime(1970, 1, 1)).total_seconds()


def _steps(told: Mapping[str, Any]) -> str:
    head = "".join("<th>%s</th>" % word for word in
                   ("begun", "step", "where", "how", "took", "expected", "proven by"))
    body = []
    for row in told["steps"]:
        expected = told["forecast"].get(row["step"])
        cells: Dict[str, str] = {
            "begun": when(row["begun"], "%H:%M:%S"), "step": row["step"],
            "where": row["node"] or "site", "how": row["event"],
            "took": human_time(row["seconds"]),
            "expected": "" if expected is None or row["event"] == "undone"
            else human_time(expected), "proven": row["proven"]}
        body.append("<tr%s>%s</tr>" % (
            ' class="failed"' if row["event"] == "failed" else "",
            "".join("<td%s>%s</td>" % (
                ' data-of="%s"' % name if name in ("took", "expected") else "", _text(cell))
                    for name, cell in cells.items())))
    return "<table><tr>%s</tr>%s</table>" % (head, "\n".join(body))


def _list(title: str, rows: Sequence[str]) -> List[str]:
    if not rows:
        return []
    return ["<h2>%s</h2><ul>" % _text(title),
            *("<li>%s</li>" % _text(row) for row in rows), "</ul>"]


def _text(text: Any) -> str:
    return escape(mask.clean(str(text)))
