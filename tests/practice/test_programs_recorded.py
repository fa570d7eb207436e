"""The stand-ins of Synnefo's programs print and return what the real ones were seen to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest

from tests.practice.programs import Programs, normalised, sort_unordered, unbuffered

RECORDED: Dict[str, List[Dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "fixtures" / "programs.json").read_text("ascii")
)
ALL = ("astakos", "cyclades", "pithos")
REGISTERED = (
    "astakos-migrate, twice",
    "register again",
    "no answer for the limit",
    "limit below what is pending",
    "blank limit",
    "answers that are no limit",
    "unlimited is no limit",
    "without a dialogue",
    "limits from a file",
)


@pytest.mark.parametrize("scenario", sorted(RECORDED))
def test_as_recorded(programs: Programs, scenario: str) -> None:
    if scenario in REGISTERED:
        programs.register(*ALL)
    if scenario == "no component at all":
        programs.psql("astakos", "DELETE FROM im_component")
    for step in RECORDED[scenario]:
        terminal = step.get("terminal", False)
        command = step["command"] + (" 2>&1" if terminal else "")
        env = unbuffered() if terminal else {}
        done = programs.call(step["node"], command, step.get("stdin", ""), env)
        out = normalised(done.out)
        if "json" in step:
            assert out[:2] == ["[", "    {"] and out[2].endswith('", ')
            assert json.loads(done.out) == step["json"]
        elif step.get("unordered"):
            assert sorted(out) == sorted(step["out"])
        else:
            assert out == sort_unordered(step["out"]), (step["command"], done.err)
        assert done.exit == step["exit"], (step["command"], done)
        if "err" in step:
            assert normalised(done.err) == sort_unordered(step["err"]), step["command"]
        if "error" in step:
            assert step["error"] in done.err.splitlines()
