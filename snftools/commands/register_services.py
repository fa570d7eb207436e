"""snf-register-services - register components and API services with Astakos

Init services are the business of snf-services(8).
"""

from __future__ import annotations

import argparse
from typing import Any, Dict, Optional, Sequence

from snftools import cli
from snftools.errors import Refused, Usage
from snftools.report import Report

_EXAMPLES = """\
  snf-register-services --check          what differs, by the database
  snf-register-services                  register everything of the site
Without a site.conf, by hand:
  snf-register-services --export cyclades.json                (cyclades node)
  snf-register-services cyclades.json pithos.json             (astakos node)
"""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = cli.new_parser("snf-register-services", __doc__, examples=_EXAMPLES)
    cli.add_options(parser, "node", "role", "base-url", "settings-dir", "db-admin", "check",
                    "yes")
    parser.add_argument("--export", metavar="FILE", default=None,
                        help="write the API services of this node's components to FILE")
    parser.add_argument("files", metavar="FILE", nargs="*",
                        help="exports of other nodes, to be imported")
    return parser


def act(args: Any) -> Report:
    """Export on one node, or register on Astakos' node."""
    from snftools.commands.context import Context
    if args.export is not None and args.files:
        raise Usage("--export FILE writes a file, FILE... reads them: not both")
    ctx = Context(args)
    return _export(ctx, args) if args.export is not None else _register(ctx, args)


def _export(ctx: Any, args: Any) -> Report:
    """Write what the node's settings define, judged, to a file."""
    from snftools import files
    from snftools.commands import astakos
    from snftools.registry import definitions, register
    catalogue = astakos.catalogue_of(ctx)
    nodes = ctx.nodes(serves=tuple(catalogue.roles.values()), changing=False)
    found: Dict[str, Any] = {}
    for node in nodes:
        for component in catalogue.components_of(node.roles):
            found.update(definitions.export(node, catalogue, component))
    if not found:
        raise Usage("no component on %s: --role ROLE" % ", ".join(n.name for n in nodes))
    data = definitions.dump(found)
    changed = _content(args.export) != data
    if changed and not args.check:
        try:
            files.write_atomic(args.export, data, mode=0o644)
        except OSError as error:
            raise Refused("%s: %s" % (args.export, error.strerror), unchanged="everything")
    return Report(changed=changed, result={"file": args.export, "services": sorted(found)},
                  lines=tuple(register.export_lines(found) + [
                      "Next: bring %s to the astakos node, there: snf-register-services %s"
                      % (args.export, args.export)]))


def _content(path: str) -> Optional[bytes]:
    """A local file's bytes, or None."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return None


def _register(ctx: Any, args: Any) -> Report:
    """Look at, or bring about, what the release and the base URLs say."""
    from snftools.commands import astakos
    from snftools.registry import definitions, register
    home = astakos.home(ctx)
    given = definitions.read_files(args.files, home.catalogue)
    if args.check:
        wanted = astakos.wanted(ctx, args, home.catalogue, _bases(home, given))
        return register.check(wanted, home.registry())
    with ctx.changing([home.node]):
        found = astakos.migrated(home)
        if not ctx.site.path and home.catalogue.home not in given:
            # By hand Astakos' own services need no file: this is its node.
            given[home.catalogue.home] = definitions.export(home.node, home.catalogue,
                                                            home.catalogue.home)
        wanted = astakos.wanted(ctx, args, home.catalogue, _bases(home, given))
        report = register.register(
            wanted, found, home.node,
            lambda component: given.get(component) or _exported(ctx, home, component),
            home.registry,
            lambda node, text: ctx.progress.event("run", node=node, text=text))
        return Report.merge([report, Report(lines=tuple(_next(report)))])


def _next(report: Report) -> Sequence[str]:
    return () if report.errors else ("Next: snf-register-verify, then snf-migrate-quota. "
                                     "Undo: snf-restore-db",)


def _bases(home: Any, given: Dict[str, Any]) -> Dict[str, str]:
    """The base URLs that exports tell."""
    from snftools.registry import definitions
    bases = {name: definitions.base_url(home.catalogue, name, found)
             for name, found in given.items()}
    return {name: url for name, url in bases.items() if url}


def _exported(ctx: Any, home: Any, component: str) -> Any:
    """The component's definitions, from a node with its role."""
    from snftools.registry import definitions
    try:
        node = ctx.node_with(home.catalogue.roles[component])
    except Usage:
        raise Usage("no export of %s: on its node type snf-register-services --export FILE, "
                    "then name FILE here" % component)
    return definitions.export(node, home.catalogue, component)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command."""
    return cli.run(build_parser, act, argv)
