"""The options that every command of Django 1.2 has, with its usage text and exit 2."""

import optparse
import sys


def parser(name, arguments="", text=""):
    """Return the parser of one command; a wrong option makes it exit with 2."""
    usage = "%%prog %s [options] %s" % (name, arguments)
    built = optparse.OptionParser(prog=sys.argv[0], usage=usage, version="0.14")
    built.description = None
    built.usage += "\n\n" + text if text else ""
    built.add_option(
        "-v", "--verbosity", default="1", type="choice", choices=["0", "1", "2"],
        help="Verbosity level; 0=minimal output, 1=normal output, 2=all output",
    )  # fmt: skip
    built.add_option("--settings", help="The Python path to a settings module")
    built.add_option("--pythonpath", help="A directory to add to the Python path")
    built.add_option("--traceback", action="store_true", help="Print traceback on exception")
    return built
