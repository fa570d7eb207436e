"""Everything that a rehearsal needs before its run: set, spares, copies, settings, site.conf."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Sequence
from urllib.parse import urlsplit

from snftools import files
from snftools.commands.upgrade.common import Upgrade
from snftools.commands.upgrade.rehearse_inner import inner
from snftools.errors import Refused, SnfError
from snftools.node import Node, node_locks, open_node
from snftools.report import Finding
from snftools.site import Site, bare_entry
from snftools.state import State, UndoStore, new_id
from snftools.upgrade import run as runs
from snftools.upgrade.orphans import run_lock
from snftools.upgrade.plan import Plan
from snftools.upgrade.rehearsal import bring, copies, derive, roots, spare
from snftools.upgrade.rehearsal.record import Record

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.database.params import Params

LABEL = "rehearsal"
Say = Callable[[str], None]


@dataclass
class Prepared:
    """What came of it (live while it is made); `size`: bytes of all databases."""

    size: int = 0
    result: Dict[str, Any] = field(default_factory=dict)
    findings: List[Finding] = field(default_factory=list)


def prepare(up: Upgrade, args: Any, derived: derive.Derived, record: Record, say: Say) -> Prepared:
    """Make the derived site what the live one is now, with the copies for its databases."""
    part = up.release.part("outward")
    files.make_private_directory(derived.base)
    files.write_atomic(derived.conf, derive.conf_text(
        up.site, derived, record.values["server"], part["host"]).encode("utf-8"), mode=0o600)
    with run_lock(State(derived.state_dir), up.ctx.command, say):
        pass  # what a killed rehearsal left at work has ended now
    go_back(up, args, derived, say)
    for one in derived.spares:
        if derived.is_copy(one):
            root = up.site.node(one.of[0]).root
            if roots.copy(root, one.entry.root):
                say("%s: copied from %s" % (one.entry.name, root))
            spare.silence(open_node(one.entry), up.release)
    nodes = {one.entry.name: open_node(one.entry) for one in derived.spares}
    prepared = Prepared(result={"site": up.site.name, "base": derived.base,
                                "nodes": {name: list(of) for name, of in derived.live_of.items()},
                                "left_out": list(derived.left_out)})
    for name, of in derived.live_of.items():
        prepared.findings += spare.unfit(live_nodes(up, of), nodes[name], up.release)
    if not prepared.findings:
        with node_locks(list(nodes.values()), up.ctx.command):
            _fill(up, args, derived, record, nodes, prepared, say)
    return prepared


def go_back(up: Upgrade, args: Any, derived: derive.Derived, say: Say) -> None:
    """Undo what an earlier rehearsal left half way; Refused (3) when that can't be done."""
    name = up.site.name + derive.SUFFIX
    if runs.newest(State(derived.state_dir), name, up.release.name) is None:
        return
    say("going back from the last rehearsal")
    try:
        code = inner(args, "rollback", "--yes", "--site", derived.conf).exit_code(False)
    except SnfError as error:
        raise Refused("the last rehearsal can't be undone: %s" % error.what, why=error.why,
                      unchanged="the live site", next="snf-upgrade rehearse --clean")
    if code:
        raise Refused("the last rehearsal can't be undone: exit %d" % code,
                      unchanged="the live site", next="snf-upgrade rehearse --clean")


def live_nodes(up: Upgrade, names: Sequence[str]) -> List[Node]:
    """The live nodes of these names."""
    return [up.ctx.open(up.site.node(name)) for name in names]


def _fill(up: Upgrade, args: Any, derived: derive.Derived, record: Record,
          nodes: Dict[str, Node], prepared: Prepared, say: Say) -> None:
    """Set, copies, settings; what can't be followed in the settings is told before all that."""
    from snftools.backups import prune, sets
    from snftools.database import find, interrupt
    live = find.find(up.ctx.all_nodes(), up.site)
    brought_settings(up, derived, nodes, {one.name: one.owner for one in live}, prepared)
    if prepared.findings:
        return
    server = server_of(up.site, derived, record, nodes)
    interrupt.run(lambda: copies.refuse(server, live, record))
    name = _set_of_live(up, args, derived, live, say)
    backup = sets.find(derived.backup_dir, name)
    prune.remove([one for one in sets.list_sets(derived.backup_dir) if one.name != name])
    prepared.size = sum(int(backup.manifest(one)["facts"]["size"]) for one in backup.databases)
    say("restoring %s" % name)
    reached, rows = interrupt.run(lambda: copies.make(
        server, backup, live, up.release.part("outward"), record, up.ctx.progress))
    brought = brought_settings(up, derived, nodes, reached, prepared)
    prepared.result.update(
        set=name, settings={key: one.as_dict() for key, one in brought.items()},
        databases={key: one.dbname for key, one in reached.items()},
        neutral_rows=[{"table": table, "rows": count} for table, count in rows])
    if not prepared.findings:
        for one in brought.values():
            bring.write(one, up.release.name, up.release.part("settings"), undo(derived, record))


def brought_settings(up: Upgrade, derived: derive.Derived, nodes: Dict[str, Node],
                     reached: Mapping[str, "Params"], prepared: Prepared
                     ) -> Dict[str, bring.Brought]:
    """What each spare's settings will be."""
    base = [urlsplit(one.base_url).netloc.lower() for one in up.site.components.values()]
    found = {}
    for name, of in derived.live_of.items():
        settled = [node for node in live_nodes(up, of) if node.exists(bring.DEFAULT_PATH)]
        if settled:
            found[name] = bring.plan(settled, nodes[name], up.release.part("outward"), reached,
                                     base)
            prepared.findings += bring.findings(found[name], ", ".join(of))
    return found


def undo(derived: derive.Derived, record: Record) -> UndoStore:
    """Where the spares' own settings are kept."""
    if not record.values.get("undo"):
        record.put(undo=new_id())
    return State(os.path.join(derived.base, "settings")).undo(str(record.values["undo"]))


def server_of(site: Site, derived: derive.Derived, record: Record, nodes: Dict[str, Node]
              ) -> copies.Server:
    """The server of the copies, by what was said on the command line."""
    first = nodes[derived.spares[0].entry.name]
    bindir = site.databases.bindir if first.root else ""
    return copies.Server(first, open_node(bare_entry("local")), record.values["server"], bindir)


def _set_of_live(up: Upgrade, args: Any, derived: derive.Derived, live: "Sequence[Database]",
                 say: Say) -> str:
    """A set that equals the live databases: an earlier rehearsal's, or a new one."""
    from snftools.commands import backup_db
    there = set_there(up, derived, live)
    if there:
        say("set %s is as the live databases are" % there)
        return there
    say("taking a backup set of the live site")
    files.make_private_directory(derived.backup_dir)
    words = _set_words(up, derived)
    made = backup_db.act(backup_db.build_parser().parse_args(
        words + (["--quiet"] if args.quiet else []) + (["--json"] if args.json else [])))
    return str(made.result["set"]["name"])


def set_there(up: Upgrade, derived: derive.Derived, live: "Sequence[Database]") -> str:
    """The name of an earlier rehearsal's set that equals the live databases, or ""."""
    from snftools.backups import lasting, sets
    from snftools.commands import backup_db
    if not os.path.isdir(derived.backup_dir):
        return ""
    there = backup_db.act(backup_db.build_parser().parse_args(
        [*_set_words(up, derived), "--check"]))
    same = not there.changed and lasting.same_objects(
        sets.find(derived.backup_dir, str(there.result["set"])), live)
    return str(there.result["set"]) if same else ""


def _set_words(up: Upgrade, derived: derive.Derived) -> List[str]:
    return ["create", "--label", LABEL, "--verify", "archive", "--backup-dir",
            derived.backup_dir, "--site", up.site.path]


def derived_plan(up: Upgrade, derived: derive.Derived, run_id: str) -> Plan:
    """The plan of the derived site, as its run had it."""
    return Plan.build(Site.read(derived.conf), up.rows, up.seen(), up.bin_dir, run_id)
