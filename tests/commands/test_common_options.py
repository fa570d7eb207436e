"""The options with one meaning everywhere, on every command; reading twice changes nothing."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest

from tests.contract.test_commands import READING
from tests.helpers.cli import argv_of, environment, run

# Lines of a 0.13 site that only look; the exit status that each must have there.
LOOKING = {**READING, "snf-restore-db": ["latest", "--check", "--yes"]}
CODES = {"snf-services": 0, "snf-backup-db": 0, "snf-restore-db": 0, "snf-install-packages": 5,
         "snf-check-versions": 4, "snf-settings-rename": 5, "snf-settings-check": 4,
         "snf-migrate-db": 5, "snf-register-services": 5, "snf-register-verify": 4,
         "snf-migrate-quota": 5, "snf-upgrade": 0}


@pytest.fixture(scope="module")
def site(site_template: Any) -> Any:
    copy = site_template.copy(start=False)
    copy.server.start()
    run("snf-backup-db", "create", "--label", "first", "--database", "snf_pithos", "--jobs", "1",
        site=copy).expect(0)
    run("snf-backup-db", "create", "--label", "first", site=copy).expect(0)
    yield copy
    copy.destroy()


@pytest.mark.parametrize("command", sorted(LOOKING))
def test_a_command_that_looks(command: str, site: Any) -> None:
    words = LOOKING[command]
    plain = run(command, *words, site=site).expect(CODES[command])
    assert "Traceback" not in plain.err and plain.out.isascii()

    again = run(command, *words, "--json", "--verbose", site=site).expect(CODES[command]).json
    assert again["schema"] == 1 and again["command"].startswith(command)
    assert again["changed"] is (CODES[command] == 5)

    quiet = run(command, *words, "--quiet", site=site).expect(CODES[command])
    assert len(quiet.out) <= len(plain.out)
    assert "WARN" not in quiet.out and "NOTE" not in quiet.out

    bright = run(command, *words, "--color", "always", site=site).expect(CODES[command])
    never = run(command, *words, "--color", "never", site=site).expect(CODES[command])
    assert "\x1b[" not in never.out
    if re.search(r"^(ERROR|WARN|NOTE) ", plain.out, re.M):
        assert "\x1b[" in bright.out

    if "--check" in words:
        dry = [word.replace("--check", "--dry-run") for word in words]
        run(command, *dry, site=site).expect(CODES[command])


@pytest.mark.parametrize("command", sorted(LOOKING))
def test_progress_is_a_json_object_a_line(command: str, site: Any) -> None:
    import subprocess
    reading, writing = os.pipe()
    done = subprocess.run(argv_of(command, *LOOKING[command], "--status-fd", writing),
                          env=environment(site), pass_fds=[writing], capture_output=True)
    os.close(writing)
    with os.fdopen(reading) as stream:
        events = [json.loads(line) for line in stream]
    assert done.returncode == CODES[command]
    for event in events:
        assert {"event", "step", "node", "done", "total", "unit", "text"} == set(event)


def test_restore_without_a_site_conf(site: Any) -> None:
    words = ["--node", site.node("pithos"), "--role", "pithos", "--settings-dir", "/etc/synnefo",
             "--backup-dir", site.dir / "backups", "--database", "snf_pithos", "--jobs", "1",
             "--db-admin", "postgresql://postgres@/postgres?host=%s" % (site.dir / "run")]
    state = {"SNF_UPGRADE_STATE_DIR": str(site.dir / "own-state")}
    run("snf-restore-db", "first", "--check", *words, env=state).expect(0)
    count = "SELECT count(*) FROM nodes"
    before = site.psql("pithos", count)
    site.psql("pithos", "CREATE TABLE later (id integer)")
    run("snf-restore-db", "first", "--yes", *words, env=state).expect(0)
    assert site.psql("pithos", count) == before
    assert site.psql("pithos", "SELECT to_regclass('later')::text") == [(None,)]


def test_run_only_wants_what_comes_before(site: Any) -> None:
    run("snf-upgrade", "run", "--yes", "--only", "no-such-step", site=site).expect(2)
    done = run("snf-upgrade", "run", "--yes", "--only", "migrate", site=site)
    assert done.code == 3, done.out + done.err
