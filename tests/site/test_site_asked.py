"""What a person says of a run: yes or no at a terminal, a proof accepted, what is kept kept."""

from __future__ import annotations

import json
import os

from tests.helpers import cli
from tests.helpers.terminal import at_terminal


def journals(site):
    return sorted((site.dir / "state" / "runs").glob("*/journal.jsonl"))


def test_whoever_does_not_say_yes_begins_nothing(practice_site):
    for keys, code, said in ((b"n\n", 3, "not confirmed"), (b"\n", 3, "not confirmed"),
                             (b"\x04", 3, "not confirmed"), (b"\x03", 130, "interrupted")):
        ended, shown = at_terminal(practice_site, keys, "snf-upgrade", "run", "--until", "stop")
        assert ended == code and "Go on?" in shown and said in shown, shown
    begun = [json.loads(line) for path in journals(practice_site)
             for line in path.read_text().splitlines()]
    assert not [row for row in begun if row["event"] == "begun"]
    cli.run("snf-services", "stop", "--check", "--node", "all", site=practice_site).expect(5)


def test_yes_goes_on(practice_site):
    ended, shown = at_terminal(practice_site, b"y\n", "snf-upgrade", "run", "--until", "survey")
    assert ended == 0 and "survey" in shown, shown


def test_a_proof_is_accepted_and_what_was_kept_is_kept(practice_site):
    site = practice_site
    path = site.node("astakos") / "etc/synnefo/99-local.conf"
    path.write_text("ASTAKOS_LOGIN_SUCCESS_URL = 'https://x.example.org/im/landing'\n")
    failed = cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(4)
    assert "settings-proof" in failed.out and "im/landing" in failed.out
    record = cli.run("snf-upgrade", "run", "--yes", "--accept", "backup-migrate", "--why", "no",
                     site=site).expect(3)
    assert "can't be accepted" in record.err
    late = cli.run("snf-upgrade", "run", "--yes", "--accept", "verify", "--why", "no",
                   site=site).expect(3)
    assert "needs" in late.err
    line = ("run", "--accept", "settings-proof.astakos", "--why", "the page is ours, ticket 7")
    ended, shown = at_terminal(site, b"n\n", "snf-upgrade", *line)
    assert ended == 3 and "ticket 7?" in shown
    done = cli.run("snf-upgrade", *line, "--yes", site=site, timeout=600).expect(0)
    assert "is at Synnefo 0.14" in done.out
    rows = [json.loads(text) for text in journals(site)[0].read_text().splitlines()]
    assert [row["proof"]["why"] for row in rows if row["step"] == "settings-proof.astakos"
            and row["event"] == "accepted"] == ["the page is ours, ticket 7"]
    told = cli.run("snf-upgrade", "report", "--json", site=site).expect(0).json["result"]
    assert told["accepted"]["settings-proof.astakos"]["why"] == "the page is ours, ticket 7"
    assert "ticket 7" in cli.run("snf-upgrade", "report", site=site).expect(0).out
    undo = sorted(os.listdir(str(site.dir / "state" / "undo")))
    closed = cli.run("snf-upgrade", "close", "--keep", "--yes", site=site).expect(0)
    assert undo and sorted(os.listdir(str(site.dir / "state" / "undo"))) == undo
    assert "kept: undo" in closed.out and "released:" in closed.out
    cli.run("snf-settings-rename", "--undo", "--node", "pithos", site=site).expect(0)
