"""Man pages: every option of every parser and no other, all sections, examples that parse,
and nothing that a formatter complains of."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import List, Set

import pytest

from tests.helpers.cli import BIN, COMMANDS

MAN = Path(__file__).resolve().parents[2] / "man"
PAGES = sorted(path.name for path in MAN.iterdir())
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "FILES", "ENVIRONMENT",
            "EXAMPLES", "NOTES", "SEE ALSO"]


def parser_of(command: str) -> argparse.ArgumentParser:
    module = re.search(r"from (snftools\.commands\.\w+) import", (BIN / command).read_text())
    assert module
    return importlib.import_module(module.group(1)).build_parser()


def options(parser: argparse.ArgumentParser) -> Set[str]:
    found: Set[str] = set()
    for action in parser._actions:
        found.update(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                found |= options(sub)
    return found


def section(page: str, name: str) -> str:
    """The source of one section of a page."""
    match = re.search(r'^\.SH "?%s"?$\n(.*?)(?=^\.SH |\Z)' % name, (MAN / page).read_text(),
                      re.S | re.M)
    assert match, "%s has no %s" % (page, name)
    return match.group(1)


def plain(text: str) -> str:
    """Source as the reader sees its words."""
    return re.sub(r"\\f[BIR]", "", text).replace("\\-", "-").replace("\\e", "\\")


@pytest.mark.parametrize("command", COMMANDS)
def test_options_of_the_page_are_those_of_the_parser(command: str) -> None:
    documented: Set[str] = set()
    for line in section(command + ".8", "OPTIONS").splitlines():
        if line.startswith((".B", ".BR", ".BI", ".IP", ".OP")):
            text = re.sub(r'\\f[BIR]|"', " ", line).replace("\\-", "-")
            documented |= set(re.findall(r"(?<![\w-])(--?[A-Za-z][\w-]*)", text))
    assert documented == options(parser_of(command))


def test_a_page_for_every_command_and_format() -> None:
    assert PAGES == sorted([command + ".8" for command in COMMANDS] + [
        "snf-upgrade-release.5", "snf-upgrade-site.conf.5", "snf-upgrade-tools.7"])


@pytest.mark.parametrize("page", PAGES)
def test_the_page_has_its_sections_in_order_and_its_name(page: str) -> None:
    source = (MAN / page).read_text()
    found = [name for name in re.findall(r'^\.SH "?(.*?)"?$', source, re.M) if name in SECTIONS]
    assert found == SECTIONS
    name, _, number = page.rpartition(".")
    assert re.match(r"%s -\s+\S" % re.escape(name), plain(section(page, "NAME")))
    assert plain(source).startswith(".TH %s %s " % (name.upper(), number))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_name_line_is_the_commands_own(command: str) -> None:
    module = re.search(r"from (snftools\.commands\.\w+) import", (BIN / command).read_text())
    assert module
    doc = importlib.import_module(module.group(1)).__doc__ or ""
    told = plain(section(command + ".8", "NAME")).strip()
    assert " ".join(told.split()) == doc.strip().splitlines()[0].rstrip(".")


def examples(page: str) -> List[List[str]]:
    """The command lines of ours below EXAMPLES and in every block of a page."""
    lines: List[str] = []
    for block in re.findall(r"^\.nf$\n(.*?)^\.fi$", (MAN / page).read_text(), re.S | re.M):
        lines += plain(block).replace("\\\n", " ").splitlines()
    lines = [re.sub(r'^(\w*[#$] |ansible .* -a (?=")|\s+)', "", line) for line in lines]
    lines = [line[1:-1] if line.startswith('"') else line for line in lines]
    return [shlex.split(line, comments=True) for line in lines
            if re.match(r"snf-(?!manage|dispatcher)", line)]


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_are_command_lines(page: str) -> None:
    """Each is understood by the command's own parser."""
    found = examples(page)
    assert found or page.endswith(".5")
    for words in found:
        assert words[0] in COMMANDS, words
        try:
            parser_of(words[0]).parse_args(words[1:])
        except SystemExit as end:
            raise AssertionError("%s: %s" % (page, " ".join(words))) from end


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_refers_to_is_there(page: str) -> None:
    for name, number in re.findall(r"\b(snf-[a-z.-]+) ?\((\d)\)", plain((MAN / page).read_text())):
        assert "%s.%s" % (name, number) in PAGES


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
@pytest.mark.parametrize("page", PAGES)
def test_mandoc_has_nothing_to_say(page: str) -> None:
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", str(MAN / page)],
                          capture_output=True, text=True)
    # Which other pages are installed says nothing of the page, nor do its source's line ends.
    assert [line for line in (done.stdout + done.stderr).splitlines()
            if "referenced manual not found" not in line
            and "input text line longer than 80" not in line] == []


@pytest.mark.skipif(shutil.which("man") is None, reason="man-db is not installed")
@pytest.mark.parametrize("page", PAGES)
def test_man_renders_it_in_80_columns_without_a_warning(page: str) -> None:
    done = subprocess.run(
        ["man", "--warnings", "-l", str(MAN / page)],
        env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MANPAGER": "cat", "PAGER": "cat",
             "GROFF_NO_SGR": "1", "MAN_KEEP_FORMATTING": ""},
        capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    text = re.sub(".\x08", "", done.stdout)
    assert [line for line in text.splitlines() if len(line) > 80] == []
    for name in SECTIONS:
        assert re.search("^%s$" % name, text, re.M)


def test_all_pages_have_one_fixed_date() -> None:
    """Written in the sources: nothing takes it from a clock."""
    dates = {re.findall(r'"([^"]*)"', (MAN / page).read_text().splitlines()[0])[0]
             for page in PAGES}
    assert len(dates) == 1
    assert re.match(r"\d{4}-\d\d-\d\d$", dates.pop())


def test_every_promise_names_tests_that_there_are():
    text = (MAN / "snf-upgrade-tools.7").read_text().partition(".SH PROMISES")[2]
    promises = text.partition(".SH OPTIONS")[0].split(".TP\n")[1:]
    for promise in promises:
        held = re.findall(r"^(tests/\w+/\w+\.py)(:?)\n((?:\.br\n[\w;,]+\n)*)", promise, re.M)
        assert held, promise
        for path, colon, names in held:
            source = (MAN.parent / path).read_text()
            wanted = re.findall(r"\w{3,}", names)
            assert bool(wanted) == bool(colon), promise
            assert [name for name in wanted if "def test_%s(" % name not in source] == []
    assert len(promises) > 10
