"""Standard streams that are closed or full while a command really works, and what -v tells."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.commands.test_common_options import CODES, LOOKING
from tests.helpers.cli import argv_of, environment, run


@pytest.fixture(scope="module")
def site(site_template: Any) -> Any:
    copy = site_template.copy(start=False)
    copy.server.start()
    run("snf-backup-db", "create", "--label", "first", "--verify", "files", site=copy).expect(0)
    yield copy
    copy.destroy()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">/dev/full"])
@pytest.mark.parametrize("command", sorted(LOOKING))
def test_a_stream_is_closed(command: str, closed: str, site: Any) -> None:
    line = " ".join(map(str, argv_of(command, *LOOKING[command]))) + " " + closed
    done = subprocess.run(["/bin/sh", "-c", line], env=environment(site), capture_output=True,
                          text=True)
    unheard = closed in (">&-", ">/dev/full")
    assert done.returncode == (1 if unheard else CODES[command]), done.stderr
    assert "Traceback" not in done.stderr


def test_a_change_whose_answer_nobody_hears_is_made_and_told(site: Any) -> None:
    """The work is done, its report is lost: exit 1; the next one finds it done."""
    line = " ".join(map(str, argv_of("snf-settings-rename", "--node", "pithos"))) + " >&-"
    done = subprocess.run(["/bin/sh", "-c", line], env=environment(site), capture_output=True)
    assert done.returncode == 1
    run("snf-settings-rename", "--node", "pithos", "--check", site=site).expect(0)


def test_v_tells_of_each_program_on_standard_error(site: Any) -> None:
    plain = run("snf-services", "status", "--node", "ganeti", site=site).expect(0)
    told = run("snf-services", "status", "--node", "ganeti", "-v", site=site).expect(0)
    assert told.out == plain.out and plain.err == ""
    assert "ganeti: ps -eo pid,ppid,user,args   (exit 0, " in told.err
    for line in told.err.splitlines():
        assert line.startswith("ganeti: ")
