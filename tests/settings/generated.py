"""Settings files of cyclades as hypothesis makes them: all that Python 2 allows, executable.

Every name is set before it is used, so Python 2.7 can run what comes out. Names made from a
setting that a rule changes begin with F_.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict

from hypothesis import strategies as st

NEW = {"APP_INSTALL_URL": "CYCLADES_BASE_URL", "ASTAKOS_URL": "ASTAKOS_BASE_URL",
       "CYCLADES_ASTAKOS_SERVICE_TOKEN": "CYCLADES_SERVICE_TOKEN",
       "CYCLADES_QUOTAHOLDER_POOLSIZE": "CYCLADES_ASTAKOSCLIENT_POOLSIZE"}
GIVEN = {"astakos": "https://acc.example.org/astakos", "cyclades": "https://cyc.example.org/cyc"}
OLD = st.sampled_from(sorted(NEW))
URLS = st.sampled_from(["APP_INSTALL_URL", "ASTAKOS_URL"])
MINE = st.sampled_from(["MINE", "TOTAL", "x", "_y", "ASTAKOS_URLS", "MY_APP_INSTALL_URL"])
FOLLOWS = st.sampled_from(["F_LOGIN", "F_LIST", "F_TEXT"])
HOST = st.sampled_from(["https://one.org", "http://two.example.org:8080/c", "https://u:p@h.org"])
QUOTE = st.sampled_from(["'%s'", '"%s"', "'''%s'''", "u'%s'", "r'%s'", "('%s')", "'' '%s'"])
VALUE = st.sampled_from([
    "1", "0777", "10L", "0xfL", "1.5e3", "'a'", 'ur"b\\d"', "(1, 2)", "[]", "['a', 'b']",
    "{'k': 1}", "{'ASTAKOS_URL': 2}", "None", "True", "5 / 2", "1 <> 2", "`5`",
    "'%s-%d' % ('a', 3)",
    "dict(ASTAKOS_URL=3)", "[i for i in 1, 2]", "lambda (a, b), c=1: a", "'a' if 1 else 'b'",
    "len('abc')", "(1,\n    2)", "1 + \\\n    2", "'''two\nlines'''", "not 0", "'a' 'b' \"c\""])


def _url_value(host: str, quote: str, suffix: str) -> str:
    return quote % (host + suffix)


def _lines(suffix: st.SearchStrategy) -> st.SearchStrategy:
    url = st.builds(_url_value, HOST, QUOTE, suffix)
    own = st.one_of(
        st.builds("{} = {}\n".format, MINE, VALUE),
        st.builds("{} = {} = {}\n".format, MINE, MINE, VALUE),
        st.builds("{}, z = {}, 2\n".format, MINE, VALUE),
        st.builds("if {}:\n    {} = {}\nelse:\n\t{} = 2\n".format, VALUE, MINE, VALUE, MINE),
        st.builds("try:\n  {} = 1/0\nexcept ZeroDivisionError, e:\n  {} = {}\n".format,
                  MINE, MINE, VALUE),
        st.builds("for i in 1, 2: {} = i\n".format, MINE),
        st.builds("L = [1]; L.append({}); L += [2]\n".format, VALUE),
        st.builds("D = {{'ASTAKOS_URL': {}}}; D['x'] = 3\n".format, VALUE),
        st.builds("print >>sys.stderr, 'x', {},\n".format, VALUE),
        st.builds("exec 'pass'\n".format),
        st.builds("class C: ROOM = {}\n".format, VALUE),
        st.builds("del {}\n".format, st.just("D")).map(lambda line: "D = 1; " + line))
    renamed = st.one_of(
        st.builds("{} = {}\n".format, URLS, url),
        st.builds("{} , z = {}, 7\n".format, URLS, url),
        st.builds("(z, [{}]) = 7, [{}]\n".format, URLS, url),
        st.builds("z = 1; {} = {};z = 2\n".format, URLS, url),
        st.builds("if x:\n    {} = {}\n".format, URLS, url),
        st.builds("try: {} = {}\nfinally: pass\n".format, URLS, url),
        st.builds("z = {} = {}\n".format, URLS, url),
        st.builds("for {} in ({},): pass\n".format, URLS, url),
        st.builds("{} = {} # ASTAKOS_URL\n".format, URLS, url),
        st.builds("CYCLADES_QUOTAHOLDER_POOLSIZE += {}\n".format, st.integers(0, 9)),
        st.builds("if CYCLADES_QUOTAHOLDER_POOLSIZE > {}: CYCLADES_QUOTAHOLDER_POOLSIZE = 9\n"
                  .format, st.integers(0, 300)),
        st.builds("{} = {}; del {}; {} = {}\n".format, st.just("ASTAKOS_URL"), url,
                  st.just("ASTAKOS_URL"), st.just("ASTAKOS_URL"), url))
    used = st.one_of(
        st.builds("{} = {} + '/x'\n".format, FOLLOWS, URLS),
        st.builds("{} = '%s|%s' % ({}, {})\n".format, FOLLOWS, URLS, URLS),
        st.builds("{} = [{}, {{'ASTAKOS_URL': {}}}]\n".format, FOLLOWS, URLS, URLS),
        st.builds("{} = dict(ASTAKOS_URL={})\n".format, FOLLOWS, URLS),
        st.builds("{} = (lambda a={}: a)()\n".format, FOLLOWS, URLS),
        st.builds("def f():\n    global F_TEXT\n    F_TEXT = {}\nf()\n".format, URLS),
        st.builds("{} = `{}`\n".format, FOLLOWS, URLS),
        st.builds("print {}\n".format, OLD),
        st.builds("assert {}, 'ASTAKOS_URL'\n".format, URLS),
        st.builds("{} = [u for u in {}, 1]\n".format, FOLLOWS, URLS))
    quiet = st.sampled_from(["\n", "# ASTAKOS_URL = 'x'\n", "#\tnothing\n", "\f\n", "'text'\n",
                             "   \n", "pass;\n"])
    return st.one_of(own, renamed, used, quiet)


@dataclass(frozen=True)
class Made:
    """A directory as it was made, and whether its base URLs are given."""

    files: Dict[str, bytes]
    given: bool


def _directory(host: str, suffix: str, first: list, second: list, how: tuple) -> Made:
    given, end, last, name = how
    start = ["import sys\n", "x = 1\n", "APP_INSTALL_URL = '%s'\n" % host,
             "ASTAKOS_URL = '%s%s'\n" % (host, suffix),
             "CYCLADES_ASTAKOS_SERVICE_TOKEN = 'tok'\n", "CYCLADES_QUOTAHOLDER_POOLSIZE = 100\n"]
    texts = ["".join(start + first), "".join(second)]
    if not last:
        texts[1] = texts[1].rstrip("\n")
    files = dict(zip(("10-a.conf", name), (text.replace("\n", end) for text in texts)))
    return Made({key: text.encode() for key, text in files.items()}, given)


def directories(given: st.SearchStrategy, suffix: str) -> st.SearchStrategy:
    """Two files of a node; `suffix` ends every Astakos URL and some others."""
    suffixes = st.sampled_from(["", suffix]) if suffix else st.just("")
    lines = st.lists(_lines(suffixes), max_size=8)
    how = st.tuples(given, st.sampled_from(["\n", "\n", "\r\n"]), st.booleans(),
                    st.sampled_from(["20-b.conf", "cyclades.conf", ".hidden.conf"]))
    # A dotfile comes first: what it uses must be set in it, so it uses nothing.
    return st.builds(_directory, HOST, st.just(suffix), lines, lines, how).map(_ordered)


def _ordered(made: Made) -> Made:
    if ".hidden.conf" not in made.files:
        return made
    return Made({".hidden.conf": made.files["10-a.conf"], "10-a.conf": made.files[".hidden.conf"]},
                made.given)
