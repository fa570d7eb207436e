"""The library that the commands of snf-upgrade-tools share."""

__version__ = "0.2.0"
