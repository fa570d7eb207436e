"""The options that every command of Django 1.2 has, with its usage text and exit 2."""

import optparse
import sys


class Parser(optparse.OptionParser):
    """A parser that names --version and --help last, as Django's does."""

    def parse_args(self, args=None, values=None):
        self.version = "1.2.7"
        self._add_version_option()
        self._add_help_option()
        return super().parse_args(args, values)


def parser(name, arguments="", text=""):
    """Return the parser of one command; a wrong option makes it exit with 2."""
    usage = "%%prog %s [options] %s" % (name, arguments)
    if text:
        usage += "\n\n" + text
    built = Parser(prog=sys.argv[0], usage=usage, add_help_option=False)
    built.add_option(
        "-v", "--verbosity", default="1", type="choice", choices=["0", "1", "2"],
        help="Verbosity level; 0=minimal output, 1=normal output, 2=all output",
    )  # fmt: skip
    built.add_option("--settings", help="The Python path to a settings module")
    built.add_option("--pythonpath", help="A directory to add to the Python path")
    built.add_option("--traceback", action="store_true", help="Print traceback on exception")
    return built
