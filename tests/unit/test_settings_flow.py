"""Settings under conditions, in functions and in containers that have several names."""

from __future__ import annotations

import pytest

from snftools.settings.directory import SettingsDir
from snftools.settings.values import NotEvaluated


def value(text, name="X"):
    try:
        return SettingsDir.of("/s", [("a.conf", text.encode())]).value(name)
    except NotEvaluated:
        return "unknown"


IF = "A = %s\nif A == 1:\n    X = 1\nelif A == 2:\n    X = 2\nelse:\n    X = 3\n"


@pytest.mark.parametrize("text,expected", [
    (IF % 1, 1), (IF % 2, 2), (IF % 9, 3), (IF % "f()", "unknown"),
    ("X = 0\nif False: X = 1\n", 0), ("X = 0\nif not False: X = 1\n", 1),
    ("X = 0\nif f():\n    pass\nelif True:\n    X = 1\n", "unknown"),
    ("X = 0\nif True:\n    pass\nelif f():\n    X = 1\nelse:\n    X = 2\n", 0),
    ("X = 0\nif False:\n    pass\nelif f():\n    Y = 1\nelse:\n    X = 2\n", "unknown"),
    ("X = 0\nif True:\n    if False:\n        X = 1\n    else:\n        X = 2\nX += 1\n", 3),
    ("X = 0\nif True:\n    if f():\n        X = 1\n", "unknown"),
    ("X = 0\nif False:\n    if f():\n        X = 1\n", 0),
    ("X = 0\nif False:\n    exec 'X = 1'\n", 0),
    ("X = 0\ntry:\n    import a\nexcept ImportError:\n    X = 1\n", "unknown"),
    ("X = 0\ntry:\n    import a\nfinally:\n    X = 1\n", 1),
    ("X = 0\nfor i in ():\n    X = 1\nelse:\n    pass\n", "unknown"),
    ("X = 0\nwhile False:\n    X = 1\n", "unknown"),
    ("DEBUG = True\nX = []\nif DEBUG:\n    X.append('a')\n    X.insert(0, 'b')\n", ["b", "a"]),
    ("X = []\nif f():\n    X.append('a')\n", "unknown"),
    ("X = []\nY = X\nif f():\n    Y.append('a')\n", "unknown"),
    ("X = {'a': []}\nY = X['a']\nY.sort()\n", "unknown"),
    ("X = []\nX.append(X)\nX.sort()\n", "unknown"),
    ("X = [1]\nif f():\n    g(X)\n", "unknown"),
    ("X = 0\ndef f():\n    global X\n    X = 1\nX = 2\nf()\n", "unknown"),
    ("X = 1\nglobal X\n", 1), ("X, Y = (1, 2, 3)\n", "unknown"),
    ("X = {'a': 1}\ndel X['a']\n", "unknown"), ("X = []\nX.a = 1\n", "unknown"),
    ("X = {'a': 1}\nX['a'](1)\n", "unknown"), ("X = [1]\nX.index(1)\n", [1]),
    ("X = [1]\nX.append(1 2)\n", "unknown"), ("X = [1]\nglobals()[f()] = 2\n", "unknown"),
    ("def f():\n    if True:\n        X = 1\nX = 2\n", 2),
])
def test_conditions(text, expected):
    assert value(text) == expected


def test_what_holds_itself_many_times_does_not_take_for_ever():
    text = "X = []\nY = X\n" + "Y = [Y, Y]\n" * 60 + "X.sort()\n"
    assert value(text) == "unknown" and value(text, "Y") == "unknown"
