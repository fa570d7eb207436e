"""One look at many files of another machine: a request instead of two for each file.

What the look does not know (a file that is big, that vanished, that may not be read) is asked
for by itself, so that an error is that file's own.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from dataclasses import dataclass
from typing import Dict, Iterable, List, Optional, Tuple

from snftools.node.base import Stat

# Arguments: files and directories (their entries, not deeper).  Answers paths that are not there
# (only root can tell that from one that may not be seen), those that are, and a tar of them.
SCRIPT = """
# look at these files and directories
all() { find -L "$@" -maxdepth 1 ! '(' -type f -size +2048k ')' -print0 2>/dev/null; }
if [ "$(id -u)" = 0 ]; then
    for path; do [ -e "$path" ] || [ -L "$path" ] || printf '%s\\0' "$path"; done
fi
printf '\\0'
find -L "$@" -maxdepth 1 -print0 2>/dev/null
printf '\\0'
all "$@" | tar -c -P -h --hard-dereference --no-recursion --null -T - -f - 2>/dev/null
exit 0
"""


@dataclass
class Seen:
    """What was seen of one path: its `stat`, None when nothing is there (a directory's has no
    size); a file's bytes, the names in a directory, where the look had them."""

    stat: Optional[Stat]
    data: Optional[bytes] = None
    names: Optional[List[str]] = None


class Glance:
    """What was seen of some paths at one moment."""

    def __init__(self, answer: bytes, asked: Iterable[str]) -> None:
        self._seen: Dict[str, Seen] = {}
        missing, rest = _records(answer)
        present, archive = _records(rest)
        for path in missing:
            self._seen[path] = Seen(None)
        self._take(archive)
        for path in asked:
            seen = self.find(path)
            if seen is not None and seen.stat is not None and seen.stat.kind == "dir":
                seen.names = [posixpath.basename(one) for one in present
                              if posixpath.dirname(one) == posixpath.normpath(path) != one]

    def _take(self, archive: bytes) -> None:
        try:
            with tarfile.open(fileobj=io.BytesIO(archive), mode="r:",
                              encoding="utf-8", errors="surrogateescape") as tar:
                for member in tar:
                    kind = "file" if member.isreg() else "dir" if member.isdir() else "other"
                    content = tar.extractfile(member) if kind == "file" else None
                    data = content.read() if content is not None else None
                    if data is not None and len(data) != member.size:
                        continue
                    self._seen[posixpath.normpath(member.name)] = Seen(Stat(
                        kind, member.mode, member.uid, member.gid, member.size,
                        int(member.mtime)), data)
        except tarfile.TarError:
            return  # cut short: what came whole counts

    def find(self, path: str) -> Optional[Seen]:
        """What is known of a path; None: it must be asked for."""
        return self._seen.get(posixpath.normpath(path))


def _records(answer: bytes) -> Tuple[List[str], bytes]:
    """The paths before the empty record, and what comes after it."""
    found: List[str] = []
    while True:
        name, end, answer = answer.partition(b"\0")
        if not name or not end:
            return found, answer
        found.append(posixpath.normpath(name.decode("utf-8", "surrogateescape")))
