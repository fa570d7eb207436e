"""snf-install-packages and snf-check-versions on practice sites, with the real apt and dpkg."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest

from tests.helpers.cli import run, start
from tests.helpers.packages import offer_without

INSTALL, CHECK = "snf-install-packages", "snf-check-versions"


@pytest.fixture
def site(site_template: Any) -> Iterator[Any]:
    """A three-hosts site of the test's own with all services down."""
    made = site_template.copy(start=False)
    yield made
    made.destroy()


def versions(root: Path) -> Dict[str, str]:
    """What dpkg says is on a node, with states."""
    out = subprocess.run([str(root / "usr/bin/dpkg-query"), "-W", "-f",
                          "${Package} ${Version} ${Status}\n"], capture_output=True, check=True)
    rows = [line.split(" ", 2) for line in out.stdout.decode().splitlines()]
    return {name: version + " " + state for name, version, state in rows
            if "not-installed" not in state}


def tree(root: Path) -> Dict[str, str]:
    """The bytes, modes and owners of a node's /etc."""
    found = {}
    for path in sorted((root / "etc").rglob("*")):
        if path.is_file() and not path.is_symlink():
            facts = path.stat()
            found[str(path.relative_to(root))] = "%s %o %d %d" % (
                hashlib.sha256(path.read_bytes()).hexdigest(), facts.st_mode, facts.st_uid,
                facts.st_gid)
    return found


def policy(root: Path) -> list:
    """What there is of policy-rc.d."""
    return sorted(path.name for path in (root / "usr/sbin").glob("policy-rc.d*"))


def apt_conf(root: Path, text: str) -> None:
    """Add to what the node's apt reads."""
    path = root / "etc/apt/practice.conf"
    path.write_text(path.read_text() + text + "\n")


def test_there_and_back(site: Any) -> None:
    root = site.node("cyclades")
    packages, files = versions(root), tree(root)
    run(INSTALL, "--check", "--node", "cyclades", site=site).expect(5)
    run(CHECK, "--node", "cyclades", site=site).expect(4)
    assert (versions(root), tree(root)) == (packages, files)

    done = run(INSTALL, "--node", "cyclades", "--json", site=site).expect(0)
    result = done.json["result"]["nodes"]["cyclades"]
    assert {row["version"] for row in result["packages"] if row["name"].startswith("snf-")} == {
        "0.14-1~squeeze"}
    merge = [one for one in done.json["findings"] if one["check"] == "to-merge"]
    assert "/etc/synnefo/20-snf-cyclades-app-api.conf.dpkg-dist" in merge[0]["what"]
    changed = {name for name, facts in tree(root).items() if files.get(name) not in (None, facts)}
    # Only what the administrator had not edited was replaced.
    assert "etc/synnefo/20-snf-cyclades-app-api.conf" not in changed
    assert changed and policy(root) == [] and "alembic" in versions(root)
    run(CHECK, "--node", "cyclades", site=site).expect(0)

    again = run(INSTALL, "--node", "cyclades", "--json", site=site).expect(0)
    assert not again.json["changed"]
    run(INSTALL, "--check", "--node", "cyclades", site=site).expect(0)

    run(INSTALL, "--undo", "--check", "--node", "cyclades", site=site).expect(5)
    run(INSTALL, "--undo", result["undo"], "--node", "cyclades", site=site).expect(0)
    assert (versions(root), tree(root)) == (packages, files)
    back = run(INSTALL, "--undo", "--node", "cyclades", "--json", site=site).expect(0)
    assert not back.json["changed"]
    run(INSTALL, "--undo", "--check", "--node", "cyclades", site=site).expect(0)


def test_all_nodes_and_the_announced_removal_comes_back(site: Any) -> None:
    before = {name: (versions(site.node(name)), tree(site.node(name)))
              for name in ("astakos", "cyclades", "pithos", "ganeti")}
    run(INSTALL, "--node", "all", site=site).expect(0)
    done = run(CHECK, "--json", site=site).expect(0)
    assert "snf-quotaholder-app" not in versions(site.node("astakos"))
    notes = [(one["node"], one["where"]) for one in done.json["findings"]]
    assert notes == [("astakos", "snf-pithos-backend")]
    assert "alembic" in versions(site.node("ganeti"))
    run(INSTALL, "--undo", "--node", "all", site=site).expect(0)
    for name, was in before.items():
        assert (versions(site.node(name)), tree(site.node(name))) == was, name


def test_undo_refuses_what_was_changed_since(site: Any) -> None:
    root = site.node("pithos")
    run(INSTALL, "--node", "pithos", site=site).expect(0)
    path = root / "etc/synnefo/20-snf-pithos-app-settings.conf"
    was = path.read_bytes()
    path.write_bytes(was + b"# mine\n")
    now = versions(root)
    done = run(INSTALL, "--undo", "--node", "pithos", site=site).expect(3)
    assert "20-snf-pithos-app-settings.conf" in done.err and versions(root) == now
    path.write_bytes(was)
    run(INSTALL, "--undo", "--node", "pithos", site=site).expect(0)
    run(INSTALL, "--undo", "20200101T000000Z", "--node", "pithos", site=site).expect(3)


def test_services_must_be_down_and_one_that_comes_up_is_stopped(practice_site: Any) -> None:
    root = practice_site.node("cyclades")
    done = run(INSTALL, "--node", "cyclades", site=practice_site).expect(3)
    assert "snf-services stop --node cyclades" in done.err
    assert "0.13" in versions(root)["snf-common"] and policy(root) == []
    run("snf-services", "stop", "--node", "cyclades", site=practice_site).expect(0)
    # Not by invoke-rc.d, so no policy-rc.d can forbid it.
    apt_conf(root, 'DPkg::Post-Invoke { "%s/etc/init.d/snf-dispatcher start"; };' % root)
    done = run(INSTALL, "--node", "cyclades", "--json", site=practice_site).expect(0)
    assert [one["where"] for one in done.json["findings"] if one["check"] == "service-came-up"] \
        == ["snf-dispatcher"]
    run("snf-services", "stop", "--check", "--node", "cyclades", site=practice_site).expect(0)


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_policy_that_was_there_comes_back(site: Any, kind: str) -> None:
    root = site.node("ganeti")
    own = root / "usr/sbin/policy-rc.d"
    target = own if kind == "file" else root / "etc/own-policy"
    target.write_text("#!/bin/sh\nexit 104\n")
    target.chmod(0o711)
    if kind == "link":
        own.symlink_to(target)
    run(INSTALL, "--node", "ganeti", site=site).expect(0)
    assert policy(root) == ["policy-rc.d"] and own.is_symlink() is (kind == "link")
    assert own.read_text() == "#!/bin/sh\nexit 104\n" and own.stat().st_mode & 0o777 == 0o711


@contextlib.contextmanager
def _held(root: Path) -> Iterator[Path]:
    """apt waits in the middle of an install as long as the file is there."""
    hold = root / "tmp/hold"
    hold.write_text("")
    apt_conf(root, 'DPkg::Pre-Invoke { "touch %s.there; while [ -e %s ]; do sleep 0.05; done"; };'
             % (hold, hold))
    try:
        yield hold
    finally:
        if hold.exists():
            hold.unlink()


def _until(condition: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def _working(root: Path) -> list:
    """The ids of the apt-get and shells at work on a node."""
    out = subprocess.run([str(root / "usr/bin/ps"), "-eo", "pid,args"], capture_output=True)
    # The arguments of a shell have several lines; apt-get is named in the last of them.
    found, pid = [], 0
    for line in out.stdout.decode().splitlines()[1:]:
        first = line.split(None, 1)[:1]
        pid = int(first[0]) if first and first[0].isdigit() else pid
        if "apt-get" in line:
            found.append(pid)
    return found


def test_killed_alone_its_shell_ends_the_work(site: Any) -> None:
    root = site.node("ganeti")
    with _held(root):
        child = start(INSTALL, "--node", "ganeti", site=site)
        _until(lambda: (root / "tmp/hold.there").exists())
        child.kill()
        child.communicate()
        assert policy(root) == ["policy-rc.d"]
        done = run(INSTALL, "--node", "ganeti", site=site).expect(75)
        assert "at work" in done.err
    _until(lambda: not _working(root))
    assert policy(root) == []
    run(INSTALL, "--node", "ganeti", site=site).expect(0)
    run(CHECK, "--node", "ganeti", site=site).expect(0)


def test_all_of_it_killed_the_next_start_puts_the_policy_back(site: Any) -> None:
    root = site.node("ganeti")
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 104\n")
    before = (versions(root), tree(root))
    with _held(root):
        child = start(INSTALL, "--node", "ganeti", site=site)
        _until(lambda: (root / "tmp/hold.there").exists())
        child.kill()
        child.communicate()
        for pid in _working(root):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _until(lambda: not _working(root))
    assert policy(root) == ["policy-rc.d", "policy-rc.d.snf-kept"]
    assert "interrupted run" in run(INSTALL, "--check", "--node", "ganeti", site=site).expect(5).out
    run(INSTALL, "--node", "ganeti", site=site).expect(0)
    assert policy(root) == ["policy-rc.d"]
    assert (root / "usr/sbin/policy-rc.d").read_text() == "#!/bin/sh\nexit 104\n"
    run(INSTALL, "--undo", "--node", "ganeti", site=site).expect(0)
    assert versions(root) == before[0]


def test_interrupted_by_a_user(site: Any) -> None:
    root = site.node("ganeti")
    with _held(root):
        child = start(INSTALL, "--node", "ganeti", site=site)
        _until(lambda: (root / "tmp/hold.there").exists())
        os.kill(child.pid, signal.SIGINT)
        child.communicate(timeout=60)
        assert child.returncode == 130
        assert not _working(root) and policy(root) == []
    run(INSTALL, "--node", "ganeti", site=site).expect(0)


def test_half_configured_is_finished(site: Any) -> None:
    root = site.node("cyclades")
    names = ["snf-common", "snf-webproject", "snf-cyclades-app", "snf-pithos-backend",
             "python-objpool", "python-astakosclient"]
    # What a conffile question without an answer leaves (OBSERVED K).
    broken = subprocess.run([str(root / "usr/bin/apt-get"), "-y", "install", *names],
                            stdin=subprocess.DEVNULL, capture_output=True,
                            env={"DEBIAN_FRONTEND": "noninteractive"})
    assert broken.returncode == 100 and "unpacked" in versions(root)["snf-webproject"]
    for _ in range(50):  # the daemon that this may have started
        if run("snf-services", "stop", "--node", "cyclades", "--timeout", "5",
               site=site).code in (0, 1):
            break
    done = run(CHECK, "--node", "cyclades", "--json", site=site).expect(4)
    assert "snf-webproject 0.14-1~squeeze: unpacked" in str(done.json["findings"])
    run(INSTALL, "--check", "--node", "cyclades", site=site).expect(5)
    run(INSTALL, "--node", "cyclades", site=site).expect(0)
    run(CHECK, "--node", "cyclades", site=site).expect(0)
    assert (root / "etc/synnefo/10-snf-webproject-deploy.conf.dpkg-dist").exists()


def test_a_failing_update_matters_only_without_a_version(site: Any) -> None:
    root = site.node("ganeti")
    sources = root / "etc/apt/sources.list"
    was = sources.read_text()
    sources.write_text(was + "deb [trusted=yes] file:/nonexistent/repo ./\n")
    done = run(INSTALL, "--check", "--node", "ganeti", "--json", site=site).expect(5)
    assert "apt-update" in [one["check"] for one in done.json["findings"]]
    sources.write_text("")
    before = versions(root)
    for words in ((), ("--check",), ("--download-only",)):
        done = run(INSTALL, *words, "--node", "ganeti", site=site).expect(3)
        assert "apt offers no version" in done.err
    assert versions(root) == before and policy(root) == []
    sources.write_text(was)


def test_another_apt_holds_the_lock(site: Any) -> None:
    root = site.node("ganeti")
    before = versions(root)
    with open(str(root / "var/lib/dpkg/lock-frontend"), "w") as one, \
            open(str(root / "var/lib/dpkg/lock"), "w") as two:
        for stream in (one, two):
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        run(INSTALL, "--node", "ganeti", site=site).expect(75)
    assert versions(root) == before and policy(root) == []
    run(INSTALL, "--node", "ganeti", site=site).expect(0)


def test_the_target_is_kept_to(site: Any) -> None:
    run(INSTALL, "--target", "0.14-2", "--node", "ganeti", site=site).expect(3)
    done = run(INSTALL, "--target", "0.15-1", "--node", "ganeti", site=site).expect(3)
    assert "not in the release's range" in done.err
    run(CHECK, "--target", "0.15-1", "--node", "ganeti", site=site).expect(3)
    run(INSTALL, "--target", "0.14-1~squeeze", "--node", "ganeti", site=site).expect(0)
    run(CHECK, "--target", "0.14-1~squeeze", "--node", "ganeti", site=site).expect(0)
    run(CHECK, "--target", "0.14-1", "--node", "ganeti", site=site).expect(4)


def test_held_and_needed_packages_are_refused(site: Any) -> None:
    root = site.node("ganeti")
    dpkg = str(root / "usr/bin/dpkg")
    subprocess.run([dpkg, "--set-selections"], input=b"snf-common hold\n", check=True)
    done = run(INSTALL, "--node", "ganeti", site=site).expect(3)
    assert "on hold: snf-common" in done.err
    subprocess.run([dpkg, "--set-selections"], input=b"snf-common install\n", check=True)
    _deb(site, "local-tool", "1", "Depends: snf-common (<< 0.14~)")
    subprocess.run([dpkg, "-i", str(site.dir / "local-tool.deb")], check=True,
                   capture_output=True)
    done = run(INSTALL, "--node", "ganeti", site=site).expect(3)
    assert "local-tool" in done.err and "0.13" in versions(root)["snf-common"]


def test_obsolete_packages_go_when_asked_and_unneeded(site: Any) -> None:
    root = site.node("ganeti")
    run(INSTALL, "--node", "ganeti", site=site).expect(0)
    assert "kamaki" in versions(root)
    _deb(site, "burnin", "1", "Depends: kamaki")
    subprocess.run([str(root / "usr/bin/dpkg"), "-i", str(site.dir / "burnin.deb")], check=True,
                   capture_output=True)
    done = run(INSTALL, "--remove-obsolete", "--node", "ganeti", "--json", site=site).expect(0)
    assert not done.json["changed"] and "burnin needs it" in str(done.json["findings"])
    subprocess.run([str(root / "usr/bin/dpkg"), "-P", "burnin"], check=True, capture_output=True)
    run(INSTALL, "--remove-obsolete", "--check", "--node", "ganeti", site=site).expect(5)
    done = run(INSTALL, "--remove-obsolete", "--node", "ganeti", "--json", site=site).expect(0)
    assert "kamaki" not in versions(root)
    run(INSTALL, "--undo", "--node", "ganeti", site=site).expect(0)
    assert versions(root)["kamaki"] == "0.7.9-1 install ok installed"


def test_download_only_installs_nothing(practice_site: Any) -> None:
    root = practice_site.node("ganeti")
    before = versions(root)
    run(INSTALL, "--download-only", "--node", "ganeti", site=practice_site).expect(0)
    assert versions(root) == before and policy(root) == []
    kept = [path.name for path in (root / "var/cache/apt/archives").glob("*.deb")]
    assert "snf-cyclades-gtools_0.13-1_all.deb" in kept
    run("snf-services", "status", "--node", "ganeti", site=practice_site).expect(0)


def test_without_a_way_back_this_is_said(site: Any) -> None:
    root = site.node("ganeti")
    for path in site.dir.glob("repo/*_0.13*"):
        path.unlink()
    offer_without(site, "snf-common", "0.13-1")
    done = run(INSTALL, "--node", "ganeti", "--json", site=site).expect(0)
    assert "snf-common 0.13-1" in str([one["what"] for one in done.json["findings"]
                                       if one["check"] == "no-way-back"])
    now = versions(root)
    for words in (("--undo", "--check"), ("--undo",)):
        told = run(INSTALL, *words, "--node", "ganeti", site=site).expect(3).err
        assert "can't be had" in told
    assert versions(root) == now


def test_without_a_site_conf(site: Any, tmp_path: Path) -> None:
    root, env = site.node("pithos"), {"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}
    run(INSTALL, "--node", root, env=env).expect(0)
    run(CHECK, "--node", root, env=env).expect(0)
    run(CHECK, "--node", root, "--role", "astakos", env=env).expect(4)
    run(INSTALL, "--undo", "--node", root, env=env).expect(0)
    run(INSTALL, "--undo", "--download-only", "--node", root, env=env).expect(2)


def _deb(site: Any, name: str, version: str, more: str) -> None:
    """A package of somebody else's."""
    tree_dir = site.dir / ("make-" + name)
    (tree_dir / "DEBIAN").mkdir(parents=True)
    (tree_dir / "DEBIAN/control").write_text(
        "Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: A <a@example.org>\n"
        "Description: of others\n%s\n" % (name, version, more))
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", str(tree_dir),
                    str(site.dir / (name + ".deb"))], check=True, capture_output=True)
