"""A site that the master has upgraded, once for all tests that only look at one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Iterator

import pytest

from tests.helpers import cli, endstate
from tests.helpers.site import PracticeSite


def upgraded(template: PracticeSite) -> Iterator[SimpleNamespace]:
    site = template.copy()
    try:
        before = endstate.services(site)
        done = cli.run("snf-upgrade", "run", "--yes", site=site, timeout=600).expect(0)
        yield SimpleNamespace(site=site, done=done, before=before, end=endstate.whole(site))
    finally:
        site.destroy()


@pytest.fixture(scope="session")
def three(site_template: PracticeSite) -> Iterator[SimpleNamespace]:
    """three-hosts after `snf-upgrade run`."""
    yield from upgraded(site_template)


@pytest.fixture(scope="session")
def one_host(site_template_one_host: PracticeSite) -> Iterator[SimpleNamespace]:
    """one-host after `snf-upgrade run`."""
    yield from upgraded(site_template_one_host)
