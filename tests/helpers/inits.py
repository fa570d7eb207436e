"""What is PID 1 of a test host, and the file systems that it finds.

    sysvinit  Debian's, where the root has it: sshd by inittab
    systemd   Debian's: sshd as its unit, init scripts as the units that it makes of them
"""

from __future__ import annotations

import os
import uuid
from typing import Any

SYSVINIT, SYSTEMD = "sysvinit", "systemd"
PROGRAMS = {SYSVINIT: "/sbin/init", SYSTEMD: "/lib/systemd/systemd"}
# Of sshd; the old one has ended then.
RESTARTS = {SYSVINIT: "pid=$(cat /run/sshd.pid); kill $pid; "
                      "while kill -0 $pid 2>/dev/null; do sleep 0.02; done",
            SYSTEMD: "systemctl restart ssh"}

_INITTAB = """id:2:initdefault:
si::sysinit:/bin/true
ss:2:respawn:/sbin/host-sshd
"""
_SSHD = """#!/bin/sh
while [ -e /run/no-sshd ]; do sleep 0.1; done
exec /usr/sbin/sshd -D -e
"""
_UNIT = """[Unit]
Description=sshd of a test host
StartLimitIntervalSec=0
[Service]
ExecStart=/sbin/host-sshd
Restart=always
RestartSec=100ms
KillMode=process
"""
# What a machine has and a host has not: devices, modules, consoles, the kernel's settings.
_MASKED = ("console-getty.service", "dbus.service", "dbus.socket", "dev-hugepages.mount",
           "dev-mqueue.mount", "getty.target", "modprobe@.service",
           "proc-sys-fs-binfmt_misc.automount", "sys-fs-fuse-connections.mount",
           "sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
           "systemd-ask-password-console.path", "systemd-ask-password-wall.path",
           "systemd-logind.service", "systemd-modules-load.service",
           "systemd-remount-fs.service", "systemd-sysctl.service",
           "systemd-udev-trigger.service", "systemd-udevd.service",
           "systemd-udevd-control.socket", "systemd-udevd-kernel.socket")
_SCRIPT = """set -e
cd "$1"
mount --make-rprivate /
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t tmpfs -o mode=755 tmpfs run
mkdir run/lock run/sshd
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
for word in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 666 "dev/${word%:*}" c 1 "${word#*:}"
done
mknod -m 666 dev/tty c 5 0
mknod -m 600 dev/console c 1 3
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for number in 0:stdin 1:stdout 2:stderr; do
    ln -s "/proc/self/fd/${number%:*}" "dev/${number#*:}"
done
case $3 in
*systemd) mount -t cgroup2 cgroup2 sys/fs/cgroup ;;
esac
hostname "$2"
init=$3
shift 3
while [ $# -gt 0 ]; do
    mount --bind "$1" ".$2"
    shift 2
done
exec chroot . "$init"
"""


def prepare(host: Any) -> None:
    """Write what its PID 1 reads and runs."""
    host.put("sbin/host-sshd", _SSHD, 0o755)
    host.put("etc/fstab", "")  # of this machine's disks
    if host.init == SYSVINIT:
        host.put("etc/inittab", _INITTAB)
    else:
        units = host.root / "etc/systemd/system"
        host.put("etc/systemd/system/ssh.service", _UNIT)
        (units / "multi-user.target.wants").mkdir()
        (units / "multi-user.target.wants/ssh.service").symlink_to("../ssh.service")
        (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
        for name in _MASKED:
            (units / name).symlink_to(os.devnull)
        host.put("etc/machine-id", uuid.uuid4().hex + "\n")


def words(host: Any) -> "list[str]":
    """How its namespaces are made and its PID 1 is started."""
    binds = [str(word) for pair in host.hosts.binds(host) for word in pair]
    return ["unshare", "--kill-child", "-m", "-p", "-u", "-i", "-n", "--fork",
            "sh", "-c", 'echo 0 >"$0/cgroup.procs" && exec "$@"', str(host.group),
            "unshare", "-C", "sh", "-c", _SCRIPT, "host",
            str(host.root), host.name, PROGRAMS[host.init], *binds]
