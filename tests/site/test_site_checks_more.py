"""The checks whose traps exclude those of test_site_checks, and those that end a look early."""

from __future__ import annotations

import json
import subprocess
from types import SimpleNamespace

import pytest

from snftools.backups import dump
from snftools.backups.clients import Way
from snftools.upgrade import estimate, facts
from snftools.upgrade.checks import databases, reach, space
from tests.helpers import cli

FULL = "echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'\n" \
       "echo 'none 1000 990 10 99% /var'"
HOLDER = {"host": "other", "boot_id": "b", "pid": 5, "started": 6, "command": "snf-upgrade run",
          "time": "2013-11-12T00:04:11Z"}


def without(text):
    """site.conf without its [email], its limit, pithos' base URL and its administrator."""
    text = text[:text.index("[email]")].replace("pending_app_limit = 2\n", "")
    head, pithos, rest = text.partition("[[pithos]]\n")
    return head + pithos + rest.split("\n", 1)[1].replace("postgres@/", "nobody_at_all@/")


@pytest.fixture(scope="module")
def trapped(site_template):
    """A site with traps; the findings of its check."""
    site = site_template.copy()
    cli.run("snf-services", "stop", "snf-dispatcher", "--node", "cyclades", "--yes",
            site=site).expect(0)
    status = site.node("pithos") / "var/lib/dpkg/status"
    text = status.read_text()
    begin = text.index("Package: snf-webproject\n")
    status.write_text(text[:begin] + text[begin:].replace("ok installed", "ok half-configured",
                                                          1))
    (site.node("ganeti") / "var/lib/ganeti/ssconf_master_node").write_text("other.example.org\n")
    (site.node("ganeti") / "usr/bin/df").unlink()
    (site.node("ganeti") / "usr/bin/df").write_text("#!/bin/sh\n%s\n" % FULL)
    (site.node("ganeti") / "usr/bin/df").chmod(0o755)
    lock = site.node("ganeti") / "run/lock/snf-upgrade.lock"
    lock.mkdir()
    (lock / "holder").write_text(json.dumps(HOLDER))
    site.conf.write_text(without(site.conf.read_text()))
    working = [subprocess.Popen([name, "1000"], executable="/bin/sleep",
                                env={"PATH": str(site.node("astakos") / "usr/bin")})
               for name in ("/usr/bin/apt-get", "/usr/bin/monit")]
    found = cli.run("snf-upgrade", "check", "--json", site=site).expect(4).json
    yield SimpleNamespace(site=site, findings=found["findings"])
    for one in working:
        one.kill()
        one.wait()
    site.destroy()


@pytest.mark.parametrize("check, severity, where, said, remedy", [
    ("half-configured", "warning", "pithos", "dpkg --audit has packages", "--configure -a"),
    ("ganeti-master", "warning", "", "none of ganeti is the Ganeti master", "getmaster"),
    ("service-down", "warning", "cyclades", "snf-dispatcher is enabled but does not run",
     "snf-services start snf-dispatcher --node cyclades"),
    ("locks", "error", "ganeti", "pid 5 on other, since 2013-11-12T00:04:11Z", "rm -r "),
    ("space", "error", "ganeti", "10.2 kB free", "apt-get clean"),
    ("pending-app-limit", "error", "", "how many project applications", "pending_app_limit = 2"),
    ("email", "warning", "", "no [email]", "[email] contact"),
    ("base-url", "error", "", "the base URL of pithos", "[[pithos]] base_url"),
    ("database-admin", "error", "", "the administrator of database", "admin"),
    ("apt-busy", "error", "astakos", "/usr/bin/apt-get is at work", "ps -fp "),
    ("watchdogs", "warning", "astakos", "monit", "service monit stop"),
])
def test_a_trap_is_found(trapped, check, severity, where, said, remedy):
    found = [one for one in trapped.findings if one["check"] == check and said in one["what"]]
    assert len(found) == 1, [(one["check"], one["what"]) for one in trapped.findings]
    assert found[0]["severity"] == severity
    assert remedy in found[0]["remedy"]
    if where:
        assert found[0]["node"] == where


def test_dead_databases_are_told_once_and_the_rest_is_looked_at(site_template):
    site = site_template.copy(start=False)
    try:
        site.server.stop()
        found = cli.run("snf-upgrade", "check", "--json", site=site).expect(4).json["findings"]
        answer = [one for one in found if one["check"] == "database-answer"]
        assert len(answer) == 1 and answer[0]["severity"] == "error"
        assert "does not answer" in answer[0]["what"] and answer[0]["remedy"]
        assert "service-down" in {one["check"] for one in found}
    finally:
        site.destroy()


@pytest.mark.parametrize("uid, root, said", [
    ("1000", "", ["commands run as user 1000, not as root"]), ("0", "", []), ("1000", "/r", [])])
def test_root_rights(uid, root, said):
    node = SimpleNamespace(name="n", root=root,
                           run=lambda *words, **more: SimpleNamespace(ok=True, text=uid + "\n"))
    assert [one.what for one in reach.root_rights(None, node)] == said


def test_a_node_whose_shell_fails_is_not_reachable():
    node = SimpleNamespace(name="n", address="n1", run=lambda *words, **more: SimpleNamespace(
        ok=False, error_text="This account is not available.\n"))
    (found,) = reach.reachable(None, node)
    assert found.what == "a command on it fails: This account is not available."
    assert found.remedy == "ssh n1 true"


def test_room_for_backups_and_state(monkeypatch, tmp_path):
    steps = [SimpleNamespace(label="before", id="a"), SimpleNamespace(label="migrate", id="b"),
             SimpleNamespace(label="", id="c")]
    look = SimpleNamespace(
        up=SimpleNamespace(site=SimpleNamespace(backup_dir="/b", state_dir="/s")),
        plan=SimpleNamespace(steps=steps), found=SimpleNamespace(done={"a"}), databases=[])
    monkeypatch.setattr(facts, "database_size", lambda up, databases: 10 ** 9)
    free = {"/b": 10 ** 9, "/s": 10 ** 9}
    monkeypatch.setattr(estimate, "free_bytes", free.__getitem__)
    assert space.backups(look, None) == []
    free.update({"/b": 10 ** 9 - 1, "/s": 1000})
    assert [(one.where, one.waivable) for one in space.backups(look, None)] == [
        ("/b", True), ("/s", True)]


def test_another_way_of_dumping_is_noted(monkeypatch):
    database = SimpleNamespace(name="d", node=SimpleNamespace(name="n"))
    ways = [Way("pg_dump", 150000, "directory", True),
            Way("pg_dump", 150000, "custom", True, "one", there=True),
            Way("pg_dump", 150000, "custom", True, "one", stream="no room"),
            Way("pg_dump", 90400, "custom", False, "two")]
    monkeypatch.setattr(dump, "need_restorable", lambda database: None)
    monkeypatch.setattr(dump, "ways", lambda directory, databases: ways)
    look = SimpleNamespace(databases=[database] * 4,
                           up=SimpleNamespace(site=SimpleNamespace(backup_dir="/b")))
    begins = "database d is dumped in format custom"
    assert [(one.severity, one.what, one.why) for one in databases.backup_format(look, None)] == [
        ("note", begins + ", made there and brought over", "one"),
        ("note", begins + ", a stream that ends with the line", "one\nno room"),
        ("note", begins + ", only while nobody is connected", "two")]
