"""snf-practice-site: what create makes, what it refuses, and that destroy leaves nothing."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snftools.errors import Refused
from snftools.practice import copy, create, destroy, services
from tests.helpers.site import PracticeSite, new_directory

REPOSITORY = Path(__file__).resolve().parents[2]


def silent(text: str) -> None:
    """Say nothing."""


@pytest.fixture
def directory():
    """A path that may become a site, taken away with all that is in it."""
    path = new_directory()
    yield path
    if (path / create.MARKER).exists():
        destroy.destroy(path)
    subprocess.run(["rm", "-rf", str(path.parent)], check=True)


def test_databases_belong_to_an_owner_without_rights(running_site):
    rows = running_site.psql("postgres", (
        "SELECT datname, rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_database"
        " JOIN pg_roles r ON r.oid = datdba WHERE datname LIKE 'snf%' ORDER BY 1"))
    assert rows == [(name, "synnefo", False, False, False)
                    for name in ("snf_astakos", "snf_cyclades", "snf_pithos")]


def test_owner_needs_his_password(running_site):
    import psycopg2

    with pytest.raises(psycopg2.OperationalError, match="password"):
        running_site.server.connect("snf_astakos", "synnefo")


def test_server_has_no_tcp_port(running_site):
    assert running_site.psql("postgres", "SHOW listen_addresses") == [("",)]


def test_services_run_and_hold_sessions(running_site):
    sessions = running_site.psql("postgres", (
        "SELECT DISTINCT datname FROM pg_stat_activity WHERE usename = 'synnefo'"))
    assert sorted(sessions) == [("snf_astakos",), ("snf_cyclades",), ("snf_pithos",)]


def test_web_applications_answer_on_the_ports_of_0_13(running_site):
    import urllib.request

    port = running_site.facts["ports"]["astakos"]
    with urllib.request.urlopen("http://127.0.0.1:%d/im/get_services" % port) as answer:
        assert answer.status == 200
    assert "base_url = \"http://127.0.0.1:%d/astakos\"" % port in running_site.conf.read_text()


def test_dpkg_sees_as_edited_what_the_guide_edits(running_site):
    edited = {name: modified_conffiles(running_site.node(name))
              for name in ("astakos", "cyclades", "pithos", "ganeti")}
    changed = {"10-snf-webproject-deploy.conf"}
    assert edited["astakos"] == changed | {
        "10-snf-webproject-database.conf", "20-snf-astakos-app-cloudbar.conf",
        "20-snf-astakos-app-settings.conf"}
    assert edited["cyclades"] == changed | {
        "10-snf-webproject-database.conf", "20-snf-cyclades-app-api.conf",
        "20-snf-cyclades-app-cloudbar.conf", "20-snf-cyclades-app-plankton.conf",
        "20-snf-cyclades-app-queues.conf", "20-snf-cyclades-app-quotas.conf",
        "20-snf-cyclades-app-ui.conf", "20-snf-cyclades-app-vmapi.conf", "snf-dispatcher"}
    assert edited["pithos"] == changed | {
        "20-snf-pithos-app-settings.conf", "20-snf-pithos-webclient-cloudbar.conf",
        "20-snf-pithos-webclient-settings.conf"}
    assert edited["ganeti"] == {"snf-ganeti-eventd"}


def modified_conffiles(root: Path):
    """The conffiles whose md5 is not the one that dpkg installed."""
    import hashlib

    done = subprocess.run([str(root / "usr/bin/dpkg-query"), "-W", "-f", "${Conffiles}\n"],
                          stdout=subprocess.PIPE, check=True)
    found = set()
    for line in done.stdout.decode().splitlines():
        if line.strip():
            path, md5 = line.split()[:2]
            if hashlib.md5((root / path[1:]).read_bytes()).hexdigest() != md5:
                found.add(Path(path).name)
    return found


def test_settings_keep_owner_and_mode(running_site):
    directory = running_site.node("cyclades") / "etc/synnefo"
    assert directory.stat().st_mode & 0o777 == 0o750
    assert {path.stat().st_mode & 0o777 for path in directory.glob("*.conf")} == {0o640}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to a group")
def test_settings_belong_to_www_data(running_site):
    import grp

    group = grp.getgrnam("www-data").gr_gid
    directory = running_site.node("cyclades") / "etc/synnefo"
    assert {path.stat().st_gid for path in [directory, *directory.glob("*.conf")]} == {group}


def test_settings_are_python_of_both_kinds(running_site):
    for path in running_site.dir.glob("nodes/*/etc/synnefo/*.conf"):
        compile(path.read_text("ascii"), str(path), "exec")
        assert "@" not in path.read_text().replace("@example", "").replace(
            "@127.0.0.1", "").replace("@/", "").replace("@domain", "").replace(
            "@grnet", "").replace("@host", "").replace("@synnefo", "").replace("@user", "")


def test_one_host_shares_a_database(practice_site_one_host):
    site = practice_site_one_host
    assert sorted(site.facts["nodes"]) == ["ganeti", "node1", "node2"]
    assert site.database("astakos") == site.database("cyclades") == "snf_apps"
    assert site.psql("astakos", "SELECT count(*) > 0 FROM db_virtualmachine") == [(True,)]
    text = (site.node("node1") / "etc/synnefo/20-snf-cyclades-app-api.conf").read_text()
    assert "CYCLADES_PROXY_USER_SERVICES = False\n" in text


def test_refuses_a_directory_that_is_not_empty(directory):
    directory.mkdir()
    (directory / "mine").write_text("x")
    with pytest.raises(Refused, match="not empty"):
        create.create(directory, "three-hosts", 1, False, silent)
    assert os.listdir(str(directory)) == ["mine"]


def test_refuses_a_file(directory):
    directory.write_text("x")
    with pytest.raises(Refused, match="not a directory"):
        create.create(directory, "three-hosts", 1, False, silent)


def test_refuses_a_path_too_long_for_a_socket(directory):
    with pytest.raises(Refused, match="too long"):
        create.create(directory / ("x" * 80), "three-hosts", 1, False, silent)
    assert not directory.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="the server's user is oneself")
def test_refuses_what_the_servers_user_cannot_enter(directory):
    directory.parent.chmod(0o700)
    with pytest.raises(Refused, match="may not enter %s" % directory.parent):
        create.create(directory, "three-hosts", 1, False, silent)
    assert not directory.exists()


def test_refuses_characters_that_files_cannot_name(directory):
    with pytest.raises(Refused, match="special character"):
        create.create(directory.parent / "a b", "three-hosts", 1, False, silent)


def test_a_symlink_is_followed(site_template, directory):
    (directory.parent / "real").mkdir()
    directory.symlink_to("real")
    copy.copy(site_template.dir, directory, False, silent)
    text = (directory / "site.conf").read_text()
    assert "%s/real/nodes/" % directory.parent in text
    destroy.destroy(directory)
    assert os.listdir(str(directory.parent / "real")) == []


def test_destroy_refuses_a_foreign_directory(directory):
    directory.mkdir()
    (directory / "nodes").mkdir()
    with pytest.raises(Refused, match="not a practice site"):
        destroy.destroy(directory)
    assert (directory / "nodes").is_dir()


def test_destroy_leaves_foreign_files_and_no_process(site_template):
    site = site_template.copy()
    (site.dir / "mine").write_text("x")
    pids = services.of_site(site.dir)
    assert pids
    ended, left = destroy.destroy(site.dir)
    assert ended > len(pids) - 1 and left == ["mine"]
    assert os.listdir(str(site.dir)) == ["mine"]
    assert not [pid for pid in pids if lives(pid)]
    subprocess.run(["rm", "-rf", str(site.dir.parent)], check=True)


def lives(pid: int) -> bool:
    """Whether a process is there and is not only waiting to be reaped."""
    try:
        state = Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_destroy_of_one_site_spares_another(running_site, site_template):
    before = set(services.of_site(running_site.dir))
    assert before
    site_template.copy().destroy()
    assert before == set(services.of_site(running_site.dir))


def test_interrupted_create_leaves_nothing(directory):
    child = subprocess.Popen(
        [sys.executable, "-c",
         "import sys; sys.path.insert(0, sys.argv[1])\n"
         "from pathlib import Path\n"
         "from snftools.practice import create\n"
         "path = Path(sys.argv[2])\n"
         "with create.cleaned_up(path):\n"
         "    create.create(path, 'three-hosts', 1, True, lambda text: None)\n",
         str(REPOSITORY), str(directory)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (directory / "pg/postmaster.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    child.wait(30)
    assert child.returncode != 0
    assert not directory.exists()


def test_create_copy_and_destroy_call_no_program_of_path(directory, canaries, monkeypatch):
    monkeypatch.setenv("PATH", canaries.path)
    create.create(directory, "three-hosts", 1, True, silent)
    second = directory.parent / "t"
    copy.copy(directory, second, True, silent)
    destroy.destroy(second)
    destroy.destroy(directory)
    assert canaries.called() == ""


def test_half_made_site_can_be_destroyed(directory):
    create.prepare(directory)
    (directory / "nodes").mkdir()
    destroy.destroy(directory)
    assert not directory.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="is a plain user already")
def test_plain_user_makes_and_removes_a_site(directory):
    nobody = pwd.getpwnam("nobody")
    os.chown(str(directory.parent), nobody.pw_uid, nobody.pw_gid)
    program = ("import sys; sys.path.insert(0, sys.argv[1])\n"
               "from pathlib import Path\n"
               "from snftools.practice import create, destroy\n"
               "path = Path(sys.argv[2])\n"
               "create.create(path, 'three-hosts', 1, True, lambda text: None)\n"
               "assert (path / 'site.conf').exists()\n"
               "ended, left = destroy.destroy(path)\n"
               "assert ended >= 3 and not left, (ended, left)\n")
    readable = directory.parent / "code"
    subprocess.run(["cp", "-r", str(REPOSITORY / "snftools"), str(readable)], check=True)
    subprocess.run(["mkdir", "-p", str(directory.parent / "lib")], check=True)
    readable.rename(directory.parent / "lib/snftools")
    done = subprocess.run(
        ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--",
         "/usr/bin/python3", "-c", program, str(directory.parent / "lib"), str(directory)],
        cwd="/", env={"PATH": os.environ["PATH"]}, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    assert not directory.exists()


def test_copy_has_its_own_ports_and_paths(site_template, running_site):
    old, new = site_template.facts["ports"], running_site.facts["ports"]
    assert sorted(old) == sorted(new) and not set(old.values()) & set(new.values())
    place = str(site_template.dir) + "/"
    for path in [running_site.conf, *running_site.dir.glob("nodes/*/etc/**/*")]:
        if path.is_file() and not path.is_symlink():
            text = path.read_text("latin-1")
            assert place not in text, path
            assert not [port for port in old.values() if ":%d" % port in text], path
    rows = running_site.psql("astakos", "SELECT url FROM im_service ORDER BY id")
    ports = {url.split("/")[2].split(":")[1] for url, in rows}
    assert ports == {str(port) for port in new.values()}


def test_copy_of_a_running_site(running_site):
    other = running_site.copy(start=False)
    other.server.start()
    count = "SELECT count(*) FROM im_astakosuser"
    assert other.psql("astakos", count) == running_site.psql("astakos", count)
    other.destroy()


def test_ports_are_free_to_listen_on(site_template):
    ports = create.free_ports({"a": ["astakos"], "b": ["pithos"], "g": ["ganeti"]})
    assert sorted(ports) == ["a", "b"]
    for port in ports.values():
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))


def test_scale_multiplies_the_users(site_template, directory):
    create.create(directory, "three-hosts", 3, False, silent)
    site = PracticeSite(directory)
    site.server.start()
    assert site.psql("astakos", "SELECT count(*) FROM im_astakosuser") == [(120,)]
