"""Sites with a Ganeti node of its own window, and one that the master has upgraded."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest

from tests.helpers import cli, endstate
from tests.helpers.site import PracticeSite


@pytest.fixture(scope="session")
def template() -> Iterator[PracticeSite]:
    """A site at rest, to be copied and never changed."""
    site = PracticeSite.create("two-ganeti")
    yield site
    site.destroy()


@pytest.fixture(scope="session")
def end(template: PracticeSite) -> Iterator[Dict[str, Any]]:
    """What the site is after `snf-upgrade run`."""
    site = template.copy()
    try:
        cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(0)
        yield endstate.whole(site)
    finally:
        site.destroy()


@pytest.fixture
def site(template: PracticeSite) -> Iterator[PracticeSite]:
    """A running site of the test's own."""
    site = template.copy()
    yield site
    site.destroy()
