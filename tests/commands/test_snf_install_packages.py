"""snf-install-packages as a command line, on practice nodes with the real apt and dpkg."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time

import pytest

from tests.helpers import packages
from tests.helpers.cli import run, start

OLD, NEW = "0.13-1", "0.14-1~squeeze"
OK = "install ok installed"
CHANGED = "etc/synnefo/10-snf-webproject-deploy.conf"
POLICY = packages.POLICY
LEFT = "#!/bin/sh\n# snf-install-packages: nothing starts while packages are installed\nexit 101\n"


@pytest.fixture
def site(site_template):
    """A site whose services were never started: what an install finds in the window."""
    copied = site_template.copy(start=False)
    yield copied
    copied.destroy()


@pytest.fixture
def root(site):
    return site.node("astakos")


@pytest.fixture
def install(site):
    def call(*words, node="astakos", **more):
        done = run("snf-install-packages", "--node", node, *words, site=site, **more)
        assert "Traceback" not in done.err
        assert not (site.node("astakos") / (POLICY + ".new")).exists()
        return done
    return call


def state(root):
    """All that an install may change."""
    return packages.versions(root), packages.tree(root / "etc")


def test_check_looks_only(install, root):
    before = state(root)
    done = install("--check").expect(5)
    assert "snf-astakos-app" in done.out and NEW in done.out
    assert "snf-quotaholder-app" in done.out and "removed" in done.out
    assert state(root) == before


def test_install_is_proved_and_twice_the_same(install, root, site):
    edited = (root / CHANGED).read_bytes()
    done = install().expect(0)
    found = packages.versions(root)
    for name in ("snf-common", "snf-webproject", "snf-astakos-app", "snf-branding",
                 "snf-django-lib", "python-astakosclient"):
        assert found[name] == (NEW, OK)
    assert found["python-objpool"] == ("0.2-1~squeeze", OK)
    assert "snf-quotaholder-app" not in found
    assert found["snf-pithos-backend"] == (OLD, OK)
    assert found["kamaki"][1] == OK
    assert (root / CHANGED).read_bytes() == edited
    assert (root / (CHANGED + ".dpkg-dist")).exists()
    assert "/" + CHANGED + ".dpkg-dist" in done.out
    assert not (root / POLICY).exists()

    after, history = state(root), (root / "var/log/apt/history.log").read_bytes()
    again = install("--json").expect(0).json
    assert again["changed"] is False
    assert state(root) == after
    assert (root / "var/log/apt/history.log").read_bytes() == history
    install("--check").expect(0)
    run("snf-check-versions", "--node", "astakos", site=site).expect(0)


def test_every_node_and_nothing_starts(site):
    run("snf-install-packages", "--node", "all", site=site).expect(0)
    run("snf-check-versions", "--node", "all", site=site).expect(0)
    status = run("snf-services", "status", "--node", "all", "--json", site=site).expect(0)
    assert '"running": true' not in status.out
    assert packages.versions(site.node("cyclades"))["snf-pithos-backend"] == (NEW, OK)
    assert packages.versions(site.node("ganeti"))["snf-cyclades-gtools"] == (NEW, OK)


def test_services_must_be_down(practice_site):
    before = state(practice_site.node("cyclades"))
    done = run("snf-install-packages", "--node", "cyclades", site=practice_site).expect(3)
    assert "gunicorn" in done.err
    assert "snf-services stop --node cyclades" in done.err
    assert state(practice_site.node("cyclades")) == before


def test_undo_brings_everything_back(install, root):
    before = state(root)
    install().expect(0)
    install("--undo", "--check").expect(5)
    done = install("--undo").expect(0)
    assert "as before" in done.out
    assert state(root) == before
    assert not (root / POLICY).exists()
    assert not list((root / "var/tmp").glob("*")) if (root / "var/tmp").exists() else True
    install("--undo", "--check").expect(0)
    assert install("--undo", "--json").expect(0).json["changed"] is False
    install().expect(0)


def test_undo_by_id(install, root):
    before = state(root)
    undo_id = install("--json").expect(0).json["result"]["nodes"]["astakos"]["undo"]
    install("--undo", "20000101T000000Z").expect(3)
    install("--undo", undo_id).expect(0)
    assert state(root) == before


def test_undo_refuses_a_file_that_was_changed_since(install, root):
    install().expect(0)
    with open(str(root / CHANGED), "a") as stream:
        stream.write("PLANTED = 1\n")
    before = state(root)
    done = install("--undo").expect(3)
    assert "/" + CHANGED in done.err
    assert state(root) == before


def test_undo_without_the_old_deb_is_refused(install, root, site):
    packages.offer_without(site, "snf-astakos-app", OLD)
    done = install().expect(0)
    assert "snf-astakos-app " + OLD in done.out
    before = state(root)
    done = install("--undo").expect(3)
    assert "snf-astakos-app" in done.err
    assert state(root) == before


def test_old_debs_in_the_cache_are_enough(install, root, site):
    install("--download-only").expect(0)
    assert packages.versions(root)["snf-astakos-app"] == (OLD, OK)
    packages.offer_without(site, "snf-astakos-app", OLD)
    before = state(root)
    assert "no-way-back" not in install().expect(0).out
    install("--undo").expect(0)
    assert state(root) == before


def test_settings_and_packages_of_one_run_are_undone_each_by_itself(site, root, install):
    """Both keep files under the run's ID; settings go back to what apt left."""
    install().expect(0)
    installed = packages.tree(root / "etc")
    run("snf-settings-rename", "--node", "astakos", site=site).expect(0)
    assert packages.tree(root / "etc") != installed
    run("snf-settings-rename", "--node", "astakos", "--undo", site=site).expect(0)
    assert packages.tree(root / "etc") == installed
    install("--undo").expect(0)


@pytest.mark.parametrize("kind", ["script", "link"])
@pytest.mark.parametrize("fails", [False, True])
def test_a_policy_that_was_there_is_put_back(install, root, kind, fails):
    policy = root / POLICY
    if kind == "script":
        policy.write_text("#!/bin/sh\nexit 104\n")
        policy.chmod(0o711)
    else:
        policy.symlink_to("/nowhere/policy")
    before = packages.tree(root / "usr/sbin")[policy.name]
    if fails:
        packages.replace_apt(root, 'grep -q "exit 101" %s && echo "E: planted" >&2; exit 100'
                             % policy)
        done = install().expect(1)
        assert "E: planted" in done.err       # it was our policy-rc.d while apt worked
    else:
        install().expect(0)
    assert packages.tree(root / "usr/sbin")[policy.name] == before
    assert sorted(name for name in os.listdir(str(root / "usr/sbin")) if "policy" in name) \
        == [policy.name]


def test_a_killed_install_is_mended_by_the_next(install, root):
    install().expect(0)
    (root / POLICY).write_text(LEFT)
    (root / POLICY).chmod(0o755)
    (root / (POLICY + ".snf-kept")).write_text("#!/bin/sh\nexit 104\n")
    install("--check").expect(5)
    install().expect(0)
    assert (root / POLICY).read_text() == "#!/bin/sh\nexit 104\n"
    assert not (root / (POLICY + ".snf-kept")).exists()
    install("--check").expect(0)
    install("--undo", "--check").expect(5)     # the install's, not the mending's


def _wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_puts_the_policy_back(site, root, install, number, code):
    packages.replace_apt(root, "touch %s/at-work; exec sleep 300" % root)
    process = start("snf-install-packages", "--node", "astakos", site=site)
    try:
        _wait_for((root / "at-work").exists)
        assert (root / POLICY).exists()
        process.send_signal(number)
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == code
    assert not (root / POLICY).exists()
    alive = subprocess.run(["/usr/bin/pgrep", "-f", str(root)], capture_output=True, text=True)
    assert alive.stdout == ""
    packages.restore_apt(root)
    install().expect(0)


def test_killed_while_apt_works(site, root, install):
    """apt goes on to its end with its policy; who comes meanwhile is told to wait."""
    packages.replace_apt(root, "touch {0}/at-work; until [ -e {0}/go ]; do sleep 0.1; done; "
                               'exec "$REAL" "$@"'.format(root))
    process = start("snf-install-packages", "--node", "astakos", site=site)
    _wait_for((root / "at-work").exists)
    process.kill()
    process.communicate(timeout=60)
    done = install().expect(75)
    assert "pid" in done.err
    assert (root / POLICY).exists()
    (root / "go").touch()
    _wait_for(lambda: not (root / POLICY).exists())
    assert packages.versions(root)["snf-astakos-app"] == (NEW, OK)
    packages.restore_apt(root)
    install().expect(0)
    install("--check").expect(0)


def test_apt_that_lies_is_not_believed(install, root):
    packages.replace_apt(root, "exit 0")
    done = install().expect(1)
    assert "snf-astakos-app" in done.err and "dpkg says" in done.err
    assert packages.versions(root)["snf-astakos-app"] == (OLD, OK)
    packages.restore_apt(root)
    install().expect(0)


def test_half_configured_is_finished(install, root, site):
    """OBSERVED K: apt with closed standard input and no conffile options stops at the question."""
    edited = (root / CHANGED).read_bytes()
    names = ["%s=%s" % (name, NEW) for name in ("snf-common", "snf-webproject",
                                                 "snf-astakos-app", "python-astakosclient")]
    assert packages.tool(root, "apt-get", "update").returncode == 0
    assert packages.tool(root, "apt-get", "-y", "install", *names).returncode == 100
    assert packages.tool(root, "dpkg", "--audit").stdout
    run("snf-check-versions", "--node", "astakos", site=site).expect(4)
    install("--check").expect(5)
    install().expect(0)
    assert packages.tool(root, "dpkg", "--audit").stdout == ""
    assert (root / CHANGED).read_bytes() == edited
    install("--check").expect(0)


def test_no_version_in_range_is_refused(install, root, site):
    packages.offer_without(site, "snf-branding", NEW)
    before = state(root)
    for words in ((), ("--check",), ("--download-only",)):
        done = install(*words).expect(3)
        assert "snf-branding" in done.err
        assert state(root) == before


def test_update_that_fails_is_a_warning_while_there_is_an_offer(install, root):
    with open(str(root / "etc/apt/sources.list"), "a") as stream:
        stream.write("deb [trusted=yes] file:/nowhere ./\n")
    done = install("--json").expect(0).json
    assert "apt-update" in [finding["check"] for finding in done["findings"]]


def test_an_unannounced_removal_is_refused(install, root, tmp_path):
    packages.install_local(root, tmp_path, "local-quota", depends="snf-quotaholder-app")
    before = state(root)
    done = install().expect(3)
    assert "local-quota" in done.err
    assert state(root) == before


def test_obsolete_goes_only_when_asked_and_not_needed(install, root, tmp_path):
    install().expect(0)
    install("--remove-obsolete", "--check").expect(5)
    install("--remove-obsolete").expect(0)
    assert "kamaki" not in packages.versions(root)
    install("--remove-obsolete", "--check").expect(0)
    install("--undo").expect(0)
    assert packages.versions(root)["kamaki"] == ("0.7.9-1", OK)
    packages.install_local(root, tmp_path, "local-cloud", depends="kamaki")
    done = install("--remove-obsolete").expect(0)
    assert "kamaki stays" in done.out and "local-cloud" in done.out
    assert packages.versions(root)["kamaki"] == ("0.7.9-1", OK)


def test_apt_s_lock_held_by_another(install, root):
    before = state(root)
    with open(str(root / "var/lib/dpkg/lock-frontend"), "w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        done = install().expect(75)
    assert "apt or dpkg" in done.err
    assert state(root) == before
    assert not (root / POLICY).exists()


def test_target(install, root, site):
    done = install("--target", "0.14.2-1").expect(3)
    assert "0.14.2-1" in done.err
    install("--target", "0.14.1-1").expect(3)
    install("--target", NEW).expect(0)
    install("--target", NEW, "--check").expect(0)
    run("snf-check-versions", "--node", "astakos", "--target", "0.14.1-1",
        site=site).expect(4)


def test_without_site_conf(root, tmp_path):
    env = {"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state"),
           "SNF_UPGRADE_SITE": ""}
    before = state(root)
    run("snf-install-packages", "--node", root, env=env).expect(0)
    run("snf-check-versions", "--node", root, env=env).expect(0)
    done = run("snf-install-packages", "--node", root, "--undo", env=env).expect(0)
    assert "as before" in done.out
    assert state(root) == before


def test_download_only_installs_nothing(install, root):
    before = state(root)
    done = install("--download-only").expect(0)
    assert "nothing was installed" in done.out
    assert state(root) == before
    names = os.listdir(str(root / "var/cache/apt/archives"))
    assert "snf-astakos-app_0.13-1_all.deb" in names


def test_undo_goes_alone(install):
    install("--undo", "--download-only").expect(2)
