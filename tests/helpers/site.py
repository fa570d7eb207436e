"""Practice sites for tests: made once a session, copied for each test that changes one."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Tuple

from snftools import files
from snftools.practice import copy, create, destroy
from snftools.practice.server import Server

# A site whose services are down holds ports that nobody listens on: those of the tests' sites
# come one after another, and each process of pytest-xdist has a thousand of its own.
_FIRST = 10000 + 1000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 8)
_NOBODY = 'address = "127.0.0.1:1"'
_counted = itertools.count(random.randrange(1000))
create.next_port = lambda: _FIRST + next(_counted) % 1000


def new_directory() -> Path:
    """A path for a site: short, and open to the database's user (pytest's tmp_path is not)."""
    parent = Path(tempfile.mkdtemp(prefix="snf", dir="/tmp"))
    parent.chmod(0o755)
    return parent / "s"


class PracticeSite:
    """A practice site and how a test looks at it."""

    def __init__(self, directory: Path) -> None:
        self.dir = directory
        self.conf = directory / "site.conf"
        self.server = Server(directory)

    @classmethod
    def create(cls, layout: str = "three-hosts", start: bool = False) -> "PracticeSite":
        """A new site in a directory of its own."""
        directory = new_directory()
        with create.cleaned_up(directory):
            create.create(directory, layout, 1, start, lambda text: None)
        return cls(directory)

    def copy(self, start: bool = True) -> "PracticeSite":
        """Another site like this one."""
        directory = new_directory()
        with create.cleaned_up(directory):
            copy.copy(self.dir, directory, start, lambda text: None)
        return PracticeSite(directory)

    @property
    def facts(self) -> Dict[str, Any]:
        """Layout, nodes, databases and ports, as the site's marker has them."""
        return copy.read_marker(self.dir)

    def node(self, name: str) -> Path:
        """The root directory of a node."""
        return self.dir / "nodes" / name

    def database(self, component: str) -> str:
        """The name of the database that a component uses (or any database's own name)."""
        return str(self.facts["databases"].get(component, component))

    def psql(self, component: str, sql: str) -> List[Tuple[Any, ...]]:
        """Run SQL as the superuser in a component's database; the rows that it answers."""
        connection = self.server.connect(self.database(component))
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def cut(self, node: str) -> None:
        """The node does not answer any more: by its address, where nobody listens."""
        self._change_conf('root = "%s"' % self.node(node), _NOBODY)

    def mend(self, node: str) -> None:
        """It answers again."""
        self._change_conf(_NOBODY, 'root = "%s"' % self.node(node))

    def _change_conf(self, old: str, new: str) -> None:
        """At once: commands that are starting read it."""
        files.write_atomic(str(self.conf), self.conf.read_bytes().replace(old.encode(),
                                                                          new.encode()))

    def plain(self, text: str) -> str:
        """Text without what only this site has, besides its directory and its ports."""
        return text

    def destroy(self) -> None:
        """Stop and remove the site and the directory around it."""
        destroy.destroy(self.dir)
        shutil.rmtree(str(self.dir.parent))
