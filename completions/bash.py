"""bash completion: case statements over the words that were typed."""

from __future__ import annotations

import argparse
from typing import Dict, Iterator, List, Tuple

from completions.offered import (WORDS, actions_of, is_argument, offered, parser_of,
                                 takes_value)

SCRIPT = """\
# bash completion of %(command)s, generated from its parser
%(words)s
_%(function)s()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} action= word skip=
    local line=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
    COMPREPLY=()
    if [ "$cur" = = ]; then
        cur=
    elif [ "$prev" = = ]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for word in "${line[@]}"; do
        case $skip:$word in
            value:=) continue;;
            value:* | :-* | :=) ;;
            *) action=${action:-$word};;
        esac
        skip=
        case $word in %(valued)s) skip=value;; esac
    done
    case $action in %(actions)s) ;; *) action=;; esac
    case $action:$prev in
%(values)s
    esac
    case $action:$cur in
%(options)s
%(arguments)s
    esac
}
complete -F _%(function)s %(command)s
"""


def reply_of(action: argparse.Action) -> str:
    """The statement that offers the values of an option or argument."""
    kind, words = offered(action)
    if kind == "files":
        return "compopt -o default"
    if kind == "dirs":
        return "compopt -o dirnames"
    if not words:
        return ":"
    space = "compopt -o nospace; " if words.endswith("=") else ""
    return '%sCOMPREPLY=($(compgen -W "%s" -- "$cur"))' % (space, words)


def branches_of(name: str, parser: argparse.ArgumentParser) -> Iterator[Tuple[str, str]]:
    """The branches of the two case statements for a command or one of its subcommands."""
    words: List[str] = []
    for action in parser._actions:
        words += action.option_strings
        if takes_value(action):
            pattern = "|".join("%s:%s" % (name, flag) for flag in action.option_strings)
            yield "values", "        %s) %s; return;;" % (pattern, reply_of(action))
        elif is_argument(action):
            yield "arguments", "        %s:*) %s;;" % (name, reply_of(action))
        elif not action.option_strings:
            yield "arguments", '        %s:*) COMPREPLY=($(compgen -W "%s" -- "$cur"));;' % (
                name, " ".join(action.choices or ()))
    yield "options", '        %s:-*) COMPREPLY=($(compgen -W "%s" -- "$cur"));;' % (
        name, " ".join(sorted(words)))


def script(command: str) -> str:
    """The bash completion of one command."""
    parser = parser_of(command)
    places = {"": parser, **actions_of(parser)}
    lines: Dict[str, List[str]] = {"values": [], "options": [], "arguments": []}
    for name, place in places.items():
        for where, line in branches_of(name, place):
            lines[where].append(line)
    valued = sorted({flag for place in places.values() for action in place._actions
                     if takes_value(action) for flag in action.option_strings})
    return SCRIPT % {
        "command": command, "function": command.replace("-", "_"), "words": WORDS,
        "valued": "|".join(valued) or "''",
        "actions": "|".join(name for name in places if name) or "''",
        **{key: "\n".join(value) for key, value in lines.items()}}
