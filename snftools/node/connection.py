"""ssh as we call it: the user's own configuration first, one connection a node kept for all.

The kept connections lie in one private directory.  Who makes it names it in the environment, so
that the children of a master use the same ones; it closes them at its end.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from typing import List, Optional, Tuple

from snftools import files
from snftools.errors import Usage

CONFIG_VARIABLE = "SNF_UPGRADE_SSH_CONFIG"  # a file to read in the place of ~/.ssh/config
DIRECTORY_VARIABLE = "SNF_UPGRADE_SSH_DIR"  # the kept connections of the command above us

# What holds where the user's configuration says nothing.
_DEFAULTS = """Host *
ConnectTimeout 15
ServerAliveInterval 15
ServerAliveCountMax 4
"""
_PREFIX = "snf-ssh-"
_ADDRESS = re.compile(r"^(?:([^@\s]+)@)?(\[[0-9A-Fa-f:.]+\]|[^@:\s]+)(?::([0-9]+))?$")


def parse_address(address: str) -> Tuple[str, Optional[str], Optional[int]]:
    """Host, user and port of [user@]host[:port]; Usage (2) for what is none."""
    match = _ADDRESS.match(address)
    if not match or address.startswith("-") or match.group(2).startswith("-"):
        raise Usage("not an address ([user@]host[:port]): %s" % address)
    user, host, port = match.groups()
    return host.strip("[]"), user, int(port) if port else None


def ssh(address: str, shared: bool = True, options: Tuple[str, ...] = ()) -> List[str]:
    """The words of an ssh command line, up to what is to run there.

    ssh obeys the first of two equal options.  Never a password, never another host key check
    than the user's; `shared` uses the connection that is kept.
    """
    host, user, port = parse_address(address)
    config = _config(directory())
    control = ["-oControlMaster=auto", "-oControlPersist=60",
               "-oControlPath=%s-%%C" % config] if shared else ["-oControlMaster=no",
                                                                "-oControlPath=none"]
    return ["ssh", "-F", config, "-T", "-oBatchMode=yes", "-oLogLevel=INFO", *control,
            *options, *(["-p", str(port)] if port else []),
            "--", ("%s@" % user if user else "") + host]


def directory() -> str:
    """The directory of the kept connections, made when first asked for."""
    chosen = os.environ.get(DIRECTORY_VARIABLE, "")
    if chosen and _is_private(chosen):
        return chosen
    _sweep()
    made = tempfile.mkdtemp(prefix="%s%d-" % (_PREFIX, os.getpid()), dir=_parent())
    os.environ[DIRECTORY_VARIABLE] = made
    atexit.register(_close, made, os.getpid())
    return made


def _parent() -> str:
    """Where the directory lies: in TMPDIR, or in /tmp when that is so long that the sockets'
    paths would not fit: 107 bytes, of which they need 93 below it.
    """
    wanted = tempfile.gettempdir()
    return wanted if len(os.fsencode(wanted)) <= 107 - 93 else "/tmp"


def _config(kept: str) -> str:
    """Our configuration: ssh takes the first value that it meets, so the user's come first."""
    chosen = os.path.abspath(os.environ.get(CONFIG_VARIABLE)
                             or os.path.expanduser("~/.ssh/config"))
    path = os.path.join(kept, "c" + hashlib.sha256(os.fsencode(chosen)).hexdigest()[:8])
    if not os.path.exists(path):
        files.write_atomic(path, ('Include "%s"\n%sInclude /etc/ssh/ssh_config\n'
                                  % (chosen, _DEFAULTS)).encode(), mode=0o600)
    return path


def _is_private(path: str) -> bool:
    """Whether it is a directory that nobody else can put something into."""
    try:
        facts = os.lstat(path)
    except OSError:
        return False
    return facts.st_uid == os.geteuid() and facts.st_mode & 0o170077 == 0o040000


def _close(made: str, pid: int) -> None:
    """Close the kept connections and remove their directory (in the process that made it)."""
    if os.getpid() != pid:
        return
    for name in _names(made):
        if "-" in name:
            subprocess.run(["ssh", "-F", "/dev/null", "-oControlPath=%s/%s" % (made, name),
                            "-O", "exit", "x"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.rmtree(made, ignore_errors=True)


def _sweep() -> None:
    """Remove what killed commands left: their connections end by themselves when unused."""
    parent = _parent()
    for name in _names(parent):
        pid = name[len(_PREFIX):].partition("-")[0]
        path = os.path.join(parent, name)
        if name.startswith(_PREFIX) and pid.isdigit() and not os.path.exists("/proc/" + pid) \
                and _is_private(path) and not any("-" in name for name in _names(path)):
            shutil.rmtree(path, ignore_errors=True)


def _names(path: str) -> List[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []
