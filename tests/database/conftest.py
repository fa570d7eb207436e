"""A server for each module of tests that need one."""

from __future__ import annotations

from typing import Iterator

import pytest

from tests.helpers.lab import Lab


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A server with an empty backup directory; tests make databases of their own names."""
    made = Lab()
    yield made
    made.destroy()


@pytest.fixture
def own_lab() -> Iterator[Lab]:
    """The same for one test alone."""
    made = Lab()
    yield made
    made.destroy()
