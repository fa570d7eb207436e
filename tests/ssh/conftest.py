"""Test hosts (root only) and a site on them; who asks for them is on the control machine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator, Tuple

import pytest

from tests.helpers import hosts as making
from tests.helpers import cli, endstate, inits
from tests.helpers.bases import Unavailable, debian_11
from tests.helpers.host_site import HostSite
from tests.helpers.host_site import at_work as site_at_work
from tests.helpers.hosts import Host, Hosts
from tests.helpers.site import PracticeSite


@pytest.fixture(scope="session")
def able() -> None:
    """Skips where there can be no test hosts."""
    why = making.why_not()
    if why:
        pytest.skip(why)


@contextmanager
def at_work(made: Hosts) -> Iterator[Hosts]:
    """The hosts up, and we on the control machine; destroyed at the end."""
    try:
        made.boot()
        made.notice_soon()
        with made.inside():
            yield made
    finally:
        made.destroy()


@pytest.fixture(scope="module")
def hosts(able: None) -> Iterator[Hosts]:
    """One host, `a`, for the tests of a module."""
    with at_work(Hosts(["a"])) as made:
        yield made


@pytest.fixture
def host(hosts: Hosts) -> Host:
    return hosts["a"]


@pytest.fixture(scope="session")
def bases(able: None) -> Dict[str, Tuple[str, str]]:
    """Which hosts of a site are Debian 11, and their PID 1: none where it can't be had."""
    try:
        return {"cyclades": debian_11(inits.SYSVINIT), "pithos": debian_11(inits.SYSTEMD)}
    except Unavailable:
        return {}


@pytest.fixture(scope="session")
def local_end(site_template: PracticeSite) -> Dict[str, Any]:
    """What the site three-hosts is after the same upgrade without ssh; no ids that count on."""
    local = site_template.copy()
    try:
        cli.run("snf-upgrade", "run", "--yes", site=local, timeout=1200).expect(0)
        return endstate.whole(local, counted=False)
    finally:
        local.destroy()


@pytest.fixture(scope="module")
def host_site(bases: Dict[str, Tuple[str, str]], site_template: PracticeSite
              ) -> Iterator[HostSite]:
    """The site three-hosts on hosts, some of them odd, for the tests of a module."""
    with site_at_work(site_template, odd=True, bases=bases) as site:
        yield site
