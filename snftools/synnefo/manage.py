"""snf-manage on a node: run without questions, its output cleaned, its exit status not believed.

snf-manage and its kind exit 0 on many failures (OBSERVED A), so what an Answer holds is a
hint for people; what happened is asked from the databases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple

from snftools import failpoint
from snftools.errors import Failed
from snftools.output import mask

if TYPE_CHECKING:
    from snftools.node.base import Node

# The commands that may ask something, and the option with which they do not (OBSERVED B).
_NO_INPUT = ("syncdb", "migrate")

# What snf-manage prints on standard error when a settings file can't be executed.
_BROKEN_SETTINGS = "Failed to read settings file:"

# The question of an empty database (OBSERVED B.2): the settings name the wrong one.
SUPERUSER_QUESTION = "You just installed Django's auth system"


@dataclass(frozen=True)
class Answer:
    """What a program of Synnefo said: cleaned lines, and the raw text for our own parsers."""

    argv: Tuple[str, ...]
    exit: int
    out: Tuple[str, ...]
    err: Tuple[str, ...]
    raw: str = field(default="", repr=False)

    def says(self, text: str) -> bool:
        """Whether a line of either stream has the text."""
        return any(text in line for line in self.out + self.err)

    def complaint(self) -> str:
        """The line that tells most about a failure, or "" when it told nothing."""
        for lines in (self.err, self.out):
            for line in reversed(lines):
                if line.strip() and not line.startswith(("  File ", "Type 'snf-manage help'")):
                    return line.strip()
        return ""

    def describe(self) -> str:
        """The command line, its exit status and its complaint, for a message."""
        told = self.complaint()
        return "%s: exit %d%s" % (" ".join(self.argv), self.exit, ": " + told if told else "")


def run(node: "Node", argv: Sequence[str], *, stdin: bytes = b"",
        timeout: Optional[float] = None, keep: str = "") -> Answer:
    """Run a program of Synnefo on a node, standard input given or at its end.

    `keep`: it takes long and must outlive a broken line (node.run).

    Raises Failed when the program is not there or the node's settings can't be executed:
    then nothing that Synnefo does can work on it.
    """
    failpoint.reach("program.before:" + " ".join(argv))
    result = node.run(list(argv), stdin=stdin, timeout=timeout, keep=keep)
    failpoint.reach("program.after:" + " ".join(argv))
    answer = Answer(tuple(argv), result.exit, _cleaned(result.text),
                    _cleaned(result.error_text), result.text)
    if answer.exit == 127:
        raise Failed("%s is not installed" % argv[0], node=node.name, unchanged="everything",
                     next="snf-install-packages --node %s" % node.name)
    for line in answer.err:
        if line.startswith(_BROKEN_SETTINGS):
            raise Failed(line, node=node.name,
                         why="every command of Synnefo on this node stops at that file",
                         next="snf-settings-check --node %s" % node.name)
    return answer


def snf_manage(node: "Node", args: Sequence[str], *, stdin: bytes = b"",
               timeout: Optional[float] = None) -> Answer:
    """Run `snf-manage ARGS`, with --noinput where there is such an option."""
    words: List[str] = list(args)
    if words and words[0] in _NO_INPUT and "--noinput" not in words:
        words.append("--noinput")
    return run(node, ["snf-manage", *words], stdin=stdin, timeout=timeout)


def _cleaned(text: str) -> Tuple[str, ...]:
    """The lines that may be shown: no South [DEBUG] lines, no token, no password."""
    return tuple(mask.clean_program_output(text).splitlines())
