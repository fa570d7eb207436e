"""What is told of a run, and how it is closed: text, JSON, page, bundle; prune afterwards."""

from __future__ import annotations

import json
import re
import tarfile
import time
from html.parser import HTMLParser

from tests.helpers import cli


class Page(HTMLParser):
    """The tags that are open, and all text."""

    VOID = ("meta", "rect", "br")

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in self.VOID or self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)


def secrets_of(site, settings):
    found = {row[0] for row in site.psql("astakos", "SELECT auth_token FROM im_component")
             if row[0]}
    text = b"".join(settings.values()).decode("latin-1")
    return found | set(re.findall(r"'PASSWORD':\s*'([^']+)'", text))


def test_report_text_json_and_page(three, tmp_path):
    site = three.site
    text = cli.run("snf-upgrade", "report", site=site).expect(0).out
    for part in ("finished", "Without service:", "backup-before", "its --check is 0",
                 "proven by", "Backups:", "restore, held", "Left for you:"):
        assert part in text, part
    told = cli.run("snf-upgrade", "report", "--json", site=site).expect(0).json["result"]
    assert told["state"] == "finished" and told["attempts"] == 1
    rows = {row["step"]: row for row in told["steps"]}
    assert set(told["forecast"]) == set(rows)
    assert all(row["event"] == "done" and row["proven"] for row in rows.values())
    page = tmp_path / "run.html"
    cli.run("snf-upgrade", "report", "--html", page, site=site).expect(0)
    source = page.read_text()
    read = Page()
    read.feed(source)
    assert read.open == [] and "svg" in read.tags and not read.tags & {"script", "link", "img"}
    assert source.count("<rect") == len(told["steps"])
    assert 'name="viewport"' in source and not re.search(r"(src|href|@import)", source)
    cli.run("snf-upgrade", "report", "--html", tmp_path / "no" / "x", site=site).expect(1)


def test_the_bundle_holds_no_secret_and_is_listed(three, tmp_path):
    site = three.site
    target = tmp_path / "bundle.tgz"
    refused = cli.run("snf-upgrade", "report", "--bundle", target, site=site).expect(3)
    assert "journal.jsonl" in refused.out and not target.exists()
    done = cli.run("snf-upgrade", "report", "--bundle", target, "--yes", site=site).expect(0)
    assert target.stat().st_mode & 0o777 == 0o600
    hidden = secrets_of(site, three.end["settings"])
    with tarfile.open(target) as tar:
        names = tar.getnames()
        data = b"".join(tar.extractfile(name).read() for name in names).decode("latin-1")
    assert len(hidden) > 2 and not [secret for secret in hidden if secret in data]
    for name in ("journal.jsonl", "plan.json", "report.json", "survey/astakos.json"):
        assert any(one.endswith("/" + name) for one in names) and name in done.out
    assert not any(name.endswith((".tar", "survey/databases.json")) for name in names)


def test_close_after_the_way_back_and_after_the_upgrade(practice_site):
    site = practice_site
    cli.run("snf-upgrade", "report", site=site).expect(3)
    cli.run("snf-upgrade", "run", "--yes", "--until", "migrate", site=site,
            timeout=600).expect(0)
    refused = cli.run("snf-upgrade", "close", "--yes", site=site).expect(3)
    assert "is not finished" in refused.err
    cli.run("snf-upgrade", "rollback", "--yes", site=site, timeout=600).expect(0)
    listed = cli.run("snf-upgrade", "close", "--check", site=site).expect(5).out
    assert listed.count("_before_") >= 3 and "undo " in listed and "mark " in listed
    assert "nobody can be asked" in cli.run("snf-upgrade", "close", site=site).expect(3).err
    name = site.psql("astakos", "SELECT datname FROM pg_database WHERE datname LIKE "
                     "'snf_astakos_before_%'")[0][0]
    reader = site.server.connect(name)
    try:
        busy = cli.run("snf-upgrade", "close", "--yes", site=site).expect(3)
        assert "still in use" in busy.err and "pid" in busy.err
    finally:
        reader.close()
    cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(0)
    closed = cli.run("snf-upgrade", "close", "--yes", site=site).expect(0).out
    assert "is closed" in closed and "released:" in closed
    assert site.psql("astakos", "SELECT count(*) FROM pg_database WHERE datname LIKE "
                     "'%\\_before\\_%'")[0][0] == 0
    assert list((site.dir / "state" / "undo").iterdir()) == []
    cli.run("snf-upgrade", "close", "--check", site=site).expect(0)
    assert "nothing to do" in cli.run("snf-upgrade", "close", "--yes", site=site).expect(0).out
    # What is told of it stays, and sets may go now.
    told = cli.run("snf-upgrade", "report", "--json", site=site).expect(0).json["result"]
    assert told["state"] == "closed"
    pruned = cli.run("snf-backup-db", "prune", "--keep", "1", "--yes", "--json", site=site)
    assert len(json.dumps(pruned.expect(0).json["result"]).split("pre-upgrade")) > 1


def test_follow_tells_what_another_terminal_does(practice_site):
    site = practice_site
    running = cli.start("snf-upgrade", "run", "--yes", "--until", "quiet", site=site)
    journal = site.dir / "state" / "runs"
    deadline = time.monotonic() + 60
    while not list(journal.glob("*/journal.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.05)
    told = cli.run("snf-upgrade", "status", "--follow", site=site, timeout=120).expect(0).out
    assert running.wait(60) == 0
    assert "quiet" in told and "It has ended: done." in told


def test_accept_is_for_what_failed_and_says_why(three):
    site = three.site
    assert "--why" in cli.run("snf-upgrade", "run", "--accept", "verify", site=site).expect(2).err
    for step, said in (("verify", "is done"), ("backup-before", "is done")):
        refused = cli.run("snf-upgrade", "run", "--yes", "--accept", step, "--why", "ticket",
                          site=site).expect(3)
        assert said in refused.err


def test_a_window_has_its_latest_moment_to_turn_back(three):
    told = cli.run("snf-upgrade", "plan", "--window", "30", site=three.site).expect(0).out
    assert "turn back at the latest" in told and "Going back takes at most about" in told
    cli.run("snf-upgrade", "plan", "--window", "x", site=three.site).expect(2)
