"""What the node's own Python says of its settings, where it has Synnefo's programs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterator, Optional, Tuple

from snftools.errors import Failed
from snftools.settings import lexer
from snftools.settings.values import NotEvaluated, Unknown, evaluate, present

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.settings.directory import SettingsDir

SECONDS = 60
_BROKEN = "Failed to read settings file"      # OBSERVED A, SOURCE 1.1
_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*) = (.*?)(?:\s+###)?\s*\Z")
# Django fills these up by itself, so their answers are never what the files say.
_FILLED = frozenset(["DATABASES", "SETTINGS_MODULE"])
_SKIPPED = frozenset([lexer.COMMENT, lexer.BLANK, lexer.NL, lexer.NEWLINE])


@dataclass(frozen=True)
class Asked:
    """`broken`: Synnefo could not execute the files; `failed`: it gave no answer, why.

    Else the values by name; those that are no plain Python are left out.
    """

    values: Dict[str, Any]
    broken: str = ""
    failed: str = ""


def ask(node: "Node", path: str) -> Asked:
    """`snf-manage diffsettings` on a settings directory, which needs no database."""
    try:
        result = node.run(["snf-manage", "diffsettings"], timeout=SECONDS,
                          env={"SYNNEFO_SETTINGS_DIR": node.path(path).rstrip("/") + "/"})
    except Failed as error:
        return Asked({}, failed=str(error))
    broken = [line for line in result.error_text.splitlines() if _BROKEN in line]
    if broken:
        return Asked({}, broken=broken[0].strip())
    if not result.ok:
        told = [line.strip() for line in result.error_text.splitlines() if line.strip()]
        return Asked({}, failed="exit %d%s" % (result.exit, ": " + told[-1] if told else ""))
    values = dict(_values(result.stdout.decode("latin-1")))
    return Asked(values) if values else Asked({}, failed="it printed no settings")


def _values(text: str) -> Iterator[Tuple[str, Any]]:
    """NAME and value of each line, as Python 2 writes them; what is no literal is left out."""
    for line in text.split("\n"):
        match = _LINE.match(line)
        if match:
            tokens = [token for token in lexer.tokens(match.group(2))
                      if token.kind not in _SKIPPED]
            try:
                yield match.group(1), present(evaluate(tokens, {}))
            except Unknown:
                continue


def ask_staged(node: "Node", staged: "SettingsDir", token: str) -> Asked:
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


def differing(directory: "SettingsDir", answer: Asked) -> Iterator[Tuple[str, Any, Any]]:
    """(NAME, ours, theirs) of every setting of which files and answer say two things."""
    for name in directory.names():
        if name not in answer.values or name in _FILLED:
            continue
        ours = known(directory, name)
        if not isinstance(ours, NotEvaluated) and ours != answer.values[name]:
            yield name, ours, answer.values[name]


def known(directory: "SettingsDir", name: str) -> Any:
    """The value by the files, or the NotEvaluated that says why there is none."""
    try:
        return directory.value(name)
    except NotEvaluated as unknown:
        return unknown


def has_program(node: "Node") -> bool:
    """The node has snf-manage."""
    return node.run(["sh", "-c", "command -v snf-manage"]).ok


def ask_if_there(node: "Node", path: str) -> Optional[Asked]:
    """The node's answer, None where it has no snf-manage."""
    return ask(node, path) if has_program(node) else None
