"""A release: the target version as data, one file a part, each with its spec."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Dict, List

from snftools.errors import Invalid

_HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "releases")


@dataclass(frozen=True)
class Release:
    """The target version: `name` is its directory below releases/, `source` what it follows."""

    name: str
    source: str
    directory: str

    @classmethod
    def read(cls, name: str = "") -> "Release":
        """The release of that name, or the only one; Invalid (78) when there is none."""
        known = known_releases()
        if not name and len(known) == 1:
            name = known[0]
        if name not in known:
            raise Invalid("no release %s (%s)" % (name or "named", ", ".join(known)))
        directory = os.path.join(_HOME, name)
        values = _read_part(directory, "release")
        return cls(name, values["source"], directory)

    def part(self, part: str) -> Dict[str, Any]:
        """The validated content of one part, e.g. "packages"; Invalid (78) when it is wrong."""
        return _read_part(self.directory, part)


def known_releases() -> List[str]:
    """The names of the releases that are installed, oldest first."""
    return sorted(name for name in os.listdir(_HOME)
                  if os.path.isfile(os.path.join(_HOME, name, "release.conf")))


def _read_part(directory: str, part: str) -> Dict[str, Any]:
    from snftools import data
    path = os.path.join(directory, part + ".conf")
    try:
        with open(path, "rb") as stream:
            text = stream.read()
        with open(path + ".spec", encoding="ascii") as stream:
            spec = stream.read()
    except OSError as error:
        raise Invalid("%s: %s" % (error.filename, error.strerror))
    return data.read(text, spec, path)
