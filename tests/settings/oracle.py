"""Who judges the edited files: Python 2.7 where there is one, and fissix.

Python 2.7 is looked for in PYTHON2, then as python2.7 and python2 in PATH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

_SERVER = r'''
import json, re, sys
KINDS = (str, unicode, int, long, float, bool, list, tuple, dict, type(None))
for line in iter(sys.stdin.readline, ""):
    names = {"__name__": "settings"}
    answer = {"error": ""}
    output, sys.stdout = sys.stdout, sys.stderr
    try:
        for name, text in json.loads(line):
            exec compile(text.encode("latin-1"), str(name), "exec") in names
    except BaseException as error:
        answer["error"] = repr(error)
    sys.stdout = output
    answer["values"] = dict(
        (name, re.sub(" at 0x[0-9a-f]+", "", repr(value)) if isinstance(value, KINDS)
         else "<%s>" % type(value).__name__)
        for name, value in names.items() if name[:2] != "__")
    print json.dumps(answer)
    sys.stdout.flush()
'''


class Python2:
    """A Python 2.7 that executes settings files, one directory after the other."""

    def __init__(self, program: str) -> None:
        self._process = subprocess.Popen(
            [program, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, universal_newlines=True)

    def execute(self, files: Mapping[str, bytes]) -> Tuple[str, Dict[str, str]]:
        """(what stopped it, "" for nothing; repr of the values by name)."""
        ordered = [(name, files[name].decode("latin-1")) for name in sorted(files)]
        self._process.stdin.write(json.dumps(ordered) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["error"], answer["values"]

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def find_python2() -> Optional[str]:
    """The path of a Python 2.7, None when there is none."""
    for name in (os.environ.get("PYTHON2", ""), "python2.7", "python2"):
        path = shutil.which(name) if name else None
        if path is None:
            continue
        done = subprocess.run([path, "-c", "import sys; print(sys.version_info[:2] == (2, 7))"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.stdout.strip() == b"True":
            return path
    return None


def tree(data: bytes) -> Any:
    """fissix's tree of a file of Python 2."""
    from fissix import pygram, pytree
    from fissix.pgen2 import driver
    read = driver.Driver(pygram.python_grammar, convert=pytree.convert)
    return read.parse_string(data.decode("latin-1") + ("" if data.endswith(b"\n") else "\n"))


def renamed(data: bytes, names: Mapping[str, str]) -> bytes:
    """The file with its variables renamed, by fissix alone."""
    from fissix.pgen2 import token
    whole = tree(data)
    for leaf in whole.leaves():
        if leaf.type == token.NAME and leaf.value in names and _is_variable(leaf):
            leaf.value = names[leaf.value]
    text = str(whole).encode("latin-1")
    return text if data.endswith(b"\n") else text[:-1]


def _is_variable(leaf: Any) -> bool:
    from fissix.pgen2 import token
    from fissix.pygram import python_symbols as symbols
    before, after = leaf.prev_sibling, leaf.next_sibling
    if before is not None and before.type == token.DOT:
        return False
    keyword = leaf.parent is not None and leaf.parent.type == symbols.argument
    return not (keyword and after is not None and after.type == token.EQUAL)


def assigned(data: bytes, name: str) -> List[str]:
    """The text of each value that the file's top level plainly assigns to the name."""
    from fissix.pgen2 import token
    from fissix.pygram import python_symbols as symbols
    found = []
    for line in tree(data).children:
        for statement in line.children if line.type == symbols.simple_stmt else ():
            parts: Sequence[Any] = statement.children
            if (statement.type == symbols.expr_stmt and len(parts) == 3
                    and parts[1].type == token.EQUAL and getattr(parts[0], "value", "") == name):
                found.append(str(parts[2]).strip())
    return found
