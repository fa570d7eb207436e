"""The master: plan, journal, runner and the checks before; composes the small commands."""
