"""The one JSON document of `--json`: the envelope that a shipped schema describes."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Dict, Optional

from snftools.errors import SnfError
from snftools.output import mask
from snftools.report import Report

SCHEMA = 1


def document(command: str, report: Optional[Report] = None,
             error: Optional[SnfError] = None) -> str:
    """The document as text, secrets masked in every string of it."""
    report = report or Report()
    body: Dict[str, Any] = {
        "schema": SCHEMA,
        "command": command,
        "changed": report.changed,
        "findings": [finding.as_dict() for finding in report.findings],
        "result": report.result,
    }
    if error is not None:
        body["error"] = {"code": error.code, "what": str(error), "node": error.node,
                         "why": error.why, "unchanged": error.unchanged, "next": error.next}
    return json.dumps(_masked(body), indent=2, sort_keys=False, ensure_ascii=True)


def _masked(value: Any) -> Any:
    """The same structure with every string cleaned and every odd type made plain."""
    if isinstance(value, str):
        return mask.clean(value)
    if isinstance(value, dict):
        return {str(key): _masked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (bool, int, float)) or value is None:
        return value
    return mask.clean(str(value))
