"""A step at work, how one failed, and who is told of both."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Mapping, Protocol, Sequence

from snftools.upgrade.child import Child
from snftools.upgrade.step import Step


class Screen(Protocol):
    """Who is told of what happens."""

    def begun(self, step: Step) -> None: ...
    def done(self, step: Step, seconds: float, answer: Mapping[str, Any], how: str) -> None: ...
    def failed(self, failure: "Failure") -> None: ...
    def live(self, running: Sequence["Job"]) -> None: ...
    def no_sign(self, job: "Job", seconds: float) -> None: ...


@dataclass(frozen=True)
class Failure:
    """A step that failed: its exit status, what its answer or its log said."""

    step: Step
    exit: int
    seconds: float
    answer: Mapping[str, Any]
    tail: Sequence[str]
    log: str
    why: str = ""


@dataclass
class Job:
    """A step that is being made (live): `phase` is window, before, run or proof."""

    step: Step
    phase: str
    child: Child
    started: float = field(default_factory=time.monotonic)
    answer: Mapping[str, Any] = field(default_factory=dict)
    told: bool = False
