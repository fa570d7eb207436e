"""Checks of the effective settings, each a function of a Subject that gives Findings."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Tuple

from snftools.report import Finding
from snftools.settings import masked
from snftools.settings.around import Around
from snftools.settings.asked import Asked
from snftools.settings.directory import SettingsDir
from snftools.settings.rules import Given, Rules
from snftools.settings.statements import Statement
from snftools.settings.values import NotEvaluated

# Every finding of snf-settings-check, in the order of its man page.
NAMES: Mapping[str, str] = {
    "not-read": "settings that could not be read, while other nodes were looked at",
    "syntax": "a file that Python 2 cannot read",
    "broken": "files at which snf-manage stops",
    "not-asked": "snf-manage is there and gives no answer",
    "asked": "snf-manage has another value than the files",
    "unknown": "a value that cannot be computed",
    "base-url": "a base URL that is missing, an example, not absolute, with an old path",
    "differs": "a base URL that is another one on another node",
    "clash": "components at one address, or one that takes the addresses of others",
    "public-links": "published links that change their address",
    "cloudbar": "addresses of the cloudbar that are missing or wrong",
    "token": "a service token that is missing or not the registered one",
    "old-name": "a name of the old release",
    "leftover": "a line that uses a name which is not defined any more",
    "ignored": "settings that mean nothing any more",
    "note": "what a person must know of a setting that is gone",
    "old-address": "an address of the old release in settings, gunicorn or web server files",
    "backup": "a file that looks like a backup and is executed",
    "readable": "files that Synnefo's own user cannot read",
    "landing": "a page after login that is gone",
    "csrf": "the protection against forged requests taken out",
    "hvparams": "parameters of VMs that are not given by hypervisor",
    "hidden": "words that no longer are hidden in reports of errors",
    "default": "settings whose default changed",
    "email": "email settings",
}


@dataclass(frozen=True)
class Subject:
    """One node's settings, the release's `checks`, what the site wants, and what is around.

    `answer` is what the node's own Python says, `rename` the line that mends most things.
    """

    directory: SettingsDir
    rules: Rules
    conf: Mapping[str, Any]
    given: Given = field(default_factory=Given)
    answer: Asked = field(default_factory=lambda: Asked({}))
    around: Around = field(default_factory=Around)
    rename: str = ""
    next_step: str = ""          # the line of the step that comes after this one
    with_email: bool = False     # the email settings are looked at as well
    not_compared: str = ""       # why it is not known which tokens Astakos registered

    @property
    def node(self) -> str:
        return self.directory.node

    def value(self, name: str, default: Any = None) -> Any:
        """The effective value, by the files or else by the node's own Python.

        NotEvaluated itself when it is not known.
        """
        try:
            return self.directory.value(name, default)
        except NotEvaluated as unknown:
            return self.answer.values.get(name, unknown)

    def where(self, name: str) -> str:
        """FILE:LINE of what sets the name, or the directory."""
        place = self.directory.where(name)
        return self.directory.file_path(place) if place else self.directory.path

    def finding(self, check: str, severity: str, what: str, name: str = "", why: str = "",
                remedy: str = "", where: str = "", code: int = 4) -> Finding:
        """A finding at the place where a name is set, or at `where`; RENAME in its remedy."""
        assert check in NAMES, check
        line = self.rename or "snf-settings-rename --node " + shlex.quote(self.node or "local")
        return Finding("settings-" + check, severity, _shown(what), self.node,
                       where or self.where(name), _shown(why),
                       _shown(remedy.replace("RENAME", line)), code)

    def not_known(self, name: str, unknown: NotEvaluated) -> Finding:
        """The finding that a value which must be looked at cannot be computed."""
        return self.finding("unknown", "error", "%s is not known" % name, name, unknown.why,
                            "write it as one plain assignment, %s = value" % name, code=1)

    def base_urls(self) -> List[Tuple[str, str]]:
        """(component, NAME) of the base URLs that this node must have."""
        pairs = _pairs(self.conf["base_urls"])
        return [(role, name) for role, name in pairs
                if role in self.rules.roles or (role, name) == pairs[0]]

    def own_urls(self) -> List[str]:
        """The names of the base URLs at which this node itself answers."""
        own = [name for role, name in _pairs(self.conf["base_urls"]) if role in self.rules.roles]
        return own + [name for _, name in self.package_urls()]

    def package_urls(self) -> List[Tuple[str, str]]:
        """(package, NAME) of base URLs that are set, or whose package is installed."""
        return [(package, name) for package, name in _pairs(self.conf["package_urls"])
                if package in self.around.packages or self.directory.has(name)]

    def base_url(self, component: str) -> str:
        """The component's base URL: site.conf's, else that of the files, "" if neither is."""
        name = dict(_pairs(self.conf["base_urls"]))[component]
        value = self.given.base_urls.get(component) or self.value(name)
        return value.rstrip("/") if isinstance(value, str) else ""

    def statements(self, holding: "re.Pattern[str]"
                   ) -> Iterator[Tuple[Statement, Tuple[str, ...], str]]:
        """(statement, names that it binds, FILE:LINE) of the files whose text has the pattern.

        There may be a thousand files: the others are not taken apart once more.
        """
        for source in self.directory.files:
            if not holding.search(source.text):
                continue
            for statement, names in zip(source.statements, source.names):
                yield (statement, tuple(bound.name for bound in names.bound),
                       self.directory.file_path("%s:%d" % (source.name, statement.line)))

    def table(self) -> Dict[str, Any]:
        """The names that a person wants to see, with their values; no secrets."""
        names = [name for _, name in self.base_urls() + self.package_urls()]
        names += [row.to for row in self.rules.kind("join")]
        return {name: _plain(self.value(name)) for name in dict.fromkeys(names)}


def _pairs(items: Any) -> List[Tuple[str, str]]:
    return [(item.split(":", 1)[0], item.split(":", 1)[1]) for item in items]


def _plain(value: Any) -> Any:
    if isinstance(value, NotEvaluated):
        return "(not known)"
    return _shown(value) if isinstance(value, str) else value


def _shown(text: str) -> str:
    """In ASCII, and without the passwords of addresses."""
    return masked.url(text).encode("ascii", "backslashreplace").decode()


def comment_out(where: str, statement: Statement) -> str:
    """The line to paste that makes a comment of a statement."""
    path, _, line = where.rpartition(":")
    last = statement.tokens[-1].line
    span = line if str(last) == line else "%s,%d" % (line, last)
    return "sed -i '%ss/^/# /' %s" % (span, shlex.quote(path))
