"""A node of a practice site: real apt and dpkg below its root, services that lie as seen."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

KEEP = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
ASTAKOS = ["python-objpool", "snf-common", "python-astakosclient", "snf-django-lib",
           "snf-webproject", "snf-branding", "snf-astakos-app"]
CYCLADES = ASTAKOS[:-1] + ["snf-pithos-backend", "snf-cyclades-app"]

def run(root: Path, *argv: str, stdin: bytes = b"", **environment: str):
    """Run a program as the toolkit does on a root directory."""
    path = ":".join(str(root / name) for name in ("usr/sbin", "usr/bin", "sbin", "bin"))
    program = argv[0] if argv[0].startswith("/") else find(root, argv[0])
    return subprocess.run([program, *argv[1:]], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, cwd="/",
                          env={"LC_ALL": "C", **environment, "PATH": environment.get("PATH", path)})


def find(root: Path, name: str) -> str:
    """The program in the root's own directories."""
    for directory in ("usr/sbin", "usr/bin", "sbin", "bin"):
        if (root / directory / name).exists():
            return str(root / directory / name)
    raise FileNotFoundError(name)


def wait_for(condition, seconds: float = 10.0) -> bool:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def processes(root: Path, word: str):
    """The lines of the node's ps that have the word."""
    lines = run(root, "ps", "-eo", "pid,args").stdout.decode().splitlines()
    return [line for line in lines if word in line]


def machine_state():
    """What a practice site must leave alone."""
    paths = ("/var/lib/dpkg/status", "/var/lib/apt/lists", "/var/cache/apt/archives",
             "/var/log/dpkg.log", "/etc/apt")
    return [(path, os.stat(path).st_mtime_ns) for path in paths if os.path.exists(path)]


def test_upgrade_by_apt_get_alone(practice_site, canaries):
    root = practice_site.node("cyclades")
    before = machine_state()
    run(root, "service", "snf-dispatcher", "stop")
    done = run(root, "apt-get", "install", "-y", *KEEP, *CYCLADES,
               PATH=canaries.path, DEBIAN_FRONTEND="noninteractive")
    text = done.stdout.decode()
    assert done.returncode == 0, text
    assert canaries.called() == ""
    assert machine_state() == before
    kept = sorted(path.name for path in (root / "etc/synnefo").glob("*.dpkg-dist"))
    assert kept == [name + ".conf.dpkg-dist" for name in (
        "10-snf-webproject-deploy", "20-snf-cyclades-app-api", "20-snf-cyclades-app-cloudbar",
        "20-snf-cyclades-app-ui", "20-snf-cyclades-app-vmapi")]
    assert "Installing new version of config file /etc/synnefo/00-snf-common-admins.conf" in text
    assert "dispatcher daemon not running, attempting to start." in text
    assert wait_for(lambda: processes(root, "usr/bin/snf-dispatcher"))
    conffiles = run(root, "dpkg-query", "-W", "-f", "${Conffiles}", "snf-cyclades-app")
    assert b"20-snf-cyclades-app-quotas.conf" in conffiles.stdout
    assert b"obsolete" in conffiles.stdout
    again = run(root, "apt-get", "install", "-y", *CYCLADES)
    assert b"snf-cyclades-app is already the newest version (0.14-1~squeeze)" in again.stdout


def test_closed_stdin_leaves_packages_half_configured(practice_site):
    root = practice_site.node("cyclades")
    done = run(root, "apt-get", "install", "-y", *CYCLADES, DEBIAN_FRONTEND="noninteractive")
    assert done.returncode == 100
    assert b"end of file on stdin at conffile prompt" in done.stdout
    assert b"snf-cyclades-app" in run(root, "dpkg", "--audit").stdout
    mended = run(root, "dpkg", "--force-confdef", "--force-confold", "--configure", "-a")
    assert mended.returncode == 0, mended.stdout.decode()
    assert run(root, "dpkg", "--audit").stdout == b""


def test_copy_of_an_upgraded_site_is_an_upgraded_site(practice_site):
    root = practice_site.node("astakos")
    run(root, "service", "gunicorn", "stop")
    assert run(root, "apt-get", "install", "-y", *KEEP, *ASTAKOS).returncode == 0
    for words in (["syncdb"], ["migrate", "quotaholder_app", "0001", "--fake"],
                  ["migrate", "quotaholder_app"], ["migrate", "im"]):
        done = run(root, "snf-manage", *words, "--noinput")
        assert done.returncode == 0, done.stdout.decode()
    other = practice_site.copy()
    try:
        version = run(other.node("astakos"), "snf-manage", "--version")
        assert version.stdout.strip() == b"0.14"
        ports = other.facts["ports"]
        assert other.psql("astakos", "SELECT name, url FROM im_component ORDER BY id")[1:] == [
            (name, "http://127.0.0.1:%d/ui/" % ports[name]) for name in ("cyclades", "pithos")]
        listed = run(other.node("astakos"), "snf-manage", "migrate", "--list", "im")
        assert b"(*) 0042_service_origin" in listed.stdout
    finally:
        other.destroy()


def test_quotaholder_goes_and_comes_back(practice_site):
    root = practice_site.node("astakos")
    said = run(root, "apt-get", "-s", "install", *ASTAKOS).stdout.decode()
    assert "Remv snf-quotaholder-app [0.13-1]" in said
    assert run(root, "apt-get", "install", "-y", *KEEP, *ASTAKOS).returncode == 0
    gone = run(root, "dpkg-query", "-W", "-f", "${Version}|${db:Status-Status}",
               "snf-quotaholder-app")
    assert gone.stdout == b"|not-installed"
    back = run(root, "apt-get", "install", "-y", "--allow-downgrades", "snf-quotaholder-app=0.13-1",
               "snf-astakos-app=0.13-1", "snf-webproject=0.13-1", "snf-common=0.13-1", *KEEP)
    assert back.returncode == 0, back.stdout.decode()


def test_policy_forbids_the_start(practice_site):
    root = practice_site.node("cyclades")
    run(root, "service", "snf-dispatcher", "stop")
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    done = run(root, "apt-get", "install", "-y", *KEEP, *CYCLADES)
    assert b"invoke-rc.d: policy-rc.d denied execution of restart." in done.stdout
    assert done.returncode == 0
    assert wait_for(lambda: not processes(root, "usr/bin/snf-dispatcher"))


def test_hooks_of_ganeti_go(practice_site):
    root = practice_site.node("ganeti")
    assert (root / "usr/sbin/snf-ganeti-hook").exists()
    done = run(root, "apt-get", "install", "-y", *KEEP, "python-objpool", "snf-common",
               "snf-cyclades-gtools", "snf-pithos-backend")
    assert done.returncode == 0, done.stdout.decode()
    assert not (root / "usr/sbin/snf-ganeti-hook").exists()
    assert not list(root.glob("etc/ganeti/hooks/*/snf-ganeti-hook"))


def test_unknown_names(running_site):
    root = running_site.node("ganeti")
    done = run(root, "dpkg-query", "-W", "gunicorn")
    assert done.returncode == 1
    assert done.stdout == b"dpkg-query: no packages found matching gunicorn\n"
    assert run(root, "apt-get", "install", "-y", "snf-nosuch").returncode == 100
    unknown = run(root, "service", "nosuch", "stop")
    assert (unknown.returncode, unknown.stdout) == (1, b"nosuch: unrecognized service\n")


def test_stop_returns_before_the_process_has_ended(practice_site):
    root = practice_site.node("cyclades")
    assert run(root, "service", "snf-dispatcher", "status").returncode == 0
    stopped = run(root, "service", "snf-dispatcher", "stop")
    assert stopped.returncode == 0
    assert run(root, "service", "snf-dispatcher", "status").returncode == 3
    assert processes(root, "usr/bin/snf-dispatcher")
    assert wait_for(lambda: not processes(root, "usr/bin/snf-dispatcher"))
    assert run(root, "service", "snf-dispatcher", "stop").returncode == 0


def test_disabled_daemon_is_not_started_and_exits_0(practice_site):
    root = practice_site.node("cyclades")
    run(root, "service", "snf-dispatcher", "stop")
    default = root / "etc/default/snf-dispatcher"
    default.write_text(default.read_text().replace("ENABLE=true", "ENABLE=false"))
    done = run(root, "service", "snf-dispatcher", "start")
    assert done.returncode == 0
    assert b"not enabled in /etc/default/snf-dispatcher, not starting" in done.stdout
    assert run(root, "service", "snf-dispatcher", "status").returncode == 3


def test_second_start_says_already_running(practice_site):
    root = practice_site.node("cyclades")
    before = processes(root, "usr/bin/snf-dispatcher")
    done = run(root, "service", "snf-dispatcher", "start")
    assert done.returncode == 0 and b"apparently already running" in done.stdout
    assert processes(root, "usr/bin/snf-dispatcher") == before


def test_eventd_runs_on_the_master_only(practice_site):
    root = practice_site.node("ganeti")
    assert run(root, "service", "snf-ganeti-eventd", "status").returncode == 0
    run(root, "service", "snf-ganeti-eventd", "stop")
    (root / "var/lib/ganeti/ssconf_master_node").write_text("elsewhere\n")
    done = run(root, "service", "snf-ganeti-eventd", "start")
    assert done.returncode == 0
    assert b"should run on the ganeti master only, aborting start" in done.stdout
    (root / "usr/sbin/gnt-cluster").unlink()
    assert run(root, "service", "snf-ganeti-eventd", "start").returncode == 127


def test_broken_settings_keep_daemons_down(practice_site):
    root = practice_site.node("cyclades")
    run(root, "service", "snf-dispatcher", "stop")
    (root / "etc/synnefo/99-local.conf").write_text("X = NOSUCH\n")
    done = run(root, "service", "snf-dispatcher", "start")
    assert done.returncode == 1 and b"Failed to read settings file" in done.stdout


def test_gunicorn_is_a_master_with_a_worker_that_rename_themselves(practice_site):
    root = practice_site.node("pithos")
    rows = [line.split(None, 1) for line in processes(root, "gunicorn: ")]
    assert [row[1] for row in rows] == ["gunicorn: master [synnefo]", "gunicorn: worker [synnefo]"]
    pid = (root / "var/run/gunicorn/synnefo.pid").read_text().strip()
    assert pid == rows[0][0]
    assert run(root, "service", "gunicorn", "stop").returncode == 0
    assert wait_for(lambda: not processes(root, "gunicorn: "))
    assert run(root, "service", "gunicorn", "status").returncode == 3
    assert wait_for(lambda: not practice_site.psql("postgres", (
        "SELECT 1 FROM pg_stat_activity WHERE datname = 'snf_pithos'")))
    assert run(root, "service", "gunicorn", "start").returncode == 0
    assert processes(root, "gunicorn: master [synnefo]")


def test_broken_settings_keep_gunicorn_down_though_start_exits_0(practice_site):
    root = practice_site.node("pithos")
    run(root, "service", "gunicorn", "stop")
    (root / "etc/synnefo/99-local.conf").write_text("X = NOSUCH\n")
    assert run(root, "service", "gunicorn", "start").returncode == 0
    assert wait_for(lambda: not processes(root, "gunicorn: "))
    assert run(root, "service", "gunicorn", "status").returncode == 3


def test_ps_shows_only_what_was_started_from_the_node(running_site):
    cyclades = processes(running_site.node("cyclades"), "")
    assert [line for line in cyclades if "snf-dispatcher" in line]
    assert not [line for line in cyclades if "eventd" in line or "postgres" in line]
    assert not processes(running_site.node("ganeti"), "snf-dispatcher")


def test_ps_columns(running_site):
    root = running_site.node("cyclades")
    head, *rows = run(root, "ps", "-eo", "pid,ppid,user,args").stdout.decode().splitlines()
    assert head.split() == ["PID", "PPID", "USER", "COMMAND"]
    row = [row for row in rows if "snf-dispatcher" in row][0].split(None, 3)
    pid = (root / "var/run/synnefo/snf_dispatcher.pid").read_text().strip()
    assert row[0] == pid and row[1] == "1"
    assert run(root, "ps", "-p", pid, "-o", "args=").stdout.decode().strip() == row[3]
    assert run(root, "ps", "-p", "1", "-o", "args=").returncode == 1


def test_daemons_keep_no_file_of_their_starter(practice_site):
    root = practice_site.node("cyclades")
    run(root, "service", "snf-dispatcher", "stop")
    lock = os.open(str(practice_site.dir / "state/lock"), os.O_CREAT | os.O_RDWR)
    os.set_inheritable(lock, True)
    subprocess.run([find(root, "service"), "snf-dispatcher", "start"], close_fds=False,
                   stdout=subprocess.DEVNULL, check=True)
    os.close(lock)
    pid = (root / "var/run/synnefo/snf_dispatcher.pid").read_text().strip()
    links = [os.readlink("/proc/%s/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%s/fd" % pid)]
    assert not [link for link in links if link.endswith("state/lock")]


def test_root_has_no_flock_and_no_python(running_site):
    root = running_site.node("astakos")
    for name in ("flock", "python3", "python", "sudo"):
        with pytest.raises(FileNotFoundError):
            find(root, name)
    assert os.readlink(find(root, "pg_dump")).startswith("/usr/lib/postgresql/")
