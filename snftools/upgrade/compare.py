"""Whether the site is again what its survey recorded: the proof of the whole way back."""

from __future__ import annotations

import io
import json
import os
import tarfile
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Sequence, Tuple

from snftools.errors import Failed
from snftools.report import Finding
from snftools.upgrade import survey

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.node.base import Node
    from snftools.release import Release

# What a file of the survey's archive is: bytes, mode, owner, group.
Kept = Tuple[bytes, int, int, int]


def of_node(node: "Node", release: "Release", run_dir: str) -> List[Finding]:
    """How a node differs from its survey: packages, services, files byte for byte."""
    then = survey.read(run_dir, [node.name]).get(node.name)
    if then is None:
        raise Failed("there is no survey of it in %s" % run_dir, node=node.name)
    now = survey.node_facts(node, release)
    found = [_finding("packages", node.name, line) for line in
             _changed(then["packages"], now["packages"], "package ")]
    found += [_finding("services", node.name, line) for line in
              _changed(_running(then), _running(now), "")]
    found += [_finding("files", node.name, line) for line in _files(
        archived(os.path.join(survey.directory(run_dir), node.name + ".tar")),
        unpacked(survey.archive(node)))]
    return found


def of_databases(databases: "Sequence[Database]", run_dir: str) -> List[Finding]:
    """How components, services, limits and migrations differ from the survey."""
    path = os.path.join(survey.directory(run_dir), "databases.json")
    try:
        with open(path, encoding="utf-8") as stream:
            then = json.load(stream)
    except (OSError, ValueError) as error:
        raise Failed("can't read the survey's %s: %s" % (path, error))
    now = json.loads(json.dumps(survey.database_facts(databases)))
    found = []
    for name in sorted(set(then) | set(now)):
        found += [_finding("databases", name, line)
                  for line in _changed(then.get(name) or {}, now.get(name) or {}, "")]
    return found


def archived(path: str) -> Dict[str, Kept]:
    """The files of a survey's archive; Failed when it can't be read."""
    try:
        with open(path, "rb") as stream:
            return unpacked(stream.read())
    except (OSError, tarfile.TarError) as error:
        raise Failed("can't read the survey's %s: %s" % (path, error))


def unpacked(data: bytes) -> Dict[str, Kept]:
    """The files of an archive by absolute path."""
    found: Dict[str, Kept] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for info in tar:
            stream = tar.extractfile(info)
            if stream is not None:
                found["/" + info.name] = (stream.read(), info.mode, info.uid, info.gid)
    return found


def _running(facts: Mapping[str, Any]) -> Dict[str, str]:
    return {row["name"]: "running" if row["running"] else "down" for row in facts["services"]}


def _files(then: Mapping[str, Kept], now: Mapping[str, Kept]) -> List[str]:
    found = []
    for path in sorted(set(then) | set(now)):
        old, new = then.get(path), now.get(path)
        if old is None or new is None:
            found.append("%s %s" % (path, "came since" if old is None else "is gone"))
        elif old != new:
            found.append("%s has other %s" % (path, "bytes" if old[0] != new[0]
                                              else "mode or owner"))
    return found


def _changed(then: Mapping[str, Any], now: Mapping[str, Any], word: str) -> List[str]:
    found = []
    for key in sorted(set(then) | set(now)):
        old, new = then.get(key), now.get(key)
        if old == new:
            continue
        plain = all(isinstance(value, (str, type(None))) for value in (old, new))
        found.append("%s%s: %s instead of %s" % (word, key, new or "nothing", old or "nothing")
                     if plain else "%s%s is not what it was" % (word, key))
    return found


def _finding(kind: str, place: str, what: str) -> Finding:
    return Finding("not-as-before", "error", what, node=place, where=kind, code=4)
