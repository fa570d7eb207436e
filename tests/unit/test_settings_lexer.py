"""The lexer and the statements: nothing lost, nothing raised, names right."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given, settings, strategies as st

from snftools.settings import lexer
from snftools.settings.source import parse

NASTY = [
    b"", b"\n", b"\\", b"\\\n", b"X = 1", b"X = 1\r", b"X = 1\rY = 2\r\n", b"\xef\xbb\xbfX = 1\n",
    b"X = '''a\n'b''\n'''\n", b"X = '''never", b"X = 'never\nY = 2\n", b"X = (1,\n2)\nY = 3\n",
    b"X = (1\nY = 2\n", b"X = ]\n", b"\x00", b"X = 1\x00\n", b"X = $\n", b"\xff\xfe", b"X = `1`\n",
    b"print >>f, 'x', 1\n", b"exec 'X = 1' in d\n", b"if X <> 1: Y = 0777L\n", b"X = ur'\\u1234'\n",
    b"\x0cX = 1\n", b"if 1:\n\tX = 1\n        Y = 2\n", b"if 1:\nX = 1\n", b"  X = 1\n",
    b"if 1:\n    X = 1\n  Y = 2\n", b"for X in 1, 2: pass\n", b"X = lambda a, (b, c)=1: a\n",
    b"lambda: (yield)\n", b"@x\ndef f(a, b=1, *c, **d):\n    X = 1\nY = 2\n", b"X = Y = 1; del Z\n",
    b"class A(B):\n    X = 1\n", b"try: X = 1\nexcept E, e: pass\n",
    b"with a as b, c as (d, e): pass\n",
    b"from a import (b, c as d)\n", b"from a import *\n", b"X = '\\\r\nY = 1'\n",
    b"X = 'a' \"b\" '''c'''\n",
    b"1if 0else 2\n", b"X = 0xfor 1\n", b"a.X = 1\nf(X=1)\nd['X'] = 1\n", b"[X for X in Y]\n",
    b"X += 1\nX, (Y, [Z]) = q\n", b"# -*- coding: utf-8 -*-\nX = '\xc3\xa9'\n", b";;;\n",
    b"=\n= =\n",
    b"def\nclass\nfor\nwith\nimport\nfrom\ndel\nlambda\n", b":\n", b"X = {1: 2, 'a': [3, (4,)]}\n",
]


BETWEEN = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t\f]|\\(?:\r\n|\r|\n))*\Z")


def assert_whole(data):
    """The tokens are the data, but for blanks and continued lines' ends between them."""
    position = 0
    for token in parse("a.conf", data).tokens:
        assert BETWEEN.match(data[position:token.start])
        assert data[token.start:token.end] == token.text.encode("latin-1")
        position = token.end
    assert BETWEEN.match(data[position:])


@pytest.mark.parametrize("data", NASTY)
def test_nasty_files_come_back_whole(data):
    assert_whole(data)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_come_back_whole(data):
    assert_whole(data)


PIECES = ["X", "Y1", "=", "(", ")", "[", "]", ":", ",", ".", ";", "\n", "\r\n", "    ", "\t", "'a'",
          "'", '"""', "#c", "\\\n", "if", "for", "in", "def", "lambda", "del", "from", "import",
          "*",
          "as", "+=", "1", "0777", "with", "except", "class", "global", "exec", "`"]


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_python_like_noise_never_raises(pieces):
    data = " ".join(pieces).encode()
    assert_whole(data)


NAMES = st.sampled_from(["A", "B", "CC", "D_1"])
VALUES = st.sampled_from(["1", "'x'", "(1, 2)", "A + B", "{'k': CC}", "[i for i in A]",
                          "f(A, b=1)"])
LINES = st.one_of(
    st.builds("{} = {}\n".format, NAMES, VALUES),
    st.builds("{} = {} = {}\n".format, NAMES, NAMES, VALUES),
    st.builds("{} += {}\n".format, NAMES, VALUES),
    st.builds("{}, {} = 1, 2\n".format, NAMES, NAMES),
    st.builds("if {}:\n    {} = {}\n".format, NAMES, NAMES, VALUES),
    st.builds("x = 1; {} = {}\n".format, NAMES, VALUES),
    st.builds("{}.{} = 3\n".format, NAMES, NAMES),
    st.builds("{}[{}] = 3\n".format, NAMES, NAMES),
    st.builds("import {} as {}\n".format, NAMES, NAMES),
    st.builds("for {} in {}: pass\n".format, NAMES, VALUES),
    st.builds("f({}={})\n".format, NAMES, VALUES))


@settings(max_examples=500, deadline=None)
@given(st.lists(LINES, max_size=12))
def test_names_are_those_that_python_sees(lines):
    text = "".join(lines)
    tree = ast.parse(text)
    stored = sorted((node.lineno, node.col_offset, node.id) for node in ast.walk(tree)
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                    and node.id in ("A", "B", "CC", "D_1"))
    loaded = sorted((node.lineno, node.id) for node in ast.walk(tree)
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
                    and node.id in ("A", "B", "CC", "D_1"))
    source = parse("a.conf", text.encode())
    starts = [0] + [i + 1 for i, char in enumerate(text) if char == "\n"]
    ours = sorted((bound.token.line, bound.token.start - starts[bound.token.line - 1], bound.name)
                  for bound in source.bound()
                  if bound.how not in ("item", "import", "alias")
                  and bound.name not in ("x", "i"))
    used = sorted((token.line, token.text) for names in source.names for token in names.used
                  if token.text in ("A", "B", "CC", "D_1")
                  and not any(b.how == "augmented" and b.token == token for b in names.bound))
    assert ours == stored
    assert used == loaded


def test_names_agree_with_fissix_on_python_2():
    pytest.importorskip("fissix")
    from fissix import pygram, pytree
    from fissix.pgen2 import driver, token as kinds
    read = driver.Driver(pygram.python_grammar, convert=pytree.convert)
    text = ("print 'x', A\nB = 0777\nexec 'y' in C\nif A <> 1: D = `B`\n"
            "E, (F, G) = ur'\\d', 10L\ntry: H = 1\nexcept I, j: pass\n")
    theirs = [leaf.value for leaf in read.parse_string(text).leaves()
              if leaf.type == kinds.NAME]
    ours = [token.text for token in lexer.tokens(text) if token.kind == lexer.NAME]
    assert ours == theirs
    source = parse("a.conf", text.encode())
    assert [bound.name for bound in source.bound()] == ["B", "D", "E", "F", "G", "H", "j"]


@pytest.mark.parametrize("text,expected", [
    ("# coding: latin-1\n", "latin-1"), ("\n# -*- coding: UTF-8 -*-\n", "utf-8"),
    ("\n\n# coding: utf-8\n", ""), ("X = 1 # coding: utf-8\n", ""), ("\xef\xbb\xbf", "utf-8")])
def test_encoding(text, expected):
    assert lexer.encoding(text) == expected


def test_time_is_linear_in_unterminated_quotes():
    data = b"X = '''" + b"'' \\' " * 30000
    assert parse("a.conf", data).faults
