"""What a rehearsal made and found: one file in the live site's state_dir.

Each thing is written down before it is made, so that `rehearse --clean` knows it after a kill.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List

from snftools import files
from snftools.errors import Failed

NAME = "rehearsal.json"


class Record:
    """The file (live)."""

    def __init__(self, state_dir: str) -> None:
        self.path = os.path.join(state_dir, NAME)
        self.values: Dict[str, Any] = {}
        try:
            with open(self.path, encoding="utf-8") as stream:
                found = json.load(stream)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise Failed("can't read %s" % self.path, why=str(error), unchanged="everything")
        self.values = found if isinstance(found, dict) else {}

    def with_values(self, values: Dict[str, Any]) -> "Record":
        """The same with values that are not written down: for those who only look."""
        other = Record(os.path.dirname(self.path))
        other.values.update(values)
        return other

    def names(self, kind: str) -> List[str]:
        """What was made: databases, roles."""
        return list(self.values.get(kind) or ())

    def add(self, kind: str, name: str) -> None:
        """One more thing that is going to be made."""
        if name not in self.names(kind):
            self.put(**{kind: [*self.names(kind), name]})

    def put(self, **values: Any) -> None:
        """Write values down, durably."""
        self.values.update(values)
        self._write()

    def forget(self) -> None:
        """Everything that was made is gone; what was measured stays."""
        kept = self.values.get("measured")
        self.values = {"measured": kept} if kept else {}
        if kept:
            self._write()
        elif os.path.exists(self.path):
            os.unlink(self.path)

    @property
    def base(self) -> str:
        """Where the rehearsal lies; "" when there is none."""
        return str(self.values.get("base") or "")

    def _write(self) -> None:
        files.make_private_directory(os.path.dirname(self.path))
        files.write_atomic(self.path, json.dumps(self.values, indent=1, sort_keys=True).encode(),
                           mode=0o600)
