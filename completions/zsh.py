"""zsh completion: the specs of _arguments."""

from __future__ import annotations

import argparse
import re
import shlex
from typing import List

from completions.offered import (WORDS, actions_of, is_argument, offered, parser_of,
                                 takes_value)

SCRIPT = """\
#compdef %(command)s
# zsh completion of %(command)s, generated from its parser
%(words)s
local -a line=("${words[@]}")
%(body)s
"""


def values_of(action: argparse.Action) -> str:
    """The end of an _arguments spec: what the value is called, and what gives it."""
    kind, words = offered(action)
    name = str(action.metavar or action.dest).replace(":", " ")
    if kind in ("files", "dirs"):
        return ":%s:_files%s" % (name, " -/" if kind == "dirs" else "")
    if not words:
        return ":%s: " % name
    return ":%s:{compadd %s-- %s}" % (name, "-S '' " if words.endswith("=") else "", words)


def option_specs(action: argparse.Action) -> List[str]:
    """One spec for each spelling of an option; one that may not repeat excludes itself."""
    flags = action.option_strings
    help = re.sub(r"([][:\\])", r"\\\1", action.help or "")
    repeats = isinstance(action, (argparse._AppendAction, argparse._CountAction))
    before = "*" if repeats else "(%s)" % " ".join(flags)
    values = values_of(action) if takes_value(action) else ""
    return ["%s%s%s[%s]%s" % (before, flag, "=" if values and flag.startswith("--") else "",
                              help, values) for flag in flags]


def specs_of(parser: argparse.ArgumentParser) -> str:
    """The words for _arguments, a line each."""
    specs: List[str] = []
    for action in parser._actions:
        if action.option_strings:
            specs += option_specs(action)
        elif is_argument(action):
            specs.append(("*" if action.nargs == "*" else "") + values_of(action))
    return " \\\n        ".join(map(shlex.quote, specs))


def script(command: str) -> str:
    """The zsh completion of one command."""
    parser = parser_of(command)
    actions = actions_of(parser)
    body = "_arguments -s -S \\\n        " + specs_of(parser)
    if actions:
        body = "local state\n_arguments -C -s \\\n        %s \\\n" % specs_of(parser)
        body += "        '1:action:(%s)' '*::word:->rest' && return\n" % " ".join(actions)
        body += "case $words[1] in\n%sesac" % "".join(
            "    %s) _arguments -s -S \\\n        %s;;\n" % (name, specs_of(sub))
            for name, sub in actions.items())
    return SCRIPT % {"command": command, "words": WORDS, "body": body}
