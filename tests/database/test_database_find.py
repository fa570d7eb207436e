"""Which databases there are, when addresses lie: told apart by what answers."""

from __future__ import annotations

from typing import Any, Iterator, Tuple

import pytest

from snftools.database import find
from snftools.database.find import Database
from snftools.database.params import Params
from snftools.node.local import LocalNode
from tests.helpers.lab import OWNER, SIMPLE, Lab


class Far(LocalNode):
    """A node whose "localhost" is another server: as forward() makes it reachable from here."""

    def __init__(self, name: str, lab: Lab) -> None:
        super().__init__(name, ("pithos",))
        self._lab = lab

    def forward(self, host: str, port: int) -> Tuple[str, int]:
        return str(self._lab.server.socket), port


@pytest.fixture(scope="module")
def other() -> Iterator[Lab]:
    made = Lab()
    made.database("db", SIMPLE)
    yield made
    made.destroy()


def named(node: Any, host: str, component: str = "pithos") -> Database:
    return Database("db", (component,), node, Params("db", host, user=OWNER))


def test_two_servers_by_one_address_are_two_databases(lab: Lab, other: Lab) -> None:
    """Both nodes say localhost, and both databases have the same name and likely the same oid."""
    lab.database("db", SIMPLE)
    found = find.answered([named(Far("node1", lab), "localhost", "astakos"),
                           named(Far("node2", other), "localhost", "pithos")])
    assert [one.node.name for one in found] == ["node1", "node2"]
    assert found[0].server != found[1].server


def test_one_server_by_two_addresses_is_one_database(other: Lab) -> None:
    found = find.answered([named(Far("node1", other), "localhost", "astakos"),
                           named(Far("node2", other), "db.example.com", "cyclades")])
    assert [one.components for one in found] == [("astakos", "cyclades")]
