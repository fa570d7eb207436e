"""The line is cut while the master works; `snf-upgrade run` afterwards comes to the same end.

SNF_CUTS=sample takes three places, SNF_CUTS=K/N the K-th of N parts of five rounds, 1/1 (make
cuts) all of them, eighty places: longer than CI may take.
"""

from __future__ import annotations

import os

import pytest

from tests.helpers import cutting, endstate, leftovers
from tests.helpers.host_site import at_work

WANTED = os.environ.get("SNF_CUTS", "")
pytestmark = pytest.mark.skipif(not WANTED, reason="SNF_CUTS is not set: sample or K/N")

SAMPLE = [cutting.Place("install.astakos", "astakos", "cable", 2.0),
          cutting.Place("migrate.cyclades", "cyclades", "sshd", 1.0),
          cutting.Place("register", "astakos", "drop", 1.0)]
ROUNDS = [SAMPLE] if WANTED == "sample" else [cutting.places(number)
                                              for number in cutting.rounds(WANTED)]


@pytest.fixture
def site(bases, site_template):
    with at_work(site_template, bases=bases) as made:
        yield made


@pytest.mark.parametrize("places", ROUNDS, ids=[places[1].step for places in ROUNDS])
def test_the_same_end_whatever_happens_to_the_line(site, local_end, places):
    ran = endstate.services(site)
    met = cutting.run_through(site, places)
    for place, code in met.items():
        print("%-24s %-9s %-7s exit %d" % (place.step, place.host, place.how, code))
    assert endstate.services(site) == ran
    assert endstate.differences(local_end, endstate.whole(site, counted=False)) == []
    assert leftovers.on(site.hosts) == {}
