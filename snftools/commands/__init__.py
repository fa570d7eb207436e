"""One module a command: build_parser, act and main."""
