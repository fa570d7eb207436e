"""What every command's function returns: what changed, what was found, what it says."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, Iterable, List, Tuple

from snftools.errors import SnfError

SEVERITIES = ("error", "warning", "note")

# The first of these that some finding stands for is the exit status (DESIGN: exit table).
_ORDER = (78, 1, 3, 4)

WOULD_CHANGE = 5


@dataclass(frozen=True)
class Finding:
    """One thing that somebody must know.

    `check` is its name (what `waive` in site.conf takes), `where` a file:line or an object,
    `remedy` a line that can be pasted.  `code` is the exit status that it stands for when it
    is an error: 4 not as it must be, 3 refused, 1 failed, 78 invalid.
    """

    check: str
    severity: str
    what: str
    node: str = ""
    where: str = ""
    why: str = ""
    remedy: str = ""
    code: int = 4
    waivable: bool = False

    @classmethod
    def of_error(cls, error: SnfError, node: str) -> "Finding":
        """What stopped the work on one node, where the others go on."""
        return cls("failed", "error", error.what, node=error.node or node, why=error.why,
                   remedy=error.next, code=error.code)

    def as_dict(self) -> Dict[str, Any]:
        """The finding as `--json` prints it."""
        return asdict(self)


@dataclass(frozen=True)
class Report:
    """The result of a command: `lines` is finished text for standard output."""

    changed: bool = False
    findings: Tuple[Finding, ...] = ()
    result: Dict[str, Any] = field(default_factory=dict)
    lines: Tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", tuple(self.findings))
        object.__setattr__(self, "lines", tuple(self.lines))

    @property
    def errors(self) -> List[Finding]:
        """The findings that make the command fail."""
        return [finding for finding in self.findings if finding.severity == "error"]

    def exit_code(self, check: bool = False) -> int:
        """The exit status: the first that applies of 78, 1, 3, 4, 5 (with `check`), 0."""
        codes = {finding.code for finding in self.errors}
        for code in _ORDER:
            if code in codes:
                return code
        if codes:
            return 1
        return WOULD_CHANGE if check and self.changed else 0

    @classmethod
    def merge(cls, reports: Iterable["Report"]) -> "Report":
        """One report of several nodes: results by key (later ones win), lines in order."""
        every = list(reports)
        result: Dict[str, Any] = {}
        for report in every:
            _merge_into(result, report.result)
        return cls(
            changed=any(report.changed for report in every),
            findings=tuple(finding for report in every for finding in report.findings),
            result=result,
            lines=tuple(line for report in every for line in report.lines))


def _merge_into(target: Dict[str, Any], source: Dict[str, Any]) -> None:
    """Dictionaries are merged, lists are joined, everything else is replaced."""
    for key, value in source.items():
        old = target.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            _merge_into(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            target[key] = old + value
        else:
            target[key] = dict(value) if isinstance(value, dict) else value
