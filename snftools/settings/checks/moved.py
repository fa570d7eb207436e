"""Addresses of the old release in any text, and what they are now (SOURCE 1.9)."""

from __future__ import annotations

import re
from typing import Iterable, Iterator, Tuple
from urllib.parse import urlsplit

from snftools.settings.checks import Subject

# An address begins a text or a word, or stands after a host.
_BEFORE = r"(?:\A|(?<=[\s\"'^(|=,!])|(?<=\*\*)|(?<=://)[^/\s\"'<>]+)"


def anywhere(paths: Iterable[str]) -> str:
    """A pattern of the paths, without which none of them is found."""
    longest = sorted(paths, key=len, reverse=True)
    # In a web server's pattern dots may have a backslash before them.
    return "|".join(re.escape(path).replace(r"\.", r"\\?\.") for path in longest) or r"\Z\w"


class Moved:
    """The release's old paths; the new ones lie below the base URLs of this site."""

    def __init__(self, subject: Subject, paths: Iterable[str]) -> None:
        self._rows = {path: subject.conf["moved"][path] for path in paths}
        self._subject = subject
        self._pattern = re.compile(_BEFORE + r"(%s)(?![\w.-])" % anywhere(self._rows))

    def found(self, text: str) -> Iterator[Tuple[str, str]]:
        """(old, new) of each old path in the text, once; new is "" where there is none."""
        seen = set()
        for match in self._pattern.finditer(text):
            old = match.group(1)
            new = self._new(old.replace("\\", ""))
            if old not in seen and new != old:
                seen.add(old)
                yield old, new

    def _new(self, old: str) -> str:
        component, _, path = self._rows[old].partition(":")
        if not component:
            return ""
        base = self._subject.base_url(component)
        return (urlsplit(base).path.rstrip("/") if base else "/<path of %s>" % component) + path

    def replaced(self, text: str, old: str, new: str) -> str:
        """The text with the new path instead of the old one."""
        def put(match: "re.Match[str]") -> str:
            start = match.start(1) - match.start()
            return match.group()[:start] + (new if match.group(1) == old else match.group(1))
        return self._pattern.sub(put, text)
