"""Our own commands on the derived site, in this process: the same code, the same screens."""

from __future__ import annotations

from typing import Any

from snftools.report import Report


def inner(args: Any, *words: str) -> Report:
    """Act on a command line of snf-upgrade as it would be typed, told as loudly as `args`.

    Its last lines and findings are the caller's to tell; the screen of a run is its own.
    """
    from snftools.commands import upgrade
    told = ["--quiet"] if args.quiet else []
    told += ["--json"] if args.json else []
    parsed = upgrade.build_parser().parse_args([*words, *told])
    parsed.status_fd = args.status_fd
    return upgrade.act(parsed)
