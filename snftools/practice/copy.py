"""Copies a practice site: the same databases and nodes in another directory, on other ports."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List

from snftools.errors import Refused
from snftools.practice import create, server, tree

# Columns that hold addresses of components, in 0.13 and in 0.14.
ADDRESSES = (("im_service", "url"), ("im_service", "api_url"), ("im_component", "url"),
             ("im_component", "base_url"), ("im_endpointdata", "value"))


def copy(template: Path, directory: Path, start: bool, say: create.Say) -> None:
    """Make `directory` a site like `template`, which may run meanwhile and is not changed.

    Backups and the state of runs are not copied: they are about the template's databases.
    Raises Refused (3) when `template` is no finished site.
    """
    template = Path(os.path.realpath(str(template)))
    facts = read_marker(template)
    if not (template / "site.conf").exists():
        raise Refused("%s is not a finished practice site" % template)
    directory = create.prepare(directory)
    ports = create.free_ports(facts["nodes"])
    create.write_marker(directory, {"layout": facts["layout"], "nodes": facts["nodes"],
                                    "databases": facts["databases"], "ports": ports})
    say("copying    %s" % template)
    with ThreadPoolExecutor(2) as pool:
        copied = pool.submit(_copy_server, template, directory)
        for name in ("repo", "nodes"):
            subprocess.run(["/bin/cp", "-a", "--reflink=auto", str(template / name),
                            str(directory / name)], check=True)
        changes = _changes(template, directory, facts["ports"], ports)
        roots = [directory / "nodes" / name for name in facts["nodes"]]
        for root in roots:
            _adapt(root, directory, changes)
        list(pool.map(create.update_lists, roots))
        copied.result()
    _rename_in_databases(server.Server(directory), facts, ports)
    shutil.copyfile(str(template / "site.conf"), str(directory / "site.conf"))
    _rewrite(directory / "site.conf", changes)
    for name in ("backups", "state"):
        (directory / name).mkdir(mode=0o700)
    create.run_site(directory, list(facts["nodes"]), start, say)


def read_marker(directory: Path) -> Dict:
    """The facts of a site; Refused (3) when the directory is none of ours."""
    try:
        return json.loads((directory / create.MARKER).read_text())
    except (OSError, ValueError):
        raise Refused("%s is not a practice site" % directory,
                      why="it has no readable file %s" % create.MARKER,
                      unchanged="nothing was changed")


def _copy_server(template: Path, directory: Path) -> None:
    target = server.Server(directory)
    server.Server(template).copy_to(target)
    target.start()


def _changes(template: Path, directory: Path, old: Dict[str, int],
             new: Dict[str, int]) -> Dict[bytes, bytes]:
    changes = {b"127.0.0.1:%d" % port: b"127.0.0.1:%d" % new[name]
               for name, port in old.items()}
    changes[os.fsencode(str(template)) + b"/"] = os.fsencode(str(directory)) + b"/"
    return changes


def _rewrite(path: Path, changes: Dict[bytes, bytes]) -> None:
    """Replace old paths and ports, all at once: a new port may be another node's old one."""
    old = path.read_bytes()
    pattern = b"|".join(re.escape(word) for word in changes)
    new = re.sub(b"(%s)(?![0-9])" % pattern, lambda match: changes[match.group(1)], old)
    if new != old:
        # In place, so that owner and mode stay.
        path.write_bytes(new)


def _adapt(root: Path, directory: Path, changes: Dict[bytes, bytes]) -> None:
    """Tell a copied node its place; nothing of the template runs here."""
    tree.write_apt_conf(root, directory / "repo")
    for path in [*root.glob("etc/synnefo/*"), *root.glob("etc/gunicorn.d/*"),
                 *root.glob("etc/default/*")]:
        if path.is_file() and not path.is_symlink():
            _rewrite(path, changes)
    _empty(root / "run")
    _empty(root / "var/lib/apt/lists")
    for name in ("run/lock", "var/lib/apt/lists/partial"):
        (root / name).mkdir()


def _empty(directory: Path) -> None:
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(str(path))
        else:
            path.unlink()


def _rename_in_databases(target: server.Server, facts: Dict, ports: Dict[str, int]) -> None:
    """Registered addresses get the new ports, where the tables of 0.13 or 0.14 have them."""
    connection = target.connect(facts["databases"]["astakos"])
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT table_name, column_name FROM information_schema.columns"
                       " WHERE table_schema = 'public'")
        there = set(cursor.fetchall()) & set(ADDRESSES)
        for table, column in sorted(there):
            expression = column
            values: List[str] = []
            # By way of words that no address has, for one node's new port may be another's old.
            for name, port in facts["ports"].items():
                expression = "replace(%s, %%s, %%s)" % expression
                values += ["127.0.0.1:%d" % port, "<%s>" % name]
            for name, port in ports.items():
                expression = "replace(%s, %%s, %%s)" % expression
                values += ["<%s>" % name, "127.0.0.1:%d" % port]
            cursor.execute('UPDATE %s SET %s = %s' % (table, column, expression), values)
    connection.close()
