"""manifest.json of a backup: written last, immutable, with its own sha256."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List

from snftools import files
from snftools.errors import NotVerified

SCHEMA = 1
NAME = "manifest.json"


def render(values: Dict[str, Any]) -> bytes:
    """The file's bytes: the values and the sha256 of their text without it."""
    plain = {key: value for key, value in values.items() if key != "sha256"}
    digest = hashlib.sha256(_text(plain)).hexdigest()
    return _text(dict(plain, sha256=digest))


def write(directory: str, values: Dict[str, Any]) -> None:
    """Write it by rename, durable, 0600."""
    files.write_atomic(os.path.join(directory, NAME), render(dict(values, schema=SCHEMA)),
                       mode=0o600)


def read(directory: str) -> Dict[str, Any]:
    """The values; NotVerified (4) when the file is not byte for byte what was written."""
    path = os.path.join(directory, NAME)
    with open(path, "rb") as stream:
        data = stream.read()
    try:
        values = json.loads(data.decode("ascii"))
        intact = isinstance(values, dict) and render(values) == data
    except ValueError:
        intact = False
    if not intact:
        raise NotVerified("%s is damaged" % path, why="its own sha256 does not fit",
                          next="use another set, or a copy of this one")
    if values.get("schema") != SCHEMA:
        raise NotVerified("%s has schema %s" % (path, values.get("schema")),
                          why="this version reads %d" % SCHEMA)
    return dict(values)


def files_below(directory: str, jobs: int = 2) -> Dict[str, Dict[str, Any]]:
    """Size and sha256 of every file below a directory, by its path from there."""
    paths = paths_below(directory)
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        digests = pool.map(lambda path: sha256_of(os.path.join(directory, path)), paths)
        return {path: {"size": os.path.getsize(os.path.join(directory, path)), "sha256": digest}
                for path, digest in zip(paths, digests)}


def paths_below(directory: str) -> List[str]:
    """The files (and whatever is no directory) below a directory, sorted."""
    found = []
    for here, _, names in os.walk(directory):
        found += [os.path.relpath(os.path.join(here, name), directory) for name in names]
    return sorted(found)


def sha256_of(path: str) -> str:
    """The digest of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for part in iter(lambda: stream.read(1 << 20), b""):
            digest.update(part)
    return digest.hexdigest()


def _text(values: Dict[str, Any]) -> bytes:
    return (json.dumps(values, sort_keys=True, indent=1) + "\n").encode("ascii")
