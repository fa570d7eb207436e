"""How each spare's settings change: whole in files, and as much as a screen takes."""

from __future__ import annotations

import os
from typing import Dict, List, Mapping, Sequence

from snftools import files
from snftools.output.text import WIDTH

SHOWN = 40  # lines of a node's diff in the text report


def write(base: str, diffs: Mapping[str, Sequence[str]]) -> Dict[str, str]:
    """One file a node below the rehearsal's directory; the paths by node."""
    directory = os.path.join(base, "diff")
    files.make_private_directory(directory)
    paths = {node: os.path.join(directory, node + ".diff") for node in diffs}
    for node, diff in diffs.items():
        files.write_atomic(paths[node], "".join(line + "\n" for line in diff).encode("utf-8"),
                           mode=0o600)
    return paths


def lines(diffs: Mapping[str, Sequence[str]], paths: Mapping[str, str]) -> List[str]:
    """The diffs as text: long lines and long diffs are cut, and then it says where all is."""
    found: List[str] = []
    for node, diff in diffs.items():
        found += ["", "%s: %s" % (node, "the settings change" if diff
                                  else "no settings change")]
        found += [_cut(line) for line in diff[:SHOWN]]
        if any(_cut(line) != line for line in diff) or len(diff) > SHOWN:
            more = "%d more lines" % (len(diff) - SHOWN) if len(diff) > SHOWN else "long lines cut"
            found.append("... %s, the whole: %s" % (more, paths[node]))
    return found


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[:WIDTH - 3] + "..."
