"""Checks of the effective settings, each a function of a Subject that gives Findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Tuple

from snftools.report import Finding
from snftools.settings.directory import SettingsDir
from snftools.settings.rules import Given, Rules
from snftools.settings.values import NotEvaluated


@dataclass(frozen=True)
class Subject:
    """One node's settings, the release's `checks`, and what the site wants."""

    directory: SettingsDir
    rules: Rules
    conf: Mapping[str, Any]
    given: Given = field(default_factory=Given)

    @property
    def node(self) -> str:
        return self.directory.node

    def value(self, name: str, default: Any = None) -> Any:
        """The effective value; NotEvaluated itself when it is not known."""
        try:
            return self.directory.value(name, default)
        except NotEvaluated as unknown:
            return unknown

    def where(self, name: str) -> str:
        """FILE:LINE of what sets the name, or the directory."""
        place = self.directory.where(name)
        return self.directory.file_path(place) if place else self.directory.path

    def finding(self, check: str, severity: str, what: str, name: str = "", why: str = "",
                remedy: str = "") -> Finding:
        """A finding at the place where a name is set."""
        return Finding("settings-" + check, severity, what, self.node, self.where(name), why,
                       remedy.replace("NODE", self.node))

    def base_urls(self) -> List[Tuple[str, str]]:
        """(component, NAME) of the base URLs that this node must have."""
        pairs = [tuple(item.split(":", 1)) for item in self.conf["base_urls"]]
        first = pairs[0]
        return [(role, name) for role, name in pairs
                if role in self.rules.roles or (role, name) == first]

    def table(self) -> Dict[str, Any]:
        """The names that a person wants to see, with their values; no secrets."""
        names = [name for _, name in self.base_urls()]
        names += [row.to for row in self.rules.kind("join")]
        return {name: _plain(self.value(name)) for name in dict.fromkeys(names)}


def _plain(value: Any) -> Any:
    return "(not known)" if isinstance(value, NotEvaluated) else value
