"""A site that climbs through the upgrade, kept at each rung: a case begins where it wants.

The site comes back to the same directory and databases, so journal, backups and marks hold.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Set

from snftools.practice import copy, create, services
from snftools.practice.server import Server
from tests.helpers import cli, endstate
from tests.helpers.site import PracticeSite

ROWS = ("survey", "stop", "quiet", "backup-before", "install", "versions", "settings",
        "settings-proof", "migrate", "backup-migrate", "register", "verify", "quota",
        "backup-quota", "start", "proof")
BOTTOM = "bottom"  # the site before anything


class Ladder:
    """The rungs taken so far (live)."""

    def __init__(self, template: PracticeSite) -> None:
        where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"
        self.parent = Path(tempfile.mkdtemp(prefix="snf", dir=where))
        self.parent.chmod(0o755)
        copy.copy(template.dir, self.parent / "s", True, lambda text: None)
        self.site = PracticeSite(self.parent / "s")
        self.states: Dict[str, Any] = {}
        self._up: Set[str] = set()
        self._at = ""
        self._take(BOTTOM)

    def before(self, row: str) -> PracticeSite:
        """The site, with everything before the row done."""
        return self.after((BOTTOM, *ROWS)[ROWS.index(row)])

    def after(self, row: str) -> PracticeSite:
        """The site, with the row done."""
        self.climb(row)
        if self._at != row:
            self._back(row)
        self._at = ""
        return self.site

    def climb(self, row: str) -> None:
        """Take every rung up to the row's, as far as there is none yet."""
        for name in (BOTTOM, *ROWS)[1:(BOTTOM, *ROWS).index(row) + 1]:
            if name not in self.states:
                below = (BOTTOM, *ROWS)[ROWS.index(name)]
                if self._at != below:
                    self._back(below)
                self._at = ""
                cli.run("snf-upgrade", "run", "--yes", "--until", name, site=self.site,
                        timeout=600).expect(0)
                self._take(name)

    def destroy(self) -> None:
        """Take the site and its rungs away."""
        self._rest()
        shutil.rmtree(str(self.parent))

    def _take(self, row: str) -> None:
        self.states[row] = endstate.whole(self.site)
        if services.of_site(self.site.dir):
            self._up.add(row)
        self._rest()
        self._copy(self.site.dir, self.parent / row)
        self._wake(row)

    def _back(self, row: str) -> None:
        self._rest()
        shutil.rmtree(str(self.site.dir))
        self._copy(self.parent / row, self.site.dir)
        self._wake(row)

    def _rest(self) -> None:
        services.stop_all(self.site.dir)
        server = Server(self.site.dir)
        if server.running():
            server.stop()

    def _wake(self, row: str) -> None:
        Server(self.site.dir).start()
        if row in self._up:
            names: List[str] = list(self.site.facts["nodes"])
            create.run_site(self.site.dir, names, True, lambda text: None)
        self._at = row

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        subprocess.run(["/bin/cp", "-a", str(source), str(target)], check=True)
