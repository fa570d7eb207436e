"""snf-upgrade rehearse --clean - remove all that a rehearsal made, and prove it"""

from __future__ import annotations

import os
import shutil
from typing import Any, List

from snftools import cli
from snftools.commands.upgrade import rehearse_ready as ready
from snftools.commands.upgrade.common import Upgrade, say_aside
from snftools.errors import Failed
from snftools.node import node_locks, open_node
from snftools.report import Report
from snftools.settings.writing import undo_changes
from snftools.state import State
from snftools.upgrade.orphans import run_lock
from snftools.upgrade.rehearsal import copies, derive
from snftools.upgrade.rehearsal.record import Record

NOTHING = "no rehearsal of %s is there: nothing to do"


def clean(up: Upgrade, args: Any, record: Record) -> Report:
    """What was made, by the record: undone on machines, dropped, removed, looked for again."""
    if not record.base:
        return Report(lines=(NOTHING % up.site.name,))
    base = record.base
    spares, left_out = derive.spares(up.site, record.values["map"])
    derived = derive.Derived(base, record.values["backup_dir"], spares, left_out)
    cli.confirm(args, "Remove the rehearsal in %s, its databases and backups?" % base)
    with run_lock(State(derived.state_dir), up.ctx.command, say_aside(up.ctx.command)):
        pass  # what a killed rehearsal left at work has ended now
    removed = _machines(up, args, derived, record)
    removed += _databases(up, derived, record)
    removed += _directories(derived)
    record.forget()
    return Report(changed=True, result={"removed": removed},
                  lines=(*("removed: %s" % one for one in removed),
                         "Looked for again: all is gone."))


def look(up: Upgrade, record: Record) -> Report:
    """With --check: what would be removed, by the record; nothing is asked or changed."""
    if not record.base:
        return Report(lines=(NOTHING % up.site.name,))
    values = record.values
    there = [*("database %s" % name for name in record.names("databases")),
             *("role %s" % name for name in record.names("roles")),
             *(place for place in (values["backup_dir"], record.base) if os.path.lexists(place))]
    if values.get("undo"):
        there += ["settings of the live site on %s" % place
                  for place in dict.fromkeys(values["map"].values())
                  if not place.startswith(os.path.join(record.base, "nodes") + "/")]
    return Report(changed=True, result={"removed": there},
                  lines=tuple("would remove: %s" % one for one in there))


def _machines(up: Upgrade, args: Any, derived: derive.Derived, record: Record) -> List[str]:
    """Spare machines get their packages and settings back; copied roots are removed whole."""
    machines = [one for one in derived.spares if not derived.is_copy(one)
                and (not one.entry.root or os.path.isdir(one.entry.root))]
    if not machines:
        return []
    ready.go_back(up, args, derived, say_aside(up.ctx.command))
    if not record.values.get("undo"):
        return []
    store, put_back = ready.undo(derived, record), []
    nodes = [open_node(one.entry) for one in machines]
    with node_locks(nodes, up.ctx.command):
        for node in nodes:
            put_back += ["%s:%s" % (node.name, path) for path in undo_changes(node, store)]
    return ["settings of the live site from %s" % one for one in put_back]


def _databases(up: Upgrade, derived: derive.Derived, record: Record) -> List[str]:
    from snftools.database import interrupt
    first = derived.spares[0].entry
    if record.values["server"]:  # it may be that the spare was never made
        first = next((node for node in up.site.nodes if node.roles), first)
    nodes = {derived.spares[0].entry.name: up.ctx.open(first) if record.values["server"]
             else open_node(first)}
    server = ready.server_of(up.site, derived, record, nodes)
    return ["database or role %s" % name
            for name in interrupt.run(lambda: copies.remove(server, record))]


def _directories(derived: derive.Derived) -> List[str]:
    """Remove the directories, copied roots in them; Failed when something stays."""
    places = [derived.backup_dir, derived.base]
    there = [place for place in places if os.path.lexists(place)]
    for place in there:
        shutil.rmtree(place, ignore_errors=True)
    left = [place for place in places if os.path.lexists(place)]
    if left:
        raise Failed("not all could be removed: %s" % ", ".join(left),
                     next="look who uses it, then: snf-upgrade rehearse --clean")
    return there
