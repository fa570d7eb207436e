"""What an administrator sees: each screen is a function that gives finished lines."""
