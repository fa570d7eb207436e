"""Ask the steps of a plan for their --check; none of them is made."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import Iterator

from snftools.upgrade.assess import Ask
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.runner import Runner
from snftools.upgrade.screens.run import RunScreen
from snftools.upgrade.signals import stopping


@contextmanager
def asking(plan: Plan, journal: Journal) -> Iterator[Ask]:
    """What asks steps, many at a time; their output is thrown away."""
    directory = tempfile.mkdtemp(prefix="snf-upgrade-check.")
    try:
        with stopping() as asked:
            yield Runner(plan, journal, os.path.join(directory, "log"), None,
                         RunScreen(True, True, False), asked, lambda step, answer: {}).ask
        if asked.exit:  # as if it had come now that nothing runs
            os.kill(os.getpid(), asked.exit - 128)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
