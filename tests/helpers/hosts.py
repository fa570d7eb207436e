"""Test hosts: real machines for ssh, made of namespaces, on one machine (needs root).

Each host has its own network, process list, host name and root file system (an overlay over
this machine's, or over any other Debian root), Debian's init as PID 1 and its own sshd.  The
control machine is a network namespace too: `inside()` puts the calling thread into it, so that
every program which a test starts there reaches the hosts and nothing else.

    out    10.78.0.0/24   control (.1) and all hosts: ssh, HTTP
    lan    10.77.0.0/24   hosts alone: the database
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from snftools.practice import tree
from tests.helpers import cgroups, inits

CONTROL = "10.78.0.1"
GATEWAY = "192.0.2.254"  # to nowhere
SSHD = "/usr/sbin/sshd"
PATIENCE = 20.0  # seconds until a host must answer
QUICK = "ServerAliveInterval 1\nServerAliveCountMax 3\nConnectTimeout 5\n"
TOGETHER = 16  # hosts that start at once
_WATCHES = 3  # inotify instances of a systemd
_CLONE_NEWNET = 0x40000000
# What a host must not see of this machine.
_HIDDEN = ("home", "root", "work", "tmp", "srv", "mnt", "media", "var/lib/dpkg", "var/lib/apt",
           "var/cache/apt", "var/lib/postgresql", "var/lib/snf-upgrade", "var/log",
           "var/backups", "var/tmp", "etc/apt", "etc/postgresql", "etc/ssh", "etc/synnefo",
           "etc/snf-upgrade", "etc/systemd/system", *("etc/rc%s.d" % level for level in "0123456S"))
_NEEDED = ("sshd", "ip", "unshare", "nsenter")


def why_not() -> str:
    """Why there can be no test hosts here, or ""."""
    if os.geteuid() != 0:
        return "test hosts need root"
    missing = [name for name in _NEEDED if not shutil.which(name, path=tree.MACHINE)]
    if missing:
        return "test hosts need %s" % " ".join(missing)
    if not os.path.exists(inits.PROGRAMS[inits.SYSTEMD]):
        return "test hosts need systemd"
    if cgroups.own() is None:
        return "test hosts need a cgroup2 that can be written"
    tried = subprocess.run(["unshare", "-m", "-n", "-p", "-u", "-i", "-C", "--fork",
                            "mount", "-t", "cgroup2", "cgroup2", "/mnt"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return tried.stderr.decode().strip() if tried.returncode else ""


def too_many(count: int) -> str:
    """Why there can't be so many hosts here, or ""."""
    name = "fs/inotify/max_user_instances"
    wanted = _WATCHES * count + 64  # and this machine's own
    if int(Path("/proc/sys", name).read_text()) >= wanted:
        return ""
    return "%d hosts need: sysctl %s=%d" % (count, name.replace("/", "."), wanted)


def call(*argv: object) -> str:
    """Run a program of this machine; its output, or an AssertionError that shows all."""
    done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, "%s: exit %d: %s" % (" ".join(map(str, argv)),
                                                       done.returncode, text)
    return text


def until(wanted: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def umount(path: Path) -> None:
    """Unmount it, once what used it has died."""
    deadline = time.monotonic() + PATIENCE
    while os.path.ismount(str(path)):
        if subprocess.run(["umount", str(path)], stderr=subprocess.DEVNULL).returncode:
            assert time.monotonic() < deadline, "%s is busy" % path
            time.sleep(0.05)


class Host:
    """One machine (live); `root` is its root directory as this machine sees it."""

    def __init__(self, hosts: "Hosts", name: str, number: int, base: str, init: str) -> None:
        self.hosts = hosts
        self.name = name
        self.base = base
        self.init = init
        self.number = number
        self.out = "10.78.0.%d" % number
        self.lan = "10.77.0.%d" % number
        self.link = "v%d" % number
        self.user = "root"
        self.directory = hosts.directory / name
        self.root = self.directory / "root"
        self.group = hosts.group / name
        self._keeper: Optional["subprocess.Popen[bytes]"] = None

    # -- its life --------------------------------------------------------------------------

    def mount(self) -> None:
        """Make its root file system."""
        for name in ("upper", "work", "root"):
            (self.directory / name).mkdir(parents=True)
        for name in _HIDDEN:
            hidden = self.directory / "upper" / name
            hidden.mkdir(parents=True)
            os.setxattr(str(hidden), "trusted.overlay.opaque", b"y")
        call("mount", "-t", "overlay", "overlay", "-o", "lowerdir=%s,upperdir=%s/upper,"
             "workdir=%s/work" % (self.base, self.directory, self.directory), self.root)
        for name, mode in (("tmp", 0o1777), ("var/tmp", 0o1777), ("root", 0o700),
                           ("root/.ssh", 0o700), ("var/lib/apt/lists/partial", 0o755),
                           ("var/cache/apt/archives/partial", 0o755), ("var/log/apt", 0o755),
                           ("etc/apt/apt.conf.d", 0o755), ("etc/apt/preferences.d", 0o755),
                           ("etc/apt/sources.list.d", 0o755), ("etc/apt/trusted.gpg.d", 0o755),
                           ("var/lib/dpkg/updates", 0o755), ("var/lib/dpkg/info", 0o755),
                           ("var/lib/dpkg/triggers", 0o755), ("srv/repo", 0o755)):
            path = self.root / name
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(mode)
        for name in ("status", "available"):
            (self.root / "var/lib/dpkg" / name).touch()
        if (self.root / "usr/sbin/policy-rc.d").exists():  # a container's
            (self.root / "usr/sbin/policy-rc.d").unlink()
        self._write_files()

    def _write_files(self) -> None:
        """Its name, addresses, keys and sshd."""
        self.put("etc/hostname", self.name + "\n")
        self.put("etc/hosts", "127.0.0.1 localhost\n" + "".join(
            "%s %s\n" % (host.out, host.name) for host in self.hosts.all))
        self.put("etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\n"
                                      "hosts: files\n")
        self.put("etc/resolv.conf", "")
        self.put("etc/ssh/sshd_config", _SSHD_CONF)
        for kind in ("ed25519", "rsa"):
            bits = ["-b", "2048"] if kind == "rsa" else []
            call("ssh-keygen", "-q", "-t", kind, *bits, "-N", "", "-C", self.name, "-f",
                 self.root / ("etc/ssh/ssh_host_%s_key" % kind))
        keys = (self.hosts.directory / "user.pub").read_text()
        self.put("root/.ssh/authorized_keys", keys, 0o600)
        self.put("etc/shadow", (self.root / "etc/shadow").read_text(), 0o600)
        call("chroot", self.root, "usermod", "-p", "*", "root")
        inits.prepare(self)

    def boot(self) -> None:
        """Start it: namespaces, PID 1, links."""
        self.group.mkdir()
        self._keeper = subprocess.Popen(
            inits.words(self), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=(self.directory / "console").open("ab"), start_new_session=True,
            env={"PATH": tree.MACHINE, "container": "lxc"})
        self._wire()

    def _wire(self) -> None:
        pid = self.pid()
        control = self.hosts.control
        # A machine keeps its card's address: others remember it across a reboot.
        call(*control, "ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0",
             "address", "02:00:10:78:00:%02x" % self.number, "netns", pid)
        call(*control, "ip", "link", "add", "l" + self.link, "type", "veth", "peer", "name",
             "eth1", "address", "02:00:10:77:00:%02x" % self.number, "netns", pid)
        for link, bridge in ((self.link, "out"), ("l" + self.link, "lan")):
            call(*control, "ip", "link", "set", link, "master", bridge, "up")
        there = ["nsenter", "-t", pid, "--net", "ip"]
        for device, address in (("eth0", self.out), ("eth1", self.lan)):
            call(*there, "addr", "add", address + "/24", "dev", device)
            call(*there, "link", "set", device, "up")
        call(*there, "link", "set", "lo", "up")
        call(*there, "route", "add", "default", "via", CONTROL)

    def pid(self) -> int:
        """The process id, here, of its PID 1."""
        assert self._keeper is not None
        deadline = time.monotonic() + PATIENCE
        path = "/proc/%d/task/%d/children" % (self._keeper.pid, self._keeper.pid)
        while time.monotonic() < deadline:
            try:
                with open(path) as stream:
                    children = stream.read().split()
                if children and os.readlink("/proc/%s/ns/net" % children[0]) \
                        != os.readlink("/proc/self/ns/net"):
                    return int(children[0])
            except OSError:
                pass
            assert self._keeper.poll() is None, (self.directory / "console").read_text()
            time.sleep(0.01)
        raise AssertionError("host %s does not start" % self.name)

    def wait(self) -> None:
        """Wait until its sshd takes connections."""
        deadline = time.monotonic() + PATIENCE
        with self.hosts.inside():
            while True:
                with socket.socket() as probe:
                    probe.settimeout(1)
                    try:
                        probe.connect((self.out, 22))
                        assert probe.recv(4) == b"SSH-"
                        return
                    except (OSError, AssertionError):
                        assert time.monotonic() < deadline, "sshd of %s: %s" % (
                            self.name, (self.directory / "console").read_text())
                        time.sleep(0.02)

    def kill(self) -> None:
        """The power goes: every process of it dies at once."""
        if self._keeper is not None:
            self._keeper.send_signal(signal.SIGKILL)
            self._keeper.wait(PATIENCE)
            self._keeper = None
            cgroups.remove(self.group, PATIENCE)
            for link in (self.link, "l" + self.link):
                subprocess.run([*self.hosts.control, "ip", "link", "del", link],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def reboot(self) -> None:
        """Power off and on: what is on disk stays, its processes and /run do not."""
        self.kill()
        self.boot()
        self.wait()

    # -- what a test does to it --------------------------------------------------------------

    @property
    def address(self) -> str:
        """What site.conf says."""
        return "%s@%s" % (self.user, self.out)

    def put(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file of it."""
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        if full.is_symlink():
            full.unlink()
        full.write_text(text)
        full.chmod(mode)

    def sh(self, script: str, check: bool = True) -> str:
        """Run a shell script on it, not over the net; its output."""
        done = subprocess.run(["nsenter", "-t", str(self.pid()), "--all", "--root",
                               "env", "-C", "/", "/bin/bash", "-c", script],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT,
                              env={"PATH": tree.MACHINE, "HOME": "/root"})
        text = done.stdout.decode("utf-8", "replace")
        assert not check or done.returncode == 0, "%s: %s" % (script, text)
        return text

    def make_old(self) -> None:
        """Take away what came after 2010: flock, runuser, `sync FILE`, `ps` beyond POSIX; busybox
        is its sh."""
        for name in ("flock", "runuser", "setpriv"):
            for directory in ("bin", "sbin", "usr/bin", "usr/sbin"):
                (self.root / directory / name).unlink(missing_ok=True)
        for name, text in (("sync", _OLD_SYNC), ("ps", _OLD_PS)):
            (self.root / "bin" / name).rename(self.root / "usr/bin" / (name + ".new"))
            self.put("bin/" + name, text, 0o755)
        if (self.root / "bin/busybox").exists():
            (self.root / "bin/sh").unlink()
            (self.root / "bin/sh").symlink_to("/bin/busybox")

    def make_sudo(self) -> None:
        """Only an ordinary user may log in, who may do everything by sudo -n."""
        self.user = "upgrader"
        call("chroot", self.root, "useradd", "-m", "-s", "/bin/sh", "-p", "*", self.user)
        self.put("etc/sudoers.d/upgrader", "upgrader ALL=(ALL) NOPASSWD: ALL\n", 0o440)
        home = self.root / "home" / self.user
        (home / ".ssh").mkdir(mode=0o700)
        keys = home / ".ssh/authorized_keys"
        keys.write_text((self.hosts.directory / "user.pub").read_text())
        call("chroot", self.root, "chown", "-R", self.user, "/home/" + self.user)
        (self.root / "root/.ssh/authorized_keys").unlink()

    def cut(self) -> None:
        """The cable to the control machine and the others is pulled."""
        call(*self.hosts.control, "ip", "link", "set", self.link, "down")

    def mend(self) -> None:
        """The cable is back."""
        call(*self.hosts.control, "ip", "link", "set", self.link, "up")

    def drop(self) -> None:
        """Its packets to and from the control machine vanish, and nobody is told."""
        self._filter("-A")

    def undrop(self) -> None:
        """They arrive again."""
        self._filter("-D")

    def _filter(self, how: str) -> None:
        for chain, side in (("INPUT", "-s"), ("OUTPUT", "-d")):
            call("nsenter", "-t", self.pid(), "--net", "iptables", how, chain, side, CONTROL,
                 "-j", "DROP")

    def sshd_down(self) -> None:
        """No sshd any more, and none of its sessions."""
        self.sh("touch /run/no-sshd; pkill -KILL sshd || true")

    def sshd_stop(self) -> None:
        """PID 1 restarts sshd, which takes until `sshd_up`: its sessions go on."""
        self.sh("touch /run/no-sshd; " + inits.RESTARTS[self.init])

    def sshd_up(self) -> None:
        """PID 1 starts it again."""
        self.sh("rm -f /run/no-sshd")
        self.wait()


class Hosts:
    """Several hosts and the network between them (live)."""

    def __init__(self, names: Sequence[str], bases: Optional[Dict[str, Tuple[str, str]]] = None
                 ) -> None:
        """`bases`: {host: (its root directory, its init)}, by default this machine's."""
        self.directory = Path(tempfile.mkdtemp(prefix="snfh", dir="/tmp"))
        self.directory.chmod(0o755)
        call("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", self.directory)
        ours = cgroups.own()
        assert ours is not None
        self.group = ours / self.directory.name
        self.group.mkdir()
        self.all: List[Host] = []
        self._binds: Dict[str, List[Sequence[str]]] = {}
        self._network = subprocess.Popen(["unshare", "-n", "sleep", "infinity"],
                                         stdin=subprocess.DEVNULL, start_new_session=True)
        self.control: List[str] = ["nsenter", "-t", str(self._network.pid), "--net"]
        try:
            call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.directory / "user")
            self._make_network()
            for number, name in enumerate(names, 11):
                self.all.append(Host(self, name, number,
                                     *(bases or {}).get(name, ("/", inits.SYSTEMD))))
            for host in self.all:
                host.mount()
            self.write_client_files()
        except BaseException:
            self.destroy()
            raise

    def __getitem__(self, name: str) -> Host:
        return next(host for host in self.all if host.name == name)

    def bind(self, host: str, here: str, there: str) -> None:
        """Let a host see a directory of this machine, from its next start on."""
        self._binds.setdefault(host, []).append((here, there))

    def binds(self, host: Host) -> List[Sequence[str]]:
        """What a host sees of this machine."""
        return self._binds.get(host.name, [])

    def boot(self) -> None:
        """Start all of them, some at a time: each must answer in time."""
        for first in range(0, len(self.all), TOGETHER):
            some = self.all[first:first + TOGETHER]
            for host in some:
                host.boot()
            for host in some:
                host.wait()

    def _make_network(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while os.readlink("/proc/%d/ns/net" % self._network.pid) == \
                os.readlink("/proc/self/ns/net"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        ip = [*self.control, "ip"]
        call(*ip, "link", "set", "lo", "up")
        for bridge in ("out", "lan"):
            call(*ip, "link", "add", bridge, "type", "bridge", "forward_delay", "0")
            call(*ip, "link", "set", bridge, "up")
        # No address on lan: the control machine reaches it through a host only.
        call(*ip, "addr", "add", CONTROL + "/24", "dev", "out")
        # What is meant for anybody else ends here, where a Wire sees it.
        call(*ip, "link", "add", "stray", "type", "veth", "peer", "name", "nowhere")
        for name in ("stray", "nowhere"):
            call(*ip, "link", "set", name, "up")
        call(*ip, "neigh", "add", GATEWAY, "lladdr", "02:00:00:00:00:01", "dev", "stray", "nud",
             "permanent")
        call(*ip, "route", "add", "default", "via", GATEWAY, "dev", "stray", "onlink")

    def write_client_files(self) -> None:
        """The administrator's ssh configuration: his key, the hosts' keys."""
        lines = []
        for host in self.all:
            for kind in ("ed25519", "rsa"):
                words = (host.root / ("etc/ssh/ssh_host_%s_key.pub" % kind)).read_text().split()
                lines.append("%s %s %s\n" % (host.out, words[0], words[1]))
        (self.directory / "known").write_text("".join(lines))
        self.config.write_text(
            "Host *\nIdentityFile %s\nIdentitiesOnly yes\nUserKnownHostsFile %s\n"
            "GlobalKnownHostsFile /dev/null\n" % (self.directory / "user",
                                                  self.directory / "known"))

    @property
    def config(self) -> Path:
        """What SNF_UPGRADE_SSH_CONFIG must name."""
        return self.directory / "config"

    def notice_soon(self) -> None:
        """A dead line is noticed in seconds: the user's own ssh configuration says so."""
        with self.config.open("a") as config:
            config.write(QUICK)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This thread, and what it starts, is on the control machine."""
        libc = ctypes.CDLL(None, use_errno=True)
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open("/proc/%d/ns/net" % self._network.pid, os.O_RDONLY)
        old = os.environ.get("SNF_UPGRADE_SSH_CONFIG")
        try:
            if libc.setns(there, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            os.environ["SNF_UPGRADE_SSH_CONFIG"] = str(self.config)
            yield
        finally:
            if old is None:
                os.environ.pop("SNF_UPGRADE_SSH_CONFIG", None)
            else:
                os.environ["SNF_UPGRADE_SSH_CONFIG"] = old
            libc.setns(before, _CLONE_NEWNET)
            os.close(there)
            os.close(before)

    def destroy(self) -> None:
        """Power off, and take everything away."""
        for host in self.all:
            host.kill()
        for host in self.all:
            umount(host.root)
        self._network.kill()
        self._network.wait(PATIENCE)
        cgroups.remove(self.group, PATIENCE)
        umount(self.directory)
        shutil.rmtree(str(self.directory), ignore_errors=True)


_OLD_SYNC = """#!/bin/sh
[ $# = 0 ] || { echo "sync: ignoring all arguments is what 2010 did" >&2; exit 1; }
exec /usr/bin/sync.new
"""
_OLD_PS = """#!/bin/sh
for word in "$@"; do
    case $word in
    --*|-[!Aadefloptugn]*) echo "ps: unknown option $word" >&2; exit 1;;
    esac
done
exec /usr/bin/ps.new "$@"
"""
_SSHD_CONF = """Port 22
AddressFamily inet
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_rsa_key
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
UseDNS no
PidFile /run/sshd.pid
"""
