"""A node's Debian packages: what is installed, what apt offers, installing and going back."""
