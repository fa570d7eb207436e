"""Fixtures that every test may ask for: practice sites and a plain PostgreSQL server."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Iterator

import pytest

from tests.helpers.canaries import Canaries
from tests.helpers.postgres import Postgres
from tests.helpers.site import PracticeSite


# A shell's background jobs ignore Ctrl-C, and what they start inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def site_template() -> Iterator[PracticeSite]:
    """A three-hosts site at rest, to be copied and never changed."""
    site = PracticeSite.create("three-hosts")
    yield site
    site.destroy()


@pytest.fixture(scope="session")
def site_template_one_host() -> Iterator[PracticeSite]:
    """The same of the layout one-host."""
    site = PracticeSite.create("one-host")
    yield site
    site.destroy()


@pytest.fixture
def practice_site_two_ganeti() -> Iterator[PracticeSite]:
    """A running site of the layout two-ganeti."""
    site = PracticeSite.create("two-ganeti", start=True)
    yield site
    site.destroy()


@pytest.fixture
def practice_site(site_template: PracticeSite) -> Iterator[PracticeSite]:
    """A running three-hosts site of the test's own."""
    site = site_template.copy()
    yield site
    site.destroy()


@pytest.fixture
def practice_site_one_host(site_template_one_host: PracticeSite) -> Iterator[PracticeSite]:
    """A running one-host site of the test's own."""
    site = site_template_one_host.copy()
    yield site
    site.destroy()


@pytest.fixture(scope="module")
def running_site(site_template: PracticeSite) -> Iterator[PracticeSite]:
    """A running three-hosts site for all tests of a module, which must not change it."""
    site = site_template.copy()
    yield site
    site.destroy()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server without databases; each test makes its own and drops them."""
    server = Postgres()
    yield server
    server.destroy()


@pytest.fixture
def canaries(tmp_path: Path) -> Canaries:
    """Programs that tell when they are called, for the front of PATH."""
    return Canaries(tmp_path / "canaries")
