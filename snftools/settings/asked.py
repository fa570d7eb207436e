"""What the node's own Python says of its settings, where it has Synnefo's programs."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Optional

from snftools.errors import Failed

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.settings.directory import SettingsDir

SECONDS = 60
_BROKEN = "Failed to read settings file"      # OBSERVED A, SOURCE 1.1
_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*) = (.*?)(?:\s+###)?\s*\Z")


@dataclass(frozen=True)
class Asked:
    """`broken`: Synnefo could not execute the files; else the values by name."""

    values: Dict[str, Any]
    broken: str = ""


def ask(node: "Node", path: str) -> Optional[Asked]:
    """`snf-manage diffsettings` on a settings directory; None where the node cannot tell."""
    result = node.run(["snf-manage", "diffsettings"], timeout=SECONDS,
                      env={"SYNNEFO_SETTINGS_DIR": node.path(path).rstrip("/") + "/"})
    broken = [line for line in result.error_text.splitlines() if _BROKEN in line]
    if broken:
        return Asked({}, broken[0].strip())
    if not result.ok:
        return None
    values: Dict[str, Any] = {}
    for line in result.lines:
        match = _LINE.match(line)
        if match:
            try:
                values[match.group(1)] = ast.literal_eval(match.group(2))
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
    return Asked(values)


def ask_staged(node: "Node", staged: "SettingsDir", token: str) -> Optional[Asked]:
    """The same of files that are not in place yet: a private copy, removed afterwards."""
    directory = "/tmp/snf-settings-" + token
    try:
        node.mkdir(directory, 0o700, parents=False)
    except OSError as error:
        raise Failed("%s cannot be made" % directory, node=node.name,
                     why=error.strerror or str(error), unchanged="all settings files") from error
    names = [source.name for source in staged.files]
    try:
        for source in staged.files:
            node.write("%s/%s" % (directory, source.name), source.data, mode=0o600)
        return ask(node, directory)
    finally:
        for name in names:
            node.remove("%s/%s" % (directory, name))
        node.rmdir(directory)


def has_program(node: "Node") -> bool:
    """The node has snf-manage."""
    return node.run(["sh", "-c", "command -v snf-manage"]).ok
