"""Fixtures: nodes with stand-in programs on filled 0.13 databases."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from tests.helpers.postgres import Postgres
from tests.practice.nodes import ONE, THREE, Nodes
from tests.practice.programs import Programs

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def owned_postgres(postgres: Postgres) -> Postgres:
    """The private server, with the role that owns Synnefo's databases."""
    postgres.execute(
        "DO $$BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'synnefo')"
        " THEN CREATE ROLE synnefo LOGIN; END IF; END$$"
    )
    return postgres


@pytest.fixture
def make_nodes(owned_postgres: Postgres, tmp_path: Path) -> Iterator[Callable[..., Nodes]]:
    """Make a layout's databases and nodes: make_nodes(one_host=False, fill=True)."""
    made = []

    def make(one_host: bool = False, fill: bool = True) -> Nodes:
        number = next(NUMBERS)
        path = tmp_path / str(number)
        path.mkdir()
        nodes = Nodes(owned_postgres, path, ONE if one_host else THREE, "t%d_" % number)
        made.append(nodes)
        if fill:
            nodes.fill()
        return nodes

    yield make
    for nodes in made:
        nodes.destroy()


@pytest.fixture(scope="session")
def migrated_template(
    owned_postgres: Postgres, tmp_path_factory: Any
) -> Iterator[Programs]:
    """Databases brought to 0.14, before anything is registered; to be copied only."""
    programs = Programs(owned_postgres, tmp_path_factory.mktemp("migrated"), "migrated_")
    programs.fill()
    for node in ("astakos", "cyclades"):
        programs.install(node)
    programs.migrate()
    yield programs
    programs.destroy()


@pytest.fixture
def programs(
    owned_postgres: Postgres, migrated_template: Programs, tmp_path: Path
) -> Iterator[Programs]:
    """Three nodes with 0.14's programs on migrated databases of the test's own."""
    made = Programs(owned_postgres, tmp_path, "p%d_" % next(NUMBERS), migrated_template)
    for node in ("astakos", "cyclades", "pithos"):
        made.install(node)
    yield made
    made.destroy()
