"""`snf-upgrade check`: each trap that is set is found in one pass, with a line that mends it."""

from __future__ import annotations

import json
import subprocess
import time
from types import SimpleNamespace

import psycopg2
import pytest

from snftools.node import Process
from snftools.upgrade.checks import apt, writers
from tests.helpers import cli

SCRIPTS = {
    ("cyclades", "usr/sbin/rabbitmqctl"): "echo 'snf-events 3'; echo 'snf-empty 0'",
    ("ganeti", "usr/sbin/gnt-job"): "echo '17 running INSTANCE_CREATE(vm1)'; echo '16 success X'",
    ("pithos", "usr/bin/etckeeper"): "exit 0",
    ("pithos", "usr/bin/apt-config"): "echo 'APT::Periodic::Unattended-Upgrade \"1\";'",
    ("astakos", "usr/bin/date"): "echo %d",
    ("astakos", "usr/sbin/policy-rc.d"): "exit 0",
}


def plant(site, node, path, body):
    target = site.node(node) / path
    if target.exists() or target.is_symlink():
        target.unlink()
    target.write_text("#!/bin/sh\n%s\n" % body)
    target.chmod(0o755)


@pytest.fixture(scope="module")
def trapped(site_template):
    """A site with a trap for each check that looks for one; the findings of its check."""
    site = site_template.copy()
    for (node, path), body in SCRIPTS.items():
        plant(site, node, path, body % (time.time() + 3600) if "%d" in body else body)
    cron = site.node("cyclades") / "etc/cron.d"
    cron.mkdir(parents=True, exist_ok=True)
    (cron / "synnefo").write_text("0 * * * * root snf-manage backend-update-status\n")
    status = site.node("pithos") / "var/lib/dpkg/status"
    text = status.read_text()
    begin = text.index("Package: snf-webproject\n")
    status.write_text(text[:begin] + text[begin:].replace("0.13", "0.12", 1))
    site.psql("cyclades", "CREATE ROLE stranger")
    site.psql("cyclades", "CREATE TABLE strange (id integer)")
    site.psql("cyclades", "ALTER TABLE strange OWNER TO stranger")
    name = site.database("pithos")
    site.psql("pithos", "ALTER DATABASE %s SET default_transaction_read_only = on" % name)
    conf = site.conf.read_text()
    cyclades = [line for line in conf.splitlines() if line.endswith('/cyclades"')][0]
    pithos = [line for line in conf.splitlines() if line.endswith('/pithos"')][0]
    site.conf.write_text(conf.replace(pithos, cyclades))
    session = psycopg2.connect(host=str(site.dir / "run"), user="postgres",
                               dbname=site.database("astakos"))
    found = cli.run("snf-upgrade", "check", "--json", site=site).expect(4).json
    yield SimpleNamespace(site=site, findings=found["findings"], result=found["result"])
    session.close()
    site.destroy()


@pytest.mark.parametrize("check, severity, said", [
    ("queues", "warning", "snf-events (3)"),
    ("ganeti-jobs", "warning", "1 jobs in flight: 17 running INSTANCE_CREATE(vm1)"),
    ("etckeeper", "warning", "not committed"),
    ("unattended-upgrades", "warning", "unattended upgrades are on"),
    ("clock", "warning", "s ahead of this machine's"),
    ("policy-rc.d", "warning", "/usr/sbin/policy-rc.d"),
    ("other-writers", "warning", "snf-manage"),
    ("source-version", "error", "snf-webproject is at 0.12"),
    ("database-writable", "error", "tables of another role: strange"),
    ("database-writable", "error", "its sessions are read-only"),
    ("url-clash", "error", "cyclades and pithos share http://"),
    ("sessions", "warning", "postgres pid "),
])
def test_a_trap_is_found(trapped, check, severity, said):
    found = [one for one in trapped.findings if one["check"] == check and said in one["what"]]
    assert len(found) == 1, [one["what"] for one in trapped.findings]
    assert found[0]["severity"] == severity and found[0]["remedy"]
    assert found[0]["node"] or found[0]["where"]


def test_the_line_for_a_crontab_takes_the_job_out(trapped):
    (found,) = [one for one in trapped.findings if one["check"] == "other-writers"]
    cron = trapped.site.node("cyclades") / "etc/cron.d/synnefo"
    line = found["remedy"].split("    (")[0].replace("/etc/cron.d/synnefo", str(cron))
    subprocess.run(["sh", "-c", line], check=True)
    assert cron.read_text() == "#0 * * * * root snf-manage backend-update-status\n"


def test_there_are_thirty_checks_and_more(trapped):
    assert len(set(trapped.result["checks"])) == len(trapped.result["checks"]) >= 30


def test_what_may_not_be_waived_says_so(trapped):
    done = cli.run("snf-upgrade", "check", "--waive", "url-clash", "--waive", "queues",
                   site=trapped.site).expect(4)
    assert "(can't be waived)" in " ".join(done.out.split())


def test_a_waived_finding_is_recorded(practice_site):
    site = practice_site
    site.conf.write_text(site.conf.read_text().replace("pending_app_limit = 2",
                                                       "pending_app_limit = 0"))
    cli.run("snf-upgrade", "check", site=site).expect(4)
    cli.run("snf-upgrade", "check", "--waive", "quota-limit", site=site).expect(0)
    cli.run("snf-upgrade", "run", "--yes", "--waive", "quota-limit", site=site,
            timeout=600).expect(0)
    assert site.psql("astakos", "SELECT uplimit FROM im_resource WHERE name = "
                                "'astakos.pending_app'") == [(0,)]
    (path,) = (site.dir / "state" / "runs").glob("*/journal.jsonl")
    waived = [row for row in map(json.loads, path.read_text().splitlines())
              if row["event"] == "waived"]
    assert [row["proof"]["check"] for row in waived] == ["quota-limit"]


def node(*lines):
    processes = [Process(number, 1, "root", line) for number, line in enumerate(lines, 2)]
    return SimpleNamespace(name="n", processes=lambda: processes)


@pytest.mark.parametrize("line, busy", [
    ("apt-get dist-upgrade", True), ("/usr/bin/dpkg --configure -a", True),
    ("/usr/bin/python3 /usr/bin/unattended-upgrade", True), ("apt.systemd.daily", False),
    ("/usr/bin/python /usr/bin/gunicorn", False), ("vi /etc/apt/sources.list", False)])
def test_another_apt_is_seen(line, busy):
    assert bool(apt.busy(None, node("init [2]", line))) == busy


@pytest.mark.parametrize("line, name", [
    ("/usr/bin/ruby /usr/bin/puppet agent", "puppet"), ("/usr/bin/monit -c /etc/monitrc", "monit"),
    ("/usr/bin/python /usr/bin/supervisord", "supervisord"), ("vi puppet", ""), ("godot", "")])
def test_a_watchdog_is_seen(line, name):
    found = writers.watchdogs(None, node(line, line))
    assert [one.what.split()[0] for one in found] == ([name] if name else [])
