"""The init services of a node: what runs, stopping, starting, each proved by the processes."""

from snftools.services.control import Outcome, start, stop
from snftools.services.look import ServiceState, names, of_roles, projects, states

__all__ = ["Outcome", "ServiceState", "names", "of_roles", "projects", "start", "states", "stop"]
