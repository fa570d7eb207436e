"""A Node over a real sshd on loopback: arguments, files, exit codes, a socket forwarded."""

import getpass
import os
import shutil
import socket
import subprocess
import time

import pytest

from snftools.errors import Failed, Usage
from snftools.node import open_node
from snftools.node.ssh import parse_address
from snftools.site import NodeEntry

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin")

pytestmark = [pytest.mark.skipif(SSHD is None, reason="no sshd here"),
              pytest.mark.skipif(os.geteuid() != 0, reason="sshd needs root to log in")]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    home = tmp_path_factory.mktemp("ssh")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)],
                       check=True)
    port = free_port()
    shutil.copy(home / "user.pub", home / "keys")
    (home / "sshd.conf").write_text(
        "Port %d\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s\nStrictModes no\n"
        "PidFile none\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"
        % (port, home / "host", home / "keys"))
    (home / "known").write_text("[127.0.0.1]:%d %s" % (port, (home / "host.pub").read_text()))
    (home / "config").write_text("IdentityFile %s\nIdentitiesOnly yes\nUserKnownHostsFile %s\n"
                                 % (home / "user", home / "known"))
    os.makedirs("/run/sshd", exist_ok=True)
    server = subprocess.Popen([SSHD, "-D", "-f", str(home / "sshd.conf")],
                              stderr=subprocess.PIPE)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    os.environ["SNF_UPGRADE_SSH_CONFIG"] = str(home / "config")
    yield "%s@127.0.0.1:%d" % (getpass.getuser(), port)
    del os.environ["SNF_UPGRADE_SSH_CONFIG"]
    server.terminate()
    server.wait(10)


@pytest.fixture
def node(address):
    opened = open_node(NodeEntry("far", ("pithos",), address))
    yield opened
    opened.close()


def test_arguments_arrive_unharmed(node):
    nasty = ["a b", "q'u\"o", "$(touch x)", "`id`", "new\nline", "caf\u00e9", "-n", "", "*", "~"]
    result = node.run(["printf", "%s\\0", *nasty])
    assert result.stdout.decode().split("\0")[:-1] == nasty


def test_exit_codes_input_environment_directory(node, tmp_path):
    odd = tmp_path / "a $(b) c"
    odd.mkdir()
    result = node.run(["sh", "-c", "cat; pwd; printf %s \"$WORD\"; exit 7"], stdin=b"\0\xff",
                      env={"WORD": "it's"}, cwd=str(odd))
    assert result.exit == 7
    assert result.stdout == b"\0\xff" + str(odd).encode() + b"\nit's"
    assert node.run(["no-such-program"]).exit == 127


def test_files(node, tmp_path):
    path = tmp_path / "a b'$x.conf"
    path.write_bytes(b"old")
    path.chmod(0o640)
    data = bytes(range(256)) * 300
    node.write(str(path), data)
    assert path.read_bytes() == data
    assert node.read(str(path)) == data
    assert node.stat(str(path)).mode == 0o640
    assert node.list(str(tmp_path)) == [path.name]
    link = tmp_path / "link"
    link.symlink_to(path)
    node.write(str(link), b"new", mode=0o600)
    assert link.is_symlink() and path.read_bytes() == b"new"
    assert node.stat(str(link), follow=False).kind == "link"
    assert node.stat(str(tmp_path / "none")) is None
    assert node.stat(str(path / "none")) is None
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert node.stat(str(loop)) is None and node.stat(str(loop), follow=False).kind == "link"
    loop.unlink()
    with pytest.raises(FileNotFoundError):
        node.read(str(tmp_path / "none"))
    with pytest.raises(IsADirectoryError):
        node.read(str(tmp_path))
    node.mkdir(str(tmp_path / "d"), parents=False)
    with pytest.raises(FileExistsError):
        node.mkdir(str(tmp_path / "d"), parents=False)
    node.rmdir(str(tmp_path / "d"))
    node.remove(str(link))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [path.name]


def test_timeout_ends_the_remote_program(node, tmp_path):
    mark = str(tmp_path / "mark")
    with pytest.raises(Failed, match="did not end in 4 s"):
        node.run(["sh", "-c", "trap 'touch %s' TERM; sleep 60 & wait" % mark], timeout=4)
    assert os.path.exists(mark)


def test_process_list(node):
    assert any("sshd" in process.args for process in node.processes())


def test_socket_forwarded(node, postgres):
    import psycopg2
    host, port = node.forward(postgres.host, 5432)
    with psycopg2.connect(host=host, port=port, user="postgres", dbname="postgres") as db:
        cursor = db.cursor()
        cursor.execute("SELECT 6 * 7")
        assert cursor.fetchone() == (42,)


def test_a_wrong_key_is_said(address, tmp_path, monkeypatch):
    (tmp_path / "config").write_text("UserKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n")
    monkeypatch.setenv("SNF_UPGRADE_SSH_CONFIG", str(tmp_path / "config"))
    node = open_node(NodeEntry("far", (), address))
    with pytest.raises(Failed) as caught:
        node.run(["true"])
    assert "ssh" in caught.value.what and caught.value.node == "far"
    node.close()


@pytest.mark.parametrize("bad", ["-oProxyCommand=x", "a b", "user@-x", "h:port", ""])
def test_addresses_that_are_none(bad):
    with pytest.raises(Usage):
        parse_address(bad)
