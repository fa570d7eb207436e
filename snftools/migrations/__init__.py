"""The migrations of a release: what the databases say, what is due, and the proof."""
