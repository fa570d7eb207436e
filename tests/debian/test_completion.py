"""Completions as a bash of the machine uses them, generated from the parsers as at build time."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import List

import pytest

from tests.contract.test_man_pages import options, parser_of
from tests.helpers.cli import BIN, COMMANDS

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")

ASK = """
source "$1"; command=$2; shift 2
COMP_WORDS=("$command" "$@")
COMP_CWORD=$#
function=$(complete -p "$command" | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
compopt() { :; }
$function
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("completions")
    subprocess.run(["/usr/bin/python3", "-B", str(BIN.parent / "completions/generate"),
                    str(made)], check=True)
    return made


def offered(directory: Path, command: str, *words: str) -> List[str]:
    """What TAB offers for the last of the words."""
    done = subprocess.run(["bash", "--norc", "-c", ASK, "bash", str(directory / command),
                           command, *words], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_a_file_for_every_command(directory: Path) -> None:
    assert sorted(path.name for path in directory.iterdir()) == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_offered_and_no_other(directory: Path, command: str) -> None:
    parser = parser_of(command)
    found = set(offered(directory, command, "-"))
    for action in parser._actions:
        if not action.option_strings and isinstance(action.choices, dict):
            for name in action.choices:
                found |= set(offered(directory, command, name, "-"))
    assert found == options(parser)


@pytest.mark.parametrize("words, expected", [
    (["snf-services", "st"], ["start", "status", "stop"]),
    (["snf-services", "--color", "n"], ["never"]),
    (["snf-services", "stop", "--role", "g"], ["ganeti"]),
    (["snf-services", "stop", "--color", "=", "al"], ["always"]),
    (["snf-services", "stop", "--color", "="], ["always", "auto", "never"]),
    (["snf-practice-site", "create", "--layout", "o"], ["one-host"]),
    (["snf-practice-site", "destroy", "--layo"], []),
    (["snf-services", "--site", "st"], []),
])
def test_what_is_offered(directory: Path, words: List[str], expected: List[str]) -> None:
    assert sorted(offered(directory, *words)) == expected
