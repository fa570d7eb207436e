"""Settings files before and after, case by case: tests/settings/cases."""

from __future__ import annotations

import os

import pytest

from tests.settings import cases


@pytest.mark.parametrize("name", cases.names())
def test_case(name):
    directory = os.path.join(cases.HOME, name)
    done = cases.run_case(directory)
    expected = os.path.join(directory, "refused")
    if os.path.exists(expected):
        with open(expected) as stream:
            assert done.refused == stream.read().splitlines()
        return
    assert not done.refused
    assert done.files == cases.read(os.path.join(directory, "out"))


@pytest.mark.parametrize("name", cases.names())
def test_twice_is_once(name):
    directory = os.path.join(cases.HOME, name)
    done = cases.run_case(directory)
    if done.refused:
        return
    with open(os.path.join(directory, "args")) as stream:
        again = cases.run_plan(done.files, cases.options(stream.read()))
    assert not again.edits.contents() and not again.refused


def test_there_are_cases():
    assert len(cases.names()) >= 200
