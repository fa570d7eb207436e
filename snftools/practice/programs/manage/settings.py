"""Loads the settings of a node as Synnefo does: every *.conf, in order, executed as code.

Python 3 stands for Python 2.6: the files of a practice site keep to what both understand.
"""

import os
import re
import sys
import types

from . import defaults

CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")


class Unreadable(Exception):
    """The settings can't be loaded; the text is what Synnefo prints."""


def load(context, directory):
    """Return the namespace after the defaults of the installed packages and every *.conf file.

    Dotfiles count, subdirectories do not; a directory that is missing is no error
    (SOURCE 1.1, OBSERVED E). Raises Unreadable.
    """
    _provide_guide_modules()
    namespace = {"__name__": "synnefo.settings", "os": os, "sys": sys}
    namespace.update(defaults.of_node(context))
    namespace["SYNNEFO_SETTINGS_DIR"] = directory
    for path in conf_files(directory):
        try:
            exec(_compiled(path), namespace)
        except Exception as exc:
            raise Unreadable("Failed to read settings file: %s [%s]" % (path, python2_repr(exc)))
    return namespace


def conf_files(directory):
    """Return the paths of the files that are executed, in their order. Raises Unreadable."""
    if not os.path.exists(directory):
        return []
    try:
        names = sorted(os.listdir(directory))
    except OSError as exc:
        raise Unreadable(
            "Failed to list *.conf files under %s [%s]" % (directory, python2_repr(exc))
        )
    paths = [os.path.join(directory, name) for name in names if name.endswith(".conf")]
    return [os.path.abspath(path) for path in paths if os.path.isfile(path)]


def python2_repr(exc):
    """Return an exception as Python 2 writes it: IOError, a comma after a single argument."""
    name = "IOError" if isinstance(exc, OSError) else type(exc).__name__
    arguments = exc.args
    if isinstance(exc, SyntaxError) and len(arguments) == 2:
        arguments = (arguments[0], tuple(arguments[1])[:4])
    return name + repr(arguments)


def names(namespace):
    """Return the settings of a namespace: names in capitals, as Django takes them."""
    return {name: value for name, value in namespace.items() if name == name.upper()}


def _compiled(path):
    with open(path, "rb") as source:
        text = source.read()
    head = text.split(b"\n")[:2]
    if not text.isascii() and not text.startswith(b"\xef\xbb\xbf"):
        if not any(CODING.match(line) for line in head):
            raise _not_ascii(path, text)
    return compile(text, path, "exec", dont_inherit=True)


def _not_ascii(path, text):
    for number, line in enumerate(text.split(b"\n"), 1):
        for byte in line:
            if byte > 127:
                what = "Non-ASCII character '\\x%02x' in file %s on line %d" % (byte, path, number)
                return SyntaxError("%s, but no encoding declared" % what, (path, number, 0, None))
    raise ValueError("%s is plain ASCII" % path)


def _provide_guide_modules():
    """Make importable what the install guide tells administrators to import in a *.conf."""
    for name in ("synnefo", "synnefo.lib", "synnefo.lib.db"):
        sys.modules.setdefault(name, types.ModuleType(name))
    for name, function in (
        ("pooled_psycopg2", "monkey_patch_psycopg2"),
        ("psyco_gevent", "make_psycopg_green"),
    ):
        module = types.ModuleType("synnefo.lib.db." + name)
        setattr(module, function, lambda *args: None)
        sys.modules.setdefault(module.__name__, module)
