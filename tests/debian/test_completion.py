"""Completions as bash and zsh use them, generated from the parsers as at build time."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Dict, Iterator, List

import pytest

from tests.contract.test_man_pages import options, parser_of
from tests.helpers.cli import BIN, COMMANDS

NEEDS_BASH = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
NEEDS_ZSH = pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")

ASK = """
source "$1"; command=$2; shift 2
COMP_WORDS=("$command" "$@")
COMP_CWORD=$#
function=$(complete -p "$command" | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
compopt() { asked="$asked $*"; }
$function
printf '%s\\n' "${COMPREPLY[@]}" $asked
"""
SITE = """name = x
backup_dir = "%s"  # where they lie
[components]
[[astakos]]
base_url = https://a.example.org
[nodes]
  [[node1]]
roles = astakos,
[[ "node2" ]]
[[$(touch pwned)]]
[databases]
[[snf_apps]]
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("completions")
    subprocess.run(["/usr/bin/python3", "-B", str(BIN.parent / "completions/generate"),
                    str(made)], check=True)
    return made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A site.conf with two nodes, and three backups; names that a shell would run among them."""
    directory = tmp_path_factory.mktemp("site")
    backups = directory / "backups"
    for name in ("20131112T000420Z-pre-upgrade/snf_apps", "20131112T000420Z-pre-upgrade/snf_pithos",
                 "20131113T000000Z-trial/snf_apps", "20131114T000000Z-$(touch pwned)", "lost"):
        (backups / name).mkdir(parents=True)
    (directory / "site.conf").write_text(SITE % backups)
    yield directory / "site.conf"
    assert not (directory / "pwned").exists()


def environment(site: Path) -> Dict[str, str]:
    """No Python in PATH: whatever TAB did with it would fail."""
    programs = site.parent / "bin"
    if not programs.exists():
        programs.mkdir()
        for name in ("sed", "ls", "grep", "sort", "find", "tr", "cat"):
            (programs / name).symlink_to(str(shutil.which(name)))
    return {"PATH": str(programs), "SNF_UPGRADE_SITE": str(site), "HOME": str(site.parent),
            "LC_ALL": "C", "TERM": "dumb", "PS1": "READY> ", "PROMPT": "READY> "}


def offered(generated: Path, site: Path, command: str, *words: str) -> List[str]:
    """What TAB offers for the last of the words in bash."""
    done = subprocess.run(
        [str(shutil.which("bash")), "--norc", "-c", ASK, "bash",
         str(generated / "bash-completion/completions" / command), command, *words],
        cwd=str(site.parent), env=environment(site), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_a_file_for_every_command_and_shell(generated: Path) -> None:
    assert sorted(os.listdir(str(generated / "bash-completion/completions"))) == list(COMMANDS)
    assert sorted(os.listdir(str(generated / "zsh/vendor-completions"))) == [
        "_" + command for command in COMMANDS]


@NEEDS_BASH
@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_offered_and_no_other(generated: Path, site: Path, command: str) -> None:
    parser = parser_of(command)
    found = set(offered(generated, site, command, "-"))
    for action in parser._actions:
        if not action.option_strings and isinstance(action.choices, dict):
            for name in action.choices:
                found |= set(offered(generated, site, command, name, "-"))
    assert found == options(parser)


SETS = ["20131112T000420Z-pre-upgrade", "20131113T000000Z-trial"]


@NEEDS_BASH
@pytest.mark.parametrize("line, expected", [
    ("snf-services st", ["start", "status", "stop"]),
    ("snf-services --color n", ["never"]),
    ("snf-services stop --role g", ["ganeti"]),
    ("snf-services stop --color = al", ["always"]),
    ("snf-services stop --color =", ["always", "auto", "never"]),
    ("snf-services stop snf-d", ["snf-dispatcher"]),
    ("snf-services stop --timeout ", []),
    ("snf-services --status-fd stop st", ["start", "status", "stop"]),
    ("snf-practice-site create --layout o", ["one-host"]),
    ("snf-practice-site create ", ["-o", "dirnames"]),
    ("snf-practice-site destroy --layo", []),
    ("snf-services --site st", ["-o", "default"]),
    ("snf-services stop --node ", ["all", "node1", "node2"]),
    ("snf-services --site none.conf stop --node ", ["all"]),
    ("snf-backup-db verify ", [*SETS, "latest", "pre-upgrade", "trial"]),
    ("snf-backup-db verify 20131113", [SETS[1]]),
    ("snf-backup-db verify --backup-dir /none ", ["latest"]),
    ("snf-backup-db create --label ", ["after-migrate", "after-register", "pre-upgrade",
                                       "pre-upgrade", "trial"]),
    ("snf-restore-db pre", ["pre-upgrade"]),
    ("snf-backup-db create --step settings", ["settings", "settings-proof"]),
    ("snf-upgrade rollback --to migrate.node1", ["migrate.node1"]),
    ("snf-restore-db latest -d ", ["snf_apps", "snf_pithos"]),
    ("snf-upgrade run --until backup-", ["backup-before", "backup-migrate", "backup-quota"]),
    ("snf-upgrade run --redo migrate", ["migrate", "migrate.node1", "migrate.node2"]),
    ("snf-register-services --base-url c", ["-o", "cyclades=", "nospace"]),
    ("snf-settings-rename --email-value h", ["-o", "helpdesk=", "host=", "nospace"]),
])
def test_what_is_offered(generated: Path, site: Path, line: str, expected: List[str]) -> None:
    assert sorted(offered(generated, site, *line.split(" "))) == sorted(expected)


def typed(argv: List[str], site: Path, setup: str, line: str, completed: str) -> str:
    """What a shell on a terminal shows when the line is typed, with TAB at its end."""
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover
        os.chdir(str(site.parent))
        os.execve(argv[0], argv, environment(site))
    shown = ""
    try:
        for text, until in (("", "READY> "), (setup + "; echo set''up\n", "setup\r\n.*READY> "),
                            (line + "\t", re.escape(completed) + "$")):
            os.write(terminal, text.encode())
            shown = _read(terminal, until)
        return shown
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(terminal)


def _read(terminal: int, until: str) -> str:
    """Read until the text was shown; what was shown, without control sequences."""
    shown = ""
    deadline = time.monotonic() + 30
    while not re.search(until, shown, re.S) and time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 4096).decode()
            shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x07|.\x08", "", shown)
    return shown


WHOLE = [("snf-services stop --node node1 snf-d", "snf-dispatcher "),
         ("snf-upgrade run --redo quo", "quota "),
         ("snf-upgrade run --redo migrate.node2", "migrate.node2 "),
         ("snf-restore-db 20131113", SETS[1] + " "),
         ("snf-backup-db --json ver", "verify ")]


@NEEDS_BASH
@pytest.mark.parametrize("line, completed", WHOLE)
def test_bash_on_a_terminal(generated: Path, site: Path, line: str, completed: str) -> None:
    setup = "source %s/bash-completion/completions/%s" % (generated, line.split()[0])
    shown = typed([str(shutil.which("bash")), "--norc", "--noprofile", "-i"], site, setup, line,
                  completed)
    assert shown.endswith(completed), shown


@NEEDS_ZSH
@pytest.mark.parametrize("line, completed", WHOLE)
def test_zsh_on_a_terminal(generated: Path, site: Path, line: str, completed: str) -> None:
    setup = "fpath=(%s/zsh/vendor-completions $fpath); autoload -Uz compinit; compinit -D -u" % (
        generated)
    shown = typed([str(shutil.which("zsh")), "-f", "-i"], site, setup, line, completed)
    assert shown.endswith(completed), shown
