"""What goes wrong between two machines: each is no difference, or a clear message."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time

import pytest

from snftools import failpoint
from snftools.errors import Failed
from snftools.node import open_node, pump
from snftools.node.ssh import Unknown
from snftools.site import NodeEntry
from tests.helpers import cli
from tests.helpers.hosts import until


@pytest.fixture
def node(host):
    opened = open_node(NodeEntry("a", (), host.address))
    yield opened
    opened.close()


def again(host):
    """A Node that has not met the host yet, by a connection of its own."""
    from snftools.node import connection
    connection._close(connection.directory(), os.getpid())
    return open_node(NodeEntry("a", (), host.address))


# -- arguments and data -------------------------------------------------------------------

NASTY = ["a b", "q'u\"o", "$(touch x)", "`id`", "new\nline", "caf\u00e9 \u03b1\u03b2", "-n", "",
         "*", "~", "$HOME", "\\", "!x", "a;b|c&d", "\x01\x7f", "--", "#no", "%s %d", "\t"]


def test_arguments_arrive_unharmed(node):
    result = node.run(["printf", "%s\\0", *NASTY])
    assert result.stdout.decode().split("\0")[:-1] == NASTY


def test_environment_and_directory_arrive_unharmed(node, host):
    for number, nasty in enumerate(word for word in NASTY if word not in ("", "\x01\x7f")):
        directory = "/tmp/%d %s" % (number, nasty.replace("/", ""))
        node.mkdir(directory)
        result = node.run(["sh", "-c", 'printf "%s\\0" "$WORD"; pwd'], env={"WORD": nasty},
                          cwd=directory)
        assert result.stdout.decode() == nasty + "\0" + directory + "\n"


def test_binary_data_both_ways_and_much_of_it(node):
    data = bytes(range(256)) * 40000  # 10 MB
    assert node.run(["cat"], stdin=data).stdout == data
    node.write("/tmp/binary", data)
    assert node.read("/tmp/binary") == data


def test_files_to_and_from_here_go_by_themselves(node, tmp_path):
    (tmp_path / "in").write_bytes(os.urandom(300000))
    node.run(["cat"], stdin=str(tmp_path / "in"), stdout=str(tmp_path / "out"))
    assert (tmp_path / "in").read_bytes() == (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("script, code", [
    ("exit 0", 0), ("exit 1", 1), ("exit 126", 126), ("exit 254", 254), ("exit 255", 255),
    ("kill -9 $$", 137), ("kill -TERM $$", 143), ("kill -INT $$", 130)])
def test_exit_codes_and_signals_are_told_apart(node, script, code):
    assert node.run(["sh", "-c", "echo out; echo err >&2; " + script]).exit == code


def test_both_streams_come_whole(node):
    result = node.run(["sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo out$i; echo err$i >&2; "
                                   "i=$((i+1)); done; printf last"])
    assert result.stdout == b"".join(b"out%d\n" % i for i in range(20000)) + b"last"
    assert result.stderr == b"".join(b"err%d\n" % i for i in range(20000))


@pytest.mark.parametrize("where", ["1", "2"])
def test_a_program_that_says_without_end_is_ended_there(host, node, monkeypatch, where):
    monkeypatch.setattr(pump, "LIMIT", 2000000)
    with pytest.raises(Failed, match="says more than 2 MB: it was ended"):
        node.run(["sh", "-c", "exec yes 24680 >&%s" % where])
    until(lambda: "24680" not in host.sh("ps -eo args"))
    many = []
    node.run(["head", "-c", "5000000", "/dev/zero"], stdout=many.append)
    assert list(map(len, many)) == [2000000, 2000000, 1000000]
    assert len(node.run(["head", "-c", "2000000", "/dev/zero"]).stdout) == 2000000


def test_lines_as_they_come(node):
    times = []
    node.run(["sh", "-c", "echo 1; sleep 1; echo 2"],
             stdout=lambda line: times.append((line, time.monotonic())))
    assert [line for line, _ in times] == [b"1\n", b"2\n"]
    assert times[1][1] - times[0][1] > 0.5


# -- the other machine is odd -------------------------------------------------------------

def test_a_noisy_login_shell_is_said(host):
    host.put("root/.bashrc", "echo Welcome back\n")
    with pytest.raises(Failed) as caught:
        again(host).run(["true"])
    host.put("root/.bashrc", "[ -t 1 ] || return\necho Welcome back\n")
    assert "prints text before each program's output" in caught.value.what
    assert "Welcome back" in caught.value.why
    assert again(host).run(["echo", "x"]).stdout == b"x\n"


def test_a_motd_and_noise_on_standard_error_make_no_difference(host):
    host.put("etc/motd", "Welcome!\n")
    host.put("root/.bashrc", "echo tut tut >&2\n")
    result = again(host).run(["sh", "-c", "echo x; echo y >&2"])
    host.put("root/.bashrc", "")
    assert (result.stdout, result.stderr) == (b"x\n", b"y\n")


def test_another_locale_makes_no_difference(host):
    host.put("root/.bashrc", "export LC_ALL=de_DE.ISO-8859-1 LANG=de_DE\n")
    node = again(host)
    assert node.run(["sh", "-c", "echo $LC_ALL"]).text == "C\n"
    node.write("/tmp/caf\u00e9", b"\xe9")
    assert "caf\u00e9" in node.list("/tmp") and node.read("/tmp/caf\u00e9") == b"\xe9"
    with pytest.raises(FileNotFoundError):
        node.read("/tmp/none")
    host.put("root/.bashrc", "")


def test_tmp_without_exec_makes_no_difference(host, node):
    host.sh("mount -t tmpfs -o noexec tmpfs /tmp")
    try:
        from snftools.packages import policy
        seen = []
        done = policy.guarded(node, ["sh", "-c", "echo one; cat /usr/sbin/policy-rc.d"], {},
                              seen.append)
        assert done.ok and seen[0] == "one" and "exit 101" in seen
        assert not node.exists("/usr/sbin/policy-rc.d")
    finally:
        host.sh("umount /tmp")


def test_a_full_disk_is_said_and_the_old_file_stays(host, node):
    host.sh("mkdir -p /mnt/full && mount -t tmpfs -o size=64k tmpfs /mnt/full")
    try:
        node.write("/mnt/full/x.conf", b"old")
        with pytest.raises(OSError) as caught:
            node.write("/mnt/full/x.conf", b"x" * 200000)
        assert "No space left" in str(caught.value)
        assert node.read("/mnt/full/x.conf") == b"old"
        assert node.list("/mnt/full") == ["x.conf"]
    finally:
        host.sh("umount /mnt/full")


def test_owner_and_mode_are_kept(host, node):
    host.sh("echo old >/tmp/owned; chown www-data:adm /tmp/owned; chmod 640 /tmp/owned")
    node.write("/tmp/owned", b"new")
    facts = node.stat("/tmp/owned")
    assert (facts.mode, facts.uid, facts.gid) == (0o640, 33, 4)


# -- no way in ----------------------------------------------------------------------------

def status(host, *options, env=None):
    return cli.run("snf-services", "status", "--node", host.address, "--role", "pithos",
                   *options, env=dict(env or {}, SNF_UPGRADE_SITE=""))


def test_without_a_site_conf(host):
    host.sh("mkdir -p /etc/synnefo /run/lock")
    assert "gunicorn" in status(host).expect(0).out


def test_a_changed_host_key_is_said(host, hosts, tmp_path):
    known = (hosts.directory / "known").read_text().splitlines()
    wrong = [line.split()[0] + " " + " ".join((hosts.directory / "user.pub").read_text()
             .split()[:2]) for line in known[:1]]
    (tmp_path / "known").write_text("\n".join(wrong) + "\n")
    config = hosts.config.read_text().replace(str(hosts.directory / "known"),
                                              str(tmp_path / "known"))
    (tmp_path / "config").write_text(config)
    done = status(host, env={"SNF_UPGRADE_SSH_CONFIG": str(tmp_path / "config")}).expect(1)
    assert "can't be reached by ssh" in done.err
    assert "Host key verification failed" in done.err


def test_a_wrong_user_is_said(host):
    done = cli.run("snf-services", "status", "--node", "nobody@" + host.out, "--role",
                   "pithos", env={"SNF_UPGRADE_SITE": ""}).expect(1)
    assert "Permission denied" in done.err and "ssh -o BatchMode=yes nobody@" in done.err


def test_no_sudo_is_said(host):
    host.sh("useradd -m -s /bin/sh -p '*' plain && mkdir /home/plain/.ssh && "
            "cp /root/.ssh/authorized_keys /home/plain/.ssh/ && chown -R plain /home/plain")
    node = open_node(NodeEntry("a", (), "plain@" + host.out, become="sudo"))
    with pytest.raises(Failed) as caught:
        node.run(["true"])
    assert caught.value.what == "sudo -n does not work" and "password" in caught.value.why


def offers_ssh_rsa():
    """This machine's ssh is from before 8.8: it takes such a key as it is."""
    told = subprocess.run(["ssh", "-F", "none", "-G", "host"], check=True, capture_output=True,
                          text=True).stdout
    [line] = [line for line in told.splitlines() if line.startswith("hostkeyalgorithms ")]
    return "ssh-rsa" in line.split()[1].split(",")


def test_a_node_with_ssh_rsa_alone_is_told_with_the_two_lines(host):
    conf = (host.root / "etc/ssh/sshd_config").read_text()
    old = "".join(line + "\n" for line in conf.splitlines() if "ed25519" not in line)
    host.put("etc/ssh/sshd_config", old + "HostKeyAlgorithms ssh-rsa\n")
    host.sshd_down()
    host.sshd_up()
    try:
        if offers_ssh_rsa():
            assert again(host).run(["true"]).ok
            return
        with pytest.raises(Failed) as caught:
            again(host).run(["true"])
        assert "    HostKeyAlgorithms +ssh-rsa\n" in caught.value.next
        assert "    PubkeyAcceptedAlgorithms +ssh-rsa" in caught.value.next
        assert caught.value.next.startswith("add to ~/.ssh/config:\nHost %s\n" % host.out)
    finally:
        host.put("etc/ssh/sshd_config", conf)
        host.sshd_down()
        host.sshd_up()


def test_nobody_answers_in_time(host):
    host.cut()
    try:
        with pytest.raises(Failed) as caught:
            again(host).run(["true"])
        assert "can't be reached" in caught.value.what
    finally:
        host.mend()


# -- the line breaks ----------------------------------------------------------------------

def later(seconds, *actions):
    def act():
        for wait, action in zip(seconds, actions):
            time.sleep(wait)
            action()
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_255_of_a_broken_line_is_unknown_and_the_next_command_works(host, node):
    node.run(["true"])
    broken = later([1, 8], host.cut, host.mend)
    with pytest.raises(Unknown, match="whether it ended is unknown"):
        node.run(["sh", "-c", "sleep 20"])
    broken.join()
    assert node.run(["echo", "x"]).stdout == b"x\n"


@pytest.mark.parametrize("how", ["cable", "drop", "sshd"])
def test_a_kept_program_survives_and_its_whole_output_comes(host, node, how):
    node.run(["true"])
    broken = later([1, 6], *{"cable": (host.cut, host.mend), "drop": (host.drop, host.undrop),
                             "sshd": (host.sshd_down, host.sshd_up)}[how])
    lines = []
    result = node.run(["sh", "-c", "i=0; while [ $i -lt 12 ]; do echo $i; i=$((i+1)); sleep 1; "
                                   "done; echo end >&2; exit 3"],
                      stdout=lines.append, keep="long")
    broken.join()
    assert lines == [b"%d\n" % number for number in range(12)]
    assert (result.exit, result.stderr) == (3, b"end\n")
    assert node.list("/var/lib/snf-upgrade/jobs") == []


def test_a_line_that_breaks_before_the_output_is_followed(host, node, monkeypatch):
    mended = []

    def cut(name):
        if name == "kept.follow:long":
            host.sshd_down()
            mended.append(later([3], host.sshd_up))
    node.run(["true"])
    monkeypatch.setattr(failpoint, "reach", cut)
    result = node.run(["sh", "-c", "echo there; sleep 5; exit 3"], keep="long")
    mended[0].join()
    assert (result.exit, result.stdout) == (3, b"there\n")


def test_the_next_command_waits_for_what_a_broken_line_left(host, node, monkeypatch, capfd):
    monkeypatch.setenv("SNF_UPGRADE_COME_BACK", "1")
    node.run(["true"])
    broken = later([1, 8], host.cut, host.mend)
    with pytest.raises(Unknown, match="it goes on there"):
        node.run(["sh", "-c", "sleep 18; touch /tmp/ran-on"], keep="long")
    broken.join()
    fresh = again(host)
    fresh.settle()
    assert fresh.exists("/tmp/ran-on")
    assert "waiting for what an earlier command began: long" in capfd.readouterr().err


def test_a_reboot_during_a_kept_program_is_unknown(host, node):
    node.run(["true"])
    broken = later([1], host.reboot)
    with pytest.raises(Unknown):
        node.run(["sh", "-c", "sleep 30"], keep="long")
    broken.join()
    assert again(host).run(["sh", "-c", "exit 4"], keep="long").exit == 4


def test_an_interrupt_ends_the_program_there(host, node):
    for keep in ("", "long"):
        def interrupt(line):
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            node.run(["sh", "-c", "echo x; exec sleep 98765"], stdout=interrupt, keep=keep)
        until(lambda: "98765" not in host.sh("ps -eo args"))


def test_a_signal_to_a_command_ends_what_it_runs_there(host, node):
    host.put("usr/bin/snf-manage", "#!/bin/sh\nexec sleep 54321\n", 0o755)
    host.put("etc/synnefo/x.conf", "A = 1\n")
    process = cli.start("snf-settings-check", "--node", host.address, "--role",
                        "cyclades", env={"SNF_UPGRADE_SITE": ""})
    until(lambda: "54321" in host.sh("ps -eo args"))
    process.terminate()
    assert process.wait(60) == 143
    until(lambda: "54321" not in host.sh("ps -eo args"))


# -- two control machines -----------------------------------------------------------------

def test_a_node_locked_from_another_control_machine(host, node):
    import json
    node.mkdir("/run/lock/snf-upgrade.lock")
    node.write("/run/lock/snf-upgrade.lock/holder", json.dumps(
        {"host": "other", "boot_id": "b", "pid": 5, "started": 6, "command": "snf-upgrade run",
         "time": "2013-11-12T00:04:11Z"}).encode())
    try:
        done = cli.run("snf-settings-rename", "--node", host.address, "--role", "pithos",
                       "--base-url", "pithos=http://x/pithos", "--base-url",
                       "astakos=http://x/astakos", "--yes",
                       env={"SNF_UPGRADE_SITE": "", "SNF_UPGRADE_STATE_DIR": "/tmp/none-here"})
        done.expect(75)
        assert "snf-upgrade run (pid 5 on other, since 2013-11-12T00:04:11Z)" in done.err
        assert "rm -r /run/lock/snf-upgrade.lock" in done.err
    finally:
        host.sh("rm -r /run/lock/snf-upgrade.lock")


# -- many files in one request --------------------------------------------------------------

def test_a_glance_is_one_request_and_tells_what_asking_tells(host, node, capfd):
    host.sh("mkdir -p /tmp/g && cd /tmp/g && echo one >1 && ln -s 1 2 && ln -s none 3 && "
            "head -c 3000000 /dev/zero >big && chmod 0 1 && touch 'caf\u00e9'")

    def told():
        try:
            node.read("/tmp/g/none")
        except FileNotFoundError as error:
            missing = (error.errno, error.filename)
        return [node.list("/tmp/g"), [node.stat("/tmp/g/" + name) for name in "123"],
                node.read("/tmp/g/1"), node.read("/tmp/g/2"), len(node.read("/tmp/g/big")),
                node.stat("/tmp/g/none"), node.exists("/tmp/none"), missing]
    asked = told()
    requests = []
    run, node.run = node.run, lambda argv, **more: requests.append(argv) or run(argv, **more)
    with node.glance(["/tmp/g", "/tmp/none", "/tmp/g/none"]):
        assert told() == asked
        assert [argv[0] for argv in requests] == ["sh", "stat", "cat"]  # 3 dangles, big
    host.sh("echo two >/tmp/g/1")
    assert node.read("/tmp/g/1") == b"two\n"
