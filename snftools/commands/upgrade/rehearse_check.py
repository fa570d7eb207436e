"""snf-upgrade rehearse --check - what a rehearsal would do, and what would refuse it"""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from snftools.commands.upgrade import rehearse_ready as ready
from snftools.commands.upgrade.common import Upgrade
from snftools.errors import Refused
from snftools.node import Node, open_node
from snftools.report import Finding, Report
from snftools.settings.outward import Outward
from snftools.upgrade.rehearsal import copies, derive, roots, spare
from snftools.upgrade.rehearsal.record import Record


def check(up: Upgrade, derived: derive.Derived, record: Record, last: str) -> Report:
    """Look at spares, settings, databases and server; nothing is made, not even a directory.

    Exit 5: a rehearsal makes something every time.  Refused (3) as the rehearsal would be.
    """
    from snftools.database import find, interrupt
    prepared = ready.Prepared()
    nodes: Dict[str, Node] = {}
    for one in derived.spares:
        of = ready.live_nodes(up, one.of)
        if derived.is_copy(one) and not roots.leftovers(one.entry.root):
            nodes[one.entry.name] = of[0]  # what it will be like
            continue
        nodes[one.entry.name] = open_node(one.entry)
        prepared.findings += spare.unfit(of, nodes[one.entry.name], up.release)
    live = find.find(up.ctx.all_nodes(), up.site)
    brought = ready.brought_settings(up, derived, nodes, {one.name: one.owner for one in live},
                                     prepared)
    server = ready.server_of(up.site, derived, record, nodes)
    names: Dict[str, str] = {}
    try:
        names = interrupt.run(lambda: copies.refuse(server, live, record))
    except Refused as error:
        prepared.findings.append(Finding("rehearsal-server", "error", error.what, error.node,
                                         why=error.why, remedy=error.next, code=error.code))
    found = ready.set_there(up, derived, live)
    result: Dict[str, Any] = {
        "site": up.site.name, "base": derived.base, "left_out": list(derived.left_out),
        "nodes": {name: list(of) for name, of in derived.live_of.items()},
        "databases": names, "set": found, "until": last,
        "settings": {name: one.as_dict() for name, one in brought.items()}}
    return Report(changed=True, findings=tuple(prepared.findings), result=result,
                  lines=tuple(_lines(derived, record, result, found, {
                      name: one.neutral.told for name, one in brought.items()})))


def _lines(derived: derive.Derived, record: Record, result: Dict[str, Any], found: str,
           told: Dict[str, List[Outward]]) -> Sequence[str]:
    """What would be done, in its order."""
    lines = []
    for one in derived.spares:
        place = one.entry.root or one.entry.address
        lines.append("%s: on %s%s" % (", ".join(one.of), place, ", a copy of its root directory"
                                      if derived.is_copy(one) else ""))
    lines += ["%s: left out" % name for name in derived.left_out]
    lines.append("set %s is as the live databases are" % found if found else
                 "a backup set of the live databases into %s" % derived.backup_dir)
    where = record.values["server"] or "the server of %s" % derived.spares[0].entry.name
    lines += ["%s: restored as %s to %s" % (name, copy, where)
              for name, copy in result["databases"].items()]
    lines += ["%s: %s leads nowhere (%s)" % (name, one.name, one.where or "its default")
              for name, rows in told.items() for one in rows]
    return [*lines, "snf-upgrade check, run --until %s and rollback on %s" % (
        result["until"], derived.conf), "Nothing was changed."]
