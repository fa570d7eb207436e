"""One ladder for the tests of a file."""

from __future__ import annotations

import pytest

from tests.helpers.ladder import Ladder


@pytest.fixture(scope="module")
def ladder(site_template):
    one = Ladder(site_template)
    yield one
    one.destroy()
