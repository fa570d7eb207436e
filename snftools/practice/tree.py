"""A node's root directory before anything is installed in it: directories, links, wrappers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Optional

from snftools.errors import Failed
from snftools.practice import server

HERE = Path(__file__).resolve().parent
MACHINE = "/usr/sbin:/usr/bin:/sbin:/bin"

DIRECTORIES = """
usr/bin usr/sbin sbin bin usr/share/synnefo etc/synnefo etc/default etc/init.d etc/gunicorn.d
etc/apt/apt.conf.d etc/apt/preferences.d etc/apt/sources.list.d etc/apt/trusted.gpg.d
run/lock var/log/synnefo var/log/apt var/lib/apt/lists/partial var/cache/apt/archives/partial
var/lib/dpkg/info var/lib/dpkg/updates var/lib/dpkg/triggers var/lib/ganeti var/backups
srv root tmp
""".split()

# What a Debian machine always has, and what dpkg itself asks for.
NEEDED = """
sh cat chgrp chmod chown cp date dd df diff dirname basename du echo env expr false find grep sed
awk head id install kill ln ls mkdir mktemp mv nohup od printf pwd readlink realpath rm rmdir
setsid sha256sum md5sum sleep sort stat stty sync tail tar tee test timeout touch tr true tty
uname uniq wc xargs gzip gunzip zcat cut comm cmp egrep fgrep tac whoami seq nice
dpkg-deb dpkg-split dpkg-divert ldconfig start-stop-daemon
""".split()
WHERE_THERE = "bash dash getent pgrep pkill zstd xz bzip2 less vi nano".split()
CLIENTS = ("psql", "pg_dump", "pg_restore", "pg_dumpall", "pg_isready")
WRAPPERS = {"apt-get": "usr/bin", "apt-cache": "usr/bin", "dpkg": "usr/bin",
            "dpkg-query": "usr/bin", "ps": "usr/bin", "hostname": "usr/bin", "service": "usr/sbin",
            "invoke-rc.d": "usr/sbin"}

_APT_CONF = """// Everything that apt reads and writes lies below this root, and the machine's own
// configuration is not read.
Dir "%(root)s";
Dir::State::status "%(root)s/var/lib/dpkg/status";
Dir::Bin::dpkg "%(root)s/usr/bin/dpkg";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Bin::solvers "/usr/lib/apt/solvers";
Dir::Log "%(root)s/var/log/apt";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
DPkg::Path "%(path)s";
Acquire::Languages "none";
"""


def make(root: Path, hostname: str, repo: Path) -> None:
    """Make a root directory that has a shell, dpkg and apt, and nothing of Synnefo yet."""
    for name in DIRECTORIES:
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/synnefo").chmod(0o750)
    for link, target in (("var/run", "../run"), ("var/lock", "../run/lock")):
        (root / link).symlink_to(target)
    _link_programs(root)
    for name, directory in WRAPPERS.items():
        shutil.copyfile(str(HERE / "wrappers" / name), str(root / directory / name))
        (root / directory / name).chmod(0o755)
    (root / "etc/hostname").write_text(hostname + "\n")
    for name in ("status", "available"):
        (root / "var/lib/dpkg" / name).touch()
    write_apt_conf(root, repo)


def write_apt_conf(root: Path, repo: Path) -> None:
    """Tell apt where this root and the site's repository are."""
    path = ":".join("%s/%s" % (root, name) for name in ("usr/sbin", "usr/bin", "sbin", "bin"))
    (root / "etc/apt/practice.conf").write_text(_APT_CONF % {"root": root, "path": path})
    (root / "etc/apt/sources.list").write_text("deb [trusted=yes] file:%s ./\n" % repo)


def find_program(name: str) -> Optional[str]:
    """The machine's own program; PATH is not asked, it may hold anything."""
    return shutil.which(name, path=MACHINE)


def _link_programs(root: Path) -> None:
    for name in [*NEEDED, *WHERE_THERE]:
        program = find_program(name)
        if program is None and name in NEEDED:
            raise Failed("%s is not installed on this machine" % name)
        if program is not None:
            directory = "bin" if name == "sh" else "usr/bin"
            os.symlink(program, str(root / directory / name))
    for name in CLIENTS:
        os.symlink(str(server.bindir() / name), str(root / "usr/bin" / name))
