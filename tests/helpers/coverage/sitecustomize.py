"""Starts coverage in each Python of a measured run (make coverage puts this on PYTHONPATH)."""

import coverage

coverage.process_startup()
