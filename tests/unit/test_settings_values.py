"""The evaluator: what Python 2 would compute, or a plain refusal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from snftools.settings.directory import SettingsDir
from snftools.settings.rules import literal, people
from snftools.settings.values import NotEvaluated, Unknown, string_value


def of(*files: bytes) -> SettingsDir:
    return SettingsDir.of("/etc/synnefo", [("%02d.conf" % n, data)
                                           for n, data in enumerate(files)])


@pytest.mark.parametrize("text,expected", [
    ("0777", 511), ("10L", 10), ("0L", 0), ("5 / 2", 2), ("-5 / 2", -3), ("5 / 2.0", 2.5),
    ("'a' 'b'", "ab"), (r"'\x41\102'", "AB"), (r"'\u0041'", "\\u0041"), (r"r'\d'", "\\d"),
    (r"ur'\d'", "\\d"), ("u'x'", "x"), ("'%s/x' % 'a'", "a/x"), ("'%(k)s' % {'k': 1}", "1"),
    ("'%s-%d' % ('a', 2)", "a-2"), ("'{0}/{b}'.format('a', b='c')", "a/c"), ("1 <> 2", True),
    ("'a,b'.split(',')", ["a", "b"]), ("50 * 1024", 51200), ("(('A', 'a@b'),)", (("A", "a@b"),)),
    ("{'a': [1, {'b': None}]}", {"a": [1, {"b": None}]}), ("'x' if True else 'y'", "x"),
    ("{'a': 1}.has_key('a')", True), ("str(5)", "5"), ("'ab' * 2", "abab"), ("1 << 2", 4),
    ("'a' in ['a']", True), ("'a' not in 'ab'", False), ("'' or 'b' or 'c'", "b"),
    ("1 and 0 and 2", 0), ("0 or ''", ""), (".5", 0.5),
    ("os.path.join('/a', 'b')", "/a/b"), ("[1, 2, 3][1:]", [2, 3]), ("'\xc3\xa9'", "\u00e9")])
def test_values(text, expected):
    found = of(("# coding: utf-8\nX = %s\n" % text).encode("latin-1")).value("X")
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize("text", [
    "open('/etc/passwd').read()", "__import__('os').system('id')", "f(1)", "`1`", "lambda: 1",
    "[i for i in (1, 2)]", "10 ** 10 ** 10", "'a' * 10000000000", "'%999999999d' % 1",
    "'{0.__class__}'.format(1)", "NOWHERE", "1 / 0", "{}['a']", "(1 2)", "(" * 500 + ")" * 500,
    "u'\\u1234'", "'x'.__class__", "1 << 10000000", "[].append(1)", "'%r' % 'a'", "1 < 2",
    "'%s' % ([1],)", "str([1])", "{**{}}", "1 @ 2", "(1 << 500) * (1 << 500)", "f(**{})",
    "'a' * 900000 + 'b' * 900000", "'x'.format(**{})", "+".join(["1"] * 3000)])
def test_what_is_not_evaluated(text):
    with pytest.raises(NotEvaluated) as caught:
        print(of(("X = %s\n" % text).encode()).value("X"))
    assert caught.value.where.startswith("/etc/synnefo/00.conf")


def test_a_string_of_another_language_is_not_read():
    with pytest.raises(Unknown):
        string_value("rb'x'")


def test_order_and_references():
    found = of(b"A = 'one'\nB = A + '/x'\n", b"A = 'two'\n")
    assert (found.value("A"), found.value("B")) == ("two", "one/x")
    assert found.where("A") == "01.conf:1"


def test_lists_and_dictionaries_are_edited():
    found = of(b"L = ['a', 'b']\nM = L\nL.remove('a')\nL += ['c']\nD = {'x': {'y': 1}}\n"
               b"D['x']['y'] = 2\nD['x'].update({'z': 3})\n")
    assert found.value("M") == ["b", "c"]
    assert found.value("D") == {"x": {"y": 2, "z": 3}}


@pytest.mark.parametrize("text", [
    "if f():\n    X = 2\n", "for X in (1, 2): pass\n", "exec 'X = 2'\n", "from a import *\n",
    "globals()['X'] = 2\n", "del X\n", "import X\n", "def X(): pass\n", "X.append(1)\n",
    "try:\n    X = 2\nexcept E:\n    pass\n"])
def test_a_name_that_may_be_anything_is_not_known(text):
    with pytest.raises(NotEvaluated):
        of(("X = 1\n" + text).encode()).value("X")


def test_a_list_handed_to_a_function_is_not_known():
    found = of(b"X = [1]\nY = 2\nf(X, Y)\n")
    assert found.value("Y") == 2
    with pytest.raises(NotEvaluated):
        found.value("X")


def test_names_of_functions_are_not_settings():
    found = of(b"X = 1\ndef f(X):\n    X = 2\n    Y = 3\n")
    assert found.value("X") == 1
    assert found.value("Y", None) is None


def test_unset_and_default():
    with pytest.raises(NotEvaluated):
        of(b"").value("X")
    assert of(b"# X = 1\n").value("X", {}) == {}


def test_a_file_that_synnefo_cannot_execute_gives_no_values():
    with pytest.raises(NotEvaluated) as caught:
        of(b"X = 1\n", b"Y = 'never closed\n").value("X")
    assert caught.value.where == "/etc/synnefo/01.conf:1"


@settings(max_examples=300, deadline=None)
@given(st.recursive(st.one_of(st.text(max_size=8), st.integers(-10**9, 10**9), st.booleans(),
                              st.none()),
                    lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=8))
def test_literals_come_back(value):
    assert of(("X = %s\n" % literal(value)).encode("ascii")).value("X") == value


def test_people():
    assert people(["Joe Doe <joe@x.org>", "ann@x.org", '"Q, R" <q@x.org>']) == (
        ("Joe Doe", "joe@x.org"), ("ann", "ann@x.org"), ("Q, R", "q@x.org"))
