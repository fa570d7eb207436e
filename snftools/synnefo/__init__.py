"""Synnefo's own programs: how they are run, how their output is read, how they lie."""
