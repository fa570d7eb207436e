"""A control group for each test host: systemd names the groups of its units alike everywhere,
and ends a unit by its group."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Optional


def own() -> Optional[Path]:
    """The directory of this process's group, where hosts' groups can be made; or None."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        if line.split()[2] == "cgroup2":
            [group] = [row[len("0::/"):] for row in Path("/proc/self/cgroup").read_text()
                       .splitlines() if row.startswith("0::/")]
            directory = Path(line.split()[1]) / group
            return directory if os.access(str(directory), os.W_OK) else None
    return None


def remove(group: Path, patience: float) -> None:
    """Take a group away with all below it, once what was in them has died."""
    deadline = time.monotonic() + patience
    while group.exists():
        for parent, names, _ in os.walk(str(group), topdown=False):
            for name in names:
                _remove(os.path.join(parent, name))
        _remove(str(group))
        assert time.monotonic() < deadline, "%s is busy" % group
        time.sleep(0.01)


def _remove(path: str) -> None:
    try:
        os.rmdir(path)
    except OSError:  # something in it still dies
        pass
