"""Old addresses in the files of gunicorn and of web servers (SOURCE 1.8 and 1.9)."""

from __future__ import annotations

import re
from typing import Iterator

from snftools.report import Finding
from snftools.settings import masked
from snftools.settings.checks import Subject
from snftools.settings.checks.moved import Moved


def check(subject: Subject) -> Iterator[Finding]:
    """One finding a line, with the line as it should be."""
    moved = Moved(subject, [
        path for path, now in subject.conf["moved"].items()
        if path in subject.conf["moved_in_settings"]
        or now.partition(":")[0] in subject.rules.roles])
    gone = re.compile("|".join(map(re.escape, subject.conf["gone_words"])), re.I)
    for path, why in subject.around.unread:
        yield subject.finding("old-address", "error", "this file was not looked at", "", why,
                              "look at it as root: grep -nE '/im/|/api/|/plankton' " + path,
                              path, code=1)
    for path, text in subject.around.web.items():
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip().startswith("#"):
                yield from _line(subject, moved, gone, "%s:%d" % (path, number),
                                 line.strip().encode("ascii", "backslashreplace").decode())


def _line(subject: Subject, moved: Moved, gone: "re.Pattern[str]", where: str,
          line: str) -> Iterator[Finding]:
    pairs = list(moved.found(line))
    better = line
    for old, new in pairs:
        better = moved.replaced(better, old, new) if new else ""
    if pairs:
        yield subject.finding(
            "old-address", "warning", masked.url(line), "",
            "; ".join("%s is %s now" % pair if pair[1] else "%s is gone" % pair[0]
                      for pair in pairs),
            masked.url(better) if better and "<path of" not in better else "", where)
        return
    word = gone.search(line)
    if word:
        yield subject.finding("old-address", "warning", masked.url(line), "",
                              "%s is gone" % word.group(), "delete the line", where)
