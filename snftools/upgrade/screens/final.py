"""The last screen: what was upgraded, how it was proven, where the backups are, what is left."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from snftools.output.text import human_size, human_time, local_time
from snftools.upgrade.downtime import Downtime

# The steps whose proof a question repeats.
_ROWS = {"versions": ("install", "versions"), "settings": ("settings", "settings-proof"),
         "databases": ("migrate",), "registered": ("register", "verify", "proof"),
         "quota": ("quota",), "services": ("start",)}


def lines(up: Any, facts: Mapping[str, Any], down: Downtime) -> List[str]:
    """The screen, from the answers that `facts.collect` got."""
    bad = unproven(facts)
    found = ["", ("%s: every step is done, but not all is proven, %s:" if bad else
                  "%s is at Synnefo %s.  Proven %s:") % (
        (up.site.name, local_time()) if bad else
        (up.site.name, up.site.target or up.release.name, local_time()))]
    for label, text in (
            ("packages", _packages(facts["versions"])),
            ("databases", _databases(facts["databases"])),
            ("settings", _settings(facts["settings"])),
            ("registered", _registered(facts["registered"])),
            ("quota", _quota(facts["quota"])),
            ("services", _services(facts["services"], facts["survey"])),
            ("HTTP", _http(facts["registered"]))):
        found += _labelled(label, text)
    for step, word in sorted((facts.get("accepted") or {}).items()):
        found += _labelled("accepted", "%s: %s" % (step, word["why"]))
    if bad:
        found.append("Not proven at the end: %s (their output is in the log)" % ", ".join(bad))
    if down.since and down.until:
        found.append("Without service from %s to %s: %s." % (
            local_time(down.since, "%H:%M:%S"), local_time(down.until, "%H:%M:%S"),
            human_time(down.seconds)))
    found += _backups(facts["sets"], up.site.backup_dir)
    offline = [node.name for node in up.site.nodes if node.offline]
    if offline:
        found.append("Left out (offline): %s" % ", ".join(offline))
    return found + _left(facts["left"])


def unproven(facts: Mapping[str, Any]) -> List[str]:
    """The questions whose command did not end with 0, and that nobody has accepted."""
    accepted = {step.partition(".")[0] for step in facts.get("accepted") or {}}
    return [name for name, answer in facts.items()
            if isinstance(answer, dict) and answer.get("exit")
            and not accepted & set(_ROWS.get(name, ()))]


def _labelled(label: str, text: str) -> List[str]:
    import textwrap
    return textwrap.wrap("%-12s%s" % (label, text), 80, initial_indent="  ",
                         subsequent_indent=" " * 14, break_on_hyphens=False)


def _packages(answer: Mapping[str, Any]) -> str:
    nodes = answer["result"].get("nodes") or {}
    count = sum(len(value.get("packages") or ()) for value in nodes.values())
    return "%d in the release's range on %d nodes, none half configured" % (
        count, len(nodes)) if not answer["exit"] else "see the log"


def _databases(answer: Mapping[str, Any]) -> str:
    heads: Dict[str, str] = {}
    for value in (answer["result"].get("databases") or {}).values():
        for name, head in value["heads"].items():
            heads[name] = head if name == "alembic" else head.partition("_")[0]
    return ", ".join("%s %s" % ("pithos" if name == "alembic" else name, head)
                     for name, head in heads.items())


def _settings(answer: Mapping[str, Any]) -> str:
    count = {"error": 0, "warning": 0}
    for finding in answer["findings"]:
        if finding.get("severity") in count:
            count[finding["severity"]] += 1
    return ", ".join("%d %s%s" % (number, word, "" if number == 1 else "s")
                     for word, number in count.items())


def _registered(answer: Mapping[str, Any]) -> str:
    result = answer["result"]
    return "%d components, %d API services, as the release wants them" % (
        len(result.get("components") or ()), len(result.get("services") or ()))


def _quota(answer: Mapping[str, Any]) -> str:
    result = answer["result"]
    return "pending_app_limit %s; own limits of %s users carried over" % (
        result.get("limit"), result.get("carried_over"))


def _services(answer: Mapping[str, Any], before: Mapping[str, List[str]]) -> str:
    running = {(node, row.get("name"))
               for node, value in (answer["result"].get("nodes") or {}).items()
               for row in value.get("services") or () if row.get("running")}
    ran = {(node, name) for node, names in before.items() for name in names}
    if not ran:
        return "%d run, by their processes" % len(running)
    again = len(ran & running)
    return "%d of the %d that ran before run again, by their processes" % (again, len(ran))


def _http(answer: Mapping[str, Any]) -> str:
    probes = answer["result"].get("http") or []
    return "%d of %d addresses answer as they must" % (
        sum(bool(probe.get("ok")) for probe in probes), len(probes))


def _backups(sets: List[Dict[str, Any]], directory: str) -> List[str]:
    if not sets:
        return ["Backups: none of this run."]
    size = sum(int(row.get("size") or 0) for one in sets for row in one.get("databases") or ())
    found = ["Backups: %d set%s, %s, in %s" % (len(sets), "" if len(sets) == 1 else "s",
                                               human_size(size), directory)]
    for one in sets:
        levels = sorted({str(row.get("level")) for row in one.get("databases") or ()})
        held = ", on hold as the way back" if one.get("marks") else ""
        found.append("  %s  proven by %s%s" % (one.get("name"), ", ".join(levels), held))
    return found


def _left(rows: List[Dict[str, Any]]) -> List[str]:
    if not rows:
        return []
    found = ["", "Left for you:"]
    for number, row in enumerate(rows, 1):
        where = "on %s: " % row["node"] if row["node"] else ""
        found.append("  %d %s" % (number, row["title"]))
        found.append("      %s%s" % (where, row["line"]))
    return found
