"""Every option of every parser is in its man page, and no other."""

import argparse
import importlib
import re
from pathlib import Path

import pytest

from tests.helpers.cli import BIN, COMMANDS

MAN = Path(__file__).resolve().parents[2] / "man"


def parser_of(command):
    module = re.search(r"from (snftools\.commands\.\w+) import", (BIN / command).read_text())
    return importlib.import_module(module.group(1)).build_parser()


def options(parser):
    found = set()
    for action in parser._actions:
        found.update(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                found |= options(sub)
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_options_of_the_page_are_those_of_the_parser(command):
    page = (MAN / (command + ".8")).read_text()
    section = re.search(r"^\.SH \"?OPTIONS\"?$(.*?)^\.SH (?!OPTIONS)", page, re.S | re.M).group(1)
    documented = set()
    for line in section.splitlines():
        if line.startswith((".B", ".BR", ".BI", ".IP", ".OP")):
            text = re.sub(r'\\f[BIR]|"', " ", line).replace("\\-", "-")
            documented |= set(re.findall(r"(?<![\w-])(--?[A-Za-z][\w-]*)", text))
    assert documented == options(parser_of(command))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_has_its_sections_and_its_name(command):
    page = (MAN / (command + ".8")).read_text()
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"):
        assert re.search(r'^\.SH "?%s"?$' % section, page, re.M), section
    name = page.replace("\\-", "-")
    assert re.search(r"^%s - \S" % command, name, re.M)
