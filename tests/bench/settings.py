"""snf-settings-rename and snf-settings-check on many files, beside fissix's refactoring tool.

1,000 settings files of 300 lines are edited and checked by our command lines; then fissix
(lib2to3's driver, with one fixer that renames the same names) edits the same files. Both are
timed in CPU seconds of their processes. Usage: settings.py [FILES [LINES]]
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from typing import Dict, List, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.join(HERE, "..", "..", "bin")
PYTHON = "/usr/bin/python3"
URLS = ["--base-url", "astakos=https://acc.example.org/astakos",
        "--base-url", "cyclades=https://cyc.example.org/cyclades"]
HEAD = """\
# -*- coding: utf-8 -*-
# Settings of one team of the cloud.
ASTAKOS_URL = 'https://acc.example.org/im/authenticate'
APP_INSTALL_URL = "https://cyc.example.org"
CYCLADES_ASTAKOS_SERVICE_TOKEN = 'aT0ken'
CYCLADES_QUOTAHOLDER_POOLSIZE = 100
LOGIN = ASTAKOS_URL.replace('/im/authenticate', '/login')
"""
BLOCK = """
# The limits of group {n}; ask before you raise them.
GROUP_{n}_LIMIT = {n} * 1024
GROUP_{n}_HOSTS = ['host{n}a.example.org', 'host{n}b.example.org']
GROUP_{n}_MAIL = 'Group {n} <group{n}@example.org>'
GROUP_{n} = {{
    'name': 'group-{n}',
    'limit': GROUP_{n}_LIMIT,    # bytes
    'url': APP_INSTALL_URL + '/groups/{n}',
}}
if GROUP_{n}_LIMIT > 10240:
    GROUP_{n}_NOTE = u'large'
"""
FIXER = """
from fissix.fixer_base import BaseFix
NAMES = {names!r}
class FixSettings(BaseFix):
    BM_compatible = True
    PATTERN = "any_name=({alternatives})"
    def transform(self, node, results):
        node.value = NAMES[node.value]
        node.changed()
"""
REFACTOR = """
import sys
sys.path.insert(0, sys.argv[1])
from fissix.refactor import RefactoringTool
tool = RefactoringTool(["fix_settings"], {}, explicit=[])
for path in sys.argv[2:]:
    with open(path) as stream:
        text = stream.read()
    with open(path, "w") as stream:
        stream.write(str(tool.refactor_string(text, path)))
"""
NAMES = {"ASTAKOS_URL": "ASTAKOS_BASE_URL", "APP_INSTALL_URL": "CYCLADES_BASE_URL",
         "CYCLADES_ASTAKOS_SERVICE_TOKEN": "CYCLADES_SERVICE_TOKEN",
         "CYCLADES_QUOTAHOLDER_POOLSIZE": "CYCLADES_ASTAKOSCLIENT_POOLSIZE"}


def text_of(lines: int, number: int) -> str:
    """A settings file of so many lines, its groups counted from a number."""
    text = HEAD
    while text.count("\n") < lines:
        text += BLOCK.format(n=number)
        number += 1
    return text


def make(directory: str, files: int, lines: int, alike: bool = False) -> None:
    """A directory of settings files that set names of their own, or all the same ones."""
    for number in range(files):
        text = text_of(lines - 15, 0 if alike else number * lines)
        text += "# end of %d\n" % number * (lines - text.count("\n"))
        with open(os.path.join(directory, "%05d.conf" % number), "w") as stream:
            stream.write(text)


def cpu(argv: List[str], expected: Tuple[int, ...], **env: str) -> Tuple[float, int]:
    """(CPU seconds, largest memory in kB) of a program."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              env={**os.environ, **env})
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        os.write(writer, b"%d %f %d" % (done.returncode, used.ru_utime + used.ru_stime,
                                        used.ru_maxrss))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        code, seconds, memory = stream.read().split()
    os.waitpid(child, 0)
    if int(code) not in expected:
        raise SystemExit("%s: exit %s" % (" ".join(argv[:3]), code))
    return float(seconds), int(memory)


def ours(home: str, files: int, lines: int, alike: bool = False) -> Dict[str, Tuple[float, int]]:
    """Edit and check a fresh root directory (this machine's lock is left alone)."""
    root = tempfile.mkdtemp(dir=home)
    os.makedirs(os.path.join(root, "run", "lock"))
    os.makedirs(os.path.join(root, "etc", "synnefo"))
    make(os.path.join(root, "etc", "synnefo"), files, lines, alike)
    words = ["--node", root, "--role", "cyclades", *URLS, "--quiet"]
    state = os.path.join(root, "state")
    edit = cpu([PYTHON, os.path.join(BIN, "snf-settings-rename"), *words], (0,),
               SNF_UPGRADE_STATE_DIR=state)
    check = cpu([PYTHON, os.path.join(BIN, "snf-settings-check"), *words], (0, 4),
                SNF_UPGRADE_STATE_DIR=state)
    return {"edit": edit, "check": check}


def peer(home: str, files: int, lines: int) -> Tuple[float, int]:
    """fissix renames the same names in the same files."""
    place = tempfile.mkdtemp(dir=home)
    make(place, files, lines)
    with open(os.path.join(home, "fix_settings.py"), "w") as stream:
        stream.write(FIXER.format(names=NAMES, alternatives="|".join(
            "'%s'" % name for name in NAMES)))
    paths = sorted(os.path.join(place, name) for name in os.listdir(place))
    return cpu([PYTHON, "-c", REFACTOR, home, *paths], (0,))


def main(files: int = 1000, lines: int = 300) -> None:
    """Print the table."""
    home = tempfile.mkdtemp()
    try:
        print("%-46s %9s %9s %9s" % ("%d lines a file" % lines, "CPU s", "files/s", "MB"))
        for count, alike in ((files // 10, True), (files, True), (files // 10, False),
                             (files, False)):
            found = ours(home, count, lines, alike)
            for name, (seconds, memory) in found.items():
                what = "%s, %d files%s" % (name, count, " of the same names" if alike else "")
                print("%-46s %9.1f %9.0f %9.0f" % ("snf-settings: " + what, seconds,
                                                   count / seconds, memory / 1024))
        seconds = sum(value[0] for value in found.values())
        print("%-46s %9.1f %9.0f" % ("snf-settings: edit and check, %d files" % files, seconds,
                                     files / seconds))
        other, memory = peer(home, files, lines)
        print("%-46s %9.1f %9.0f %9.0f" % ("fissix: rename alone, %d files" % files, other,
                                           files / other, memory / 1024))
        print("%-46s %9.2f" % ("times faster than fissix", other / seconds))
        started = min(cpu([PYTHON, "-c", "pass"], (0,))[0] for _ in range(10))
        helped = min(cpu([PYTHON, os.path.join(BIN, "snf-settings-rename"), "--help"], (0,))[0]
                     for _ in range(10))
        print("%-46s %9.3f" % ("python3 -c pass (least of 10)", started))
        print("%-46s %9.3f" % ("snf-settings-rename --help (least of 10)", helped))
        print("%-46s %9.2f" % ("times python3 -c pass", helped / started))
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
