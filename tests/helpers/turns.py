"""The two engines take turns at one site: one is broken off, the other goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import Any, Dict, Sequence, Tuple

from tests.helpers import ansible, cli

PLAYBOOK, MASTER = "playbook", "snf-upgrade run"
PATIENCE = 600.0  # seconds: two engines at work elsewhere make one slow


def other(engine: str) -> str:
    """The one that goes on."""
    return MASTER if engine == PLAYBOOK else PLAYBOOK


def take(site: Any, turns: Sequence[Tuple[str, str]]) -> None:
    """Each (row, engine): it works until the row has begun, and is broken off there.

    The one that did not have the last turn goes on to the end.
    """
    for row, engine in turns:
        code = (_break_off_playbook if engine == PLAYBOOK else _break_off_master)(site, row)
        assert code != 0, "%s was through with %s" % (engine, row)
    if other(turns[-1][1]) == PLAYBOOK:
        ansible.play(site).expect(0)
    else:
        cli.run("snf-upgrade", "run", "--yes", site=site, timeout=PATIENCE).expect(0)


def come_to(site: Any, row: str) -> None:
    """`snf-upgrade run` does all before the row."""
    rows = list(dict.fromkeys(step["id"].partition(".")[0] for step in ansible.steps(site)))
    cli.run("snf-upgrade", "run", "--yes", "--until", rows[rows.index(row) - 1], site=site,
            timeout=PATIENCE).expect(0)


def lose(site: Any, when: str, host: str, *arguments: str) -> ansible.Played:
    """The playbook; from its line with `when` on a host is gone, and back at its end."""
    process = ansible.start(site, *arguments)
    assert process.stdout is not None
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if when in line:
                site.cut(host)
        return ansible.Played(process.wait(PATIENCE), "".join(lines))
    finally:
        site.mend(host)


def _break_off_playbook(site: Any, row: str) -> int:
    """One Ctrl-C was not heard by Ansible 2.14: who sees another task begin presses again."""
    process = ansible.start(site)
    assert process.stdout is not None
    begun = False
    for line in process.stdout:
        begun = begun or "Run %s]" % row in line
        if begun and line.startswith("TASK ["):
            os.killpg(process.pid, signal.SIGINT)
    return process.wait(PATIENCE)


def _break_off_master(site: Any, row: str) -> int:
    before = _begun(site, row)
    process = subprocess.Popen(cli.argv_of("snf-upgrade", "run", "--yes"), start_new_session=True,
                               env=cli.environment(site), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and _begun(site, row) == before:
        assert time.monotonic() < deadline, row
        time.sleep(0.02)
    assert process.poll() is None, "run ended before %s" % row
    os.killpg(process.pid, signal.SIGINT)
    return process.wait(PATIENCE)


def _begun(site: Any, row: str) -> int:
    """How often the run's journal says that a step of the row began."""
    return len([1 for event in _journal(site) if event["event"] == "begun"
                and event["step"].partition(".")[0] == row])


def _journal(site: Any) -> Sequence[Dict[str, Any]]:
    found = []
    for path in sorted((site.dir / "state/runs").glob("*/journal.jsonl"))[-1:]:
        for line in path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                found.append(json.loads(line))
    return found
