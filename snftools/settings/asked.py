"""What the node's own Python says of its settings, where it has Synnefo's programs."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, Optional, Tuple

from snftools.errors import Failed, Refused
from snftools.report import Finding
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
_SKIPPED = frozenset([lexer.COMMENT, lexer.NL, lexer.NEWLINE])


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
            try:
                yield match.group(1), _value(match.group(2))
            except (Unknown, ValueError, SyntaxError, MemoryError, RecursionError):
                continue


def _value(text: str) -> Any:
    tokens = [token for token in lexer.tokens(text) if token.kind not in _SKIPPED]
    try:
        return present(evaluate(tokens, {}))
    except Unknown:
        if "\\u" not in text or "\\x" in text:
            raise
        return ast.literal_eval(text)       # u'...' with its escapes, as Python 3 has it


def ask_staged(node: "Node", staged: "SettingsDir", token: str) -> Asked:
    """The same of files that are not in place yet: a private copy, removed afterwards.

    Failed when the copy cannot be made.
    """
    directory = "/tmp/snf-settings-" + token
    try:
        _remove_mine(node, directory)
        node.mkdir(directory, 0o700, parents=False)
        try:
            for source in staged.files:
                node.write("%s/%s" % (directory, source.name), source.data, mode=0o600)
            return ask(node, directory)
        finally:
            _remove(node, directory)
    except OSError as error:
        raise Failed("the staged settings cannot be written to %s" % directory, node=node.name,
                     why=error.strerror or str(error), unchanged="all settings files") from error


def _remove_mine(node: "Node", directory: str) -> None:
    """What a run that was killed here left behind; nobody else's directory is touched."""
    left = node.stat(directory, follow=False)
    if left is None or left.kind != "dir" or left.mode & 0o077:
        return
    if node.run(["id", "-u"]).text.strip() == str(left.uid):
        _remove(node, directory)


def _remove(node: "Node", directory: str) -> None:
    for name in node.list(directory):
        node.remove("%s/%s" % (directory, name))
    node.rmdir(directory)


def check_staged(node: "Node", staged: "SettingsDir", names: Iterable[str],
                 token: str) -> Optional[Finding]:
    """Let the node's own Python read files that are not in place yet.

    Refused when it cannot, or when one of the names would have another value than the files
    say to us. A Finding when it gives no answer; None where there is no Python of Synnefo's.
    """
    if not has_program(node):
        return None
    answer = ask_staged(node, staged, token)
    if answer.broken:
        raise Refused("Synnefo would not read the edited settings", node=node.name,
                      why=answer.broken, unchanged="all settings files",
                      next="mend that line by hand, then run the command again")
    wrong = sorted({name for name, _, _ in differing(staged, answer)} & set(names))
    if wrong:
        raise Refused("%s would not have the value that is wanted" % ", ".join(wrong),
                      node=node.name, why="snf-manage diffsettings on the edited files says so",
                      unchanged="all settings files",
                      next="write it as one plain assignment, NAME = value, in the last file")
    if answer.failed:
        return Finding("settings-not-asked", "warning",
                       "snf-manage diffsettings gives no answer about the edited files",
                       node.name, staged.path, answer.failed, "try it on the node")
    return None


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
    try:
        return ask(node, path) if has_program(node) else None
    except Failed as error:
        return Asked({}, failed=str(error))
