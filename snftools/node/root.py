"""A root directory as a Node: what is done to it can't touch the machine around it.

PATH is the root's own directories and nothing else, so a program that is missing there is
missing (exit 127).  Paths of files and an absolute argv[0] lie below the root; other
arguments and the environment are passed as they are (`path` tells what to pass).
"""

from __future__ import annotations

import os
from typing import Dict, Sequence

from snftools.errors import Invalid
from snftools.node.local import LocalNode

BINARIES = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")


class RootNode(LocalNode):
    """A directory of this machine that looks like a machine of its own."""

    def __init__(self, name: str, roles: Sequence[str], root: str) -> None:
        if not os.path.isabs(root):
            raise Invalid("root must be an absolute path: %s" % root, node=name)
        if not os.path.isdir(root):
            raise Invalid("root is no directory: %s" % root, node=name)
        super().__init__(name, roles, root=os.path.realpath(root))

    def _environment(self) -> Dict[str, str]:
        return {"PATH": ":".join(self.path(directory) for directory in BINARIES)}

    def path(self, path: str) -> str:
        # normpath keeps ".." from climbing out of the root.
        return self.root + os.path.normpath("/" + path.lstrip("/"))
