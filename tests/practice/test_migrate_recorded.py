"""The stand-ins say and do what a real Synnefo was recorded to say and do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from tests.practice.nodes import Answer, Nodes

RECORDED: Dict[str, List[Dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "fixtures" / "recorded.json").read_text("ascii")
)


def normalised(text: str) -> List[str]:
    """Lines without what differs between two sites."""
    text = re.sub(r"for postgresql://\S+:", "for URL:", text).rstrip("\n")
    return text.split("\n") if text else []


def run_all(nodes: Nodes, step: Dict[str, Any]) -> Answer:
    """Run the commands of one recorded step; the exit status is the last one's."""
    answers = [
        nodes.run(step["node"], command.split(), step["stdin"]) for command in step["commands"]
    ]
    return Answer(
        answers[-1].exit,
        "".join(answer.out for answer in answers),
        "".join(answer.err for answer in answers),
    )


@pytest.mark.parametrize("scenario", sorted(RECORDED))
def test_as_recorded(make_nodes: Callable[..., Nodes], scenario: str) -> None:
    nodes = make_nodes()
    nodes.install(RECORDED[scenario][0]["node"])
    if scenario == "pithos never stamped":
        nodes.psql("pithos", "DELETE FROM alembic_version")
    for step in RECORDED[scenario]:
        done = run_all(nodes, step)
        assert normalised(done.out) == step["out"], (step["commands"], done.err)
        assert done.exit == step["exit"], (step["commands"], done.err)
        if step["error"]:
            assert step["error"] in done.err.splitlines()
