"""snf-upgrade survey - record what the site is before it changes"""

from __future__ import annotations

from typing import Any, Dict, List

from snftools.commands.upgrade.common import Upgrade
from snftools.errors import Refused, SnfError
from snftools.output.text import table
from snftools.report import Report
from snftools.upgrade import artefact, resume, survey
from snftools.upgrade import run as runs
from snftools.upgrade.journal import Journal
from snftools.upgrade.orphans import run_lock


def act(args: Any) -> Report:
    """Survey the nodes whose packages have not been touched yet."""
    up = Upgrade(args)
    if args.check:
        return _check(up)
    if args.compare:
        return _compare(up)
    if up.ctx.token is not None:
        return _take(up, runs.newest(up.state, up.site.name, up.release.name))
    with run_lock(up.state, up.ctx.command, lambda text: None):
        journal = runs.open_run(up.state, up.site.name, up.release.name, up.site.target)
        journal.append("survey", "begun", argv=["snf-upgrade", "survey"])
        report = _take(up, journal)
        journal.append("survey", "done", exit=0, proof={"files": report.result["artefacts"]})
        return Report(changed=True, result={**report.result, "run": journal.run},
                      findings=report.findings,
                      lines=report.lines + ("Next: snf-upgrade plan",))


def _check(up: Upgrade) -> Report:
    """Whether every node has its complete survey in this run."""
    journal = up.newest()
    kept = _kept(journal) if journal else {}
    missing = [node.name for node in up.site.nodes
               if not node.offline and node.name + "/facts" not in kept]
    lines = ["no survey yet: " + ", ".join(missing)] if missing else ["every node is surveyed"]
    return Report(changed=bool(missing), result={"missing": missing, "artefacts": kept},
                  lines=tuple(lines))


def _compare(up: Upgrade) -> Report:
    """Whether packages, services, files and migrations are what the survey recorded."""
    from snftools.upgrade import compare
    journal = up.newest()
    if journal is None or journal.last("survey", "done") is None:
        raise Refused("there is no survey to compare with", unchanged="everything")
    run_dir = up.state.run_dir(journal.run)
    nodes = up.ctx.all_nodes()
    findings = [finding for node in nodes
                for finding in compare.of_node(node, up.release, run_dir)]
    findings += compare.of_databases(_databases(up), run_dir)
    line = "%d nodes and the databases are as the survey of run %s has them" % (
        len(nodes), journal.run)
    return Report(findings=tuple(findings), result={"run": journal.run},
                  lines=() if findings else (line,))


def _kept(journal: Journal) -> Dict[str, Any]:
    """The artefacts that the journal names and that are complete on disk."""
    last = journal.last("survey", "done")
    files = dict(last.proof.get("files") or {}) if last else {}
    return {key: value for key, value in files.items()
            if artefact.digest(str(value.get("path"))) == value.get("sha256")}


def _take(up: Upgrade, journal: Any) -> Report:
    run_id = journal.run if journal else up.ctx.run_id
    if up.ctx.token is not None:
        run_id = up.ctx.token.run_id
    run_dir = up.state.run_dir(run_id)
    kept = _kept(journal) if journal else {}
    rows: List[List[str]] = []
    facts: Dict[str, Any] = {}
    for entry in up.site.nodes:
        if entry.offline:
            continue
        touched = journal and journal.state("install." + entry.name) != resume.NONE
        if touched and entry.name + "/facts" not in kept:
            raise Refused("its packages were changed before it was surveyed",
                          node=entry.name, unchanged="everything")
        if not touched:
            node = up.ctx.open(entry)
            up.ctx.progress.event("survey", node=entry.name)
            facts[entry.name], files = survey.take(node, up.release, run_dir)
            kept.update(files)
            running = [row["name"] for row in facts[entry.name]["services"] if row["running"]]
            rows.append([entry.name, "%d packages" % len(facts[entry.name]["packages"]),
                         " ".join(running) or "no service runs"])
    if "databases/facts" not in kept:
        kept.update(survey.take_databases(_databases(up), run_dir))
    return Report(changed=True, lines=tuple(table(rows)), result={
        "artefacts": kept, "nodes": len(rows),
        "packages": sum(len(fact["packages"]) for fact in facts.values()),
        "running": sum(row["running"] for fact in facts.values() for row in fact["services"])})


def _databases(up: Upgrade) -> List[Any]:
    from snftools.database import find
    try:
        return find.find(up.ctx.all_nodes(), up.site)
    except SnfError as error:
        error.next = error.next or "snf-upgrade check"
        raise
