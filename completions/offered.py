"""What TAB may offer for the words of a command's parser, whatever the shell."""

from __future__ import annotations

import argparse
import importlib
import re
from pathlib import Path
from typing import Any, Dict, List, Tuple

TREE = Path(__file__).resolve().parents[1]
WORDS = (TREE / "completions/words.sh").read_text()


def parser_of(command: str) -> argparse.ArgumentParser:
    """The parser behind a launcher in bin/."""
    launcher = (TREE / "bin" / command).read_text()
    match = re.search(r"from (snftools\.commands\.\w+) import", launcher)
    assert match, command
    return importlib.import_module(match.group(1)).build_parser()


def actions_of(parser: argparse.ArgumentParser) -> Dict[str, argparse.ArgumentParser]:
    """The subcommands' parsers by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def takes_value(action: argparse.Action) -> bool:
    """Whether the word after the option is its value."""
    return bool(action.option_strings) and action.nargs not in (0, "?")


def is_argument(action: argparse.Action) -> bool:
    """Whether it is a word of its own, neither option nor subcommand."""
    return not action.option_strings and not isinstance(action, argparse._SubParsersAction)


def offered(action: argparse.Action) -> Tuple[str, str]:
    """What a value may be: ("words", shell words that give them), ("files", ""), ("dirs", "")
    or ("", "") where nothing can be known."""
    if action.choices:
        return "words", " ".join(map(str, action.choices))
    by_name = {"node": "all $(_snf_nodes %s)", "host": "$(_snf_nodes %s)",
               "database": "$(_snf_databases %s)",
               "label": labels() + " $(_snf_labels %s)", "services": services(),
               "step": steps()[0]}
    by_metavar = {"SET": "$(_snf_sets %s)", "STEP": "%s $(_snf_node_steps '%s' %%s)" % steps(),
                  "NODE=HOST": "$(_snf_mapped %s)",
                  "COMPONENT=URL": "astakos= cyclades= pithos=", "KEY=VALUE": email_keys()}
    metavar = str(action.metavar)
    words = by_name.get(action.dest) or by_metavar.get(metavar)
    if words:
        return "words", words.replace("%s", '"${line[@]}"')
    if "DIR" in metavar:
        return "dirs", ""
    return ("files" if metavar in ("FILE", "TEMPLATE") else ""), ""


def part(name: str) -> Dict[str, Any]:
    """One part of the release."""
    from snftools.release import Release
    return Release.read().part(name)


def steps() -> Tuple[str, str]:
    """The plan's step ids, and those of them that are made on single nodes."""
    rows = part("steps")
    return " ".join(rows), " ".join(name for name in rows if rows[name]["nodes"] != "site")


def labels() -> str:
    """The labels of the plan's own sets."""
    return " ".join(row["label"] for row in part("steps").values() if row["label"])


def services() -> str:
    """The init services."""
    return " ".join(part("services")["services"])


def email_keys() -> str:
    """The keys of [email] in site.conf."""
    from snftools.site import EMAIL_KEYS
    return " ".join(key + "=" for key in EMAIL_KEYS)


def commands() -> List[str]:
    """Every command, by its launcher."""
    return sorted(path.name for path in (TREE / "bin").iterdir())
