"""Every command keeps one contract: help, version, usage, a broken site.conf, closed streams."""

import json
import os
import subprocess
import sys

import pytest

from tests.helpers.cli import BIN, COMMANDS, argv_of, environment, run

SITE_COMMANDS = [name for name in COMMANDS if name != "snf-practice-site"]

# A line of each command that reads the site before anything else.
READING = {
    "snf-services": ["status"],
    "snf-backup-db": ["list"],
    "snf-restore-db": ["latest", "--check"],
    "snf-install-packages": ["--check"],
    "snf-check-versions": [],
    "snf-settings-rename": ["--check"],
    "snf-settings-check": [],
    "snf-migrate-db": ["--check"],
    "snf-register-services": ["--check"],
    "snf-register-verify": [],
    "snf-migrate-quota": ["--check", "--pending-app-limit", "2"],
    "snf-upgrade": ["plan"],
}

HEAVY = ("plumbum", "psycopg2", "configobj", "rich")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_what_it_does_and_imports_nothing_heavy(command):
    argv = argv_of(command, "--help")
    argv[1:1] = ["-X", "importtime"]
    done = subprocess.run(argv, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: " + command)
    assert "examples:" in done.stdout
    imported = {line.rsplit("|", 1)[1].strip().split(".")[0]
                for line in done.stderr.splitlines() if "|" in line}
    assert not imported & set(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_version(command):
    done = run(command, "--version").expect(0)
    assert done.out.startswith(command + " (snf-upgrade-tools) ")
    assert done.err == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_option_is_usage(command):
    done = run(command, "--no-such-option").expect(2)
    assert done.out == ""
    assert "usage: " + command in done.err


@pytest.mark.parametrize("command", SITE_COMMANDS)
def test_named_site_conf_missing(command, tmp_path):
    done = run(command, *READING[command], "--site", tmp_path / "none.conf").expect(78)
    assert "none.conf" in done.err
    assert done.out == ""


@pytest.mark.parametrize("text, said", [
    ("name = x\n[nodes]\n[[n]]\nbogus = 1\n", "unknown key nodes.n.bogus"),
    ("name = x\n[nodes\n", "site.conf"),
    ("[nodes]\n[[n]]\n", "name is missing"),
    ("name = x\n", "names no node"),
    ("name = x\n[nodes]\n[[n]]\nroles = astakoz\n", "no such role: astakoz"),
    ("name = x\n[databases]\nadmin = postgresql://a:b@h/d\n[nodes]\n[[n]]\n",
     "must not hold a password"),
    ("name = caf\u00e9\n".encode("latin-1"), "not UTF-8"),
])
@pytest.mark.parametrize("command", SITE_COMMANDS)
def test_broken_site_conf(command, text, said, tmp_path):
    path = tmp_path / "site.conf"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = run(command, *READING[command], "--json", env={"SNF_UPGRADE_SITE": str(path)})
    done.expect(78)
    assert said in done.json["error"]["what"]
    assert done.json["error"]["code"] == 78


@pytest.mark.parametrize("command", SITE_COMMANDS)
def test_site_conf_that_is_a_directory(command, tmp_path):
    run(command, *READING[command], "-c", tmp_path).expect(78)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">/dev/full"])
def test_closed_streams(command, closed):
    line = " ".join(argv_of(command, "--help")) + " " + closed
    done = subprocess.run(["/bin/sh", "-c", line], env=environment(), capture_output=True,
                          text=True)
    assert done.returncode == (1 if ">" in closed and "2" not in closed else 0), done.stderr
    assert "Traceback" not in done.stderr


def test_every_launcher_is_twelve_lines_at_most():
    for path in BIN.iterdir():
        assert len(path.read_text().splitlines()) <= 12, path
        assert os.access(path, os.X_OK), path


def test_the_error_document_is_one_json(tmp_path):
    done = run("snf-check-versions", "--site", tmp_path / "x", "--json").expect(78)
    assert set(json.loads(done.out)) == {"schema", "command", "changed", "findings", "result",
                                         "error"}
    assert sys.version_info >= (3, 9)
