"""What the last screen tells: asked of the small commands at the end, nothing remembered."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence

from snftools.upgrade.child import Child
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan

if TYPE_CHECKING:
    from snftools.database.find import Database

# The questions: name, words; all of them only read.
_QUESTIONS = (
    ("versions", ("snf-check-versions", "--node", "all")),
    ("settings", ("snf-settings-check", "--node", "all")),
    ("databases", ("snf-migrate-db", "--check", "--node", "all")),
    ("registered", ("snf-register-verify", "--http")),
    ("quota", ("snf-migrate-quota", "--check")),
    ("services", ("snf-services", "status", "--node", "all")),
    ("backups", ("snf-backup-db", "list")),
)


def database_size(up: Any, databases: "Optional[Sequence[Database]]" = None) -> int:
    """The bytes of all databases of the site."""
    from snftools.database import connect, find
    total = 0
    for database in find.find(up.ctx.all_nodes(), up.site) if databases is None else databases:
        with connect.connect(database) as connection:
            total += int(connect.rows(connection,
                                      "SELECT pg_database_size(current_database())")[0][0])
    return total


def collect(up: Any, plan: Plan, journal: Journal, run_dir: str) -> Dict[str, Any]:
    """The answers, by question: {exit, result, findings}; and the work left for hands."""
    from snftools.upgrade import accept, byhand
    asked = {name: Child([os.path.join(up.bin_dir, words[0]), *words[1:],
                          *_email(up, words[0]), "--site", up.site.path],
                         os.path.join(run_dir, "log", "last." + name), None)
             for name, words in _QUESTIONS}
    while any(child.poll() is None for child in asked.values()):
        time.sleep(0.05)
    found: Dict[str, Any] = {}
    for name, child in asked.items():
        answer = child.answer()
        found[name] = {"exit": child.poll(), "result": answer.get("result") or {},
                       "findings": answer.get("findings") or []}
    found["survey"] = _survey(up, run_dir)
    found["accepted"] = accept.accepted(journal)
    found["left"] = byhand.left(up, found)
    found["sets"] = _sets(plan, journal, found["backups"]["result"])
    return found


def _email(up: Any, program: str) -> List[str]:
    return ["--email"] if up.site.email and program == "snf-settings-check" else []


def _survey(up: Any, run_dir: str) -> Dict[str, List[str]]:
    from snftools.upgrade import survey
    names = [node.name for node in up.site.nodes if not node.offline]
    return {name: [row["name"] for row in value["services"] if row["running"]]
            for name, value in survey.read(run_dir, names).items()}


def _sets(plan: Plan, journal: Journal, listed: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """The sets that this run's journal names, as `snf-backup-db list` tells them."""
    names = []
    for step in plan.steps:
        last = journal.last(step.id, "done") if step.label else None
        if last is not None:
            names.append(str(last.proof.get("set")))
    return [row for row in listed.get("sets") or [] if row.get("name") in names]
