"""The settings diffs of a rehearsal: on the screen and in files."""

from __future__ import annotations

from snftools.upgrade.rehearsal import diffs


def test_a_short_diff_is_shown_whole_and_needs_no_pointer(tmp_path):
    given = {"a": ["--- x", "+++ x", "+A = 1"], "b": []}
    shown = diffs.lines(given, diffs.write(str(tmp_path), given))
    assert shown == ["", "a: the settings change", *given["a"], "", "b: no settings change"]


def test_a_long_diff_is_cut_and_says_where_the_whole_is(tmp_path):
    given = {"a": ["+A%d = 1" % number for number in range(diffs.SHOWN + 2)]}
    paths = diffs.write(str(tmp_path), given)
    shown = diffs.lines(given, paths)
    assert shown[2:-1] == given["a"][:diffs.SHOWN]
    assert shown[-1] == "... 2 more lines, the whole: %s" % paths["a"]
    with open(paths["a"], encoding="utf-8") as stream:
        assert stream.read().splitlines() == given["a"]


def test_a_long_line_is_cut_to_the_screen(tmp_path):
    given = {"a": ["+A = '%s'" % ("x" * 100)]}
    paths = diffs.write(str(tmp_path), given)
    shown = diffs.lines(given, paths)
    assert len(shown[2]) == 80 and shown[2].endswith("...")
    assert shown[3] == "... long lines cut, the whole: %s" % paths["a"]
