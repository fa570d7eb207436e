"""What may be damaged on the way to us: a clear error or a right result, never a traceback."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snftools import data
from snftools.backups import manifest
from snftools.errors import Failed, Invalid, NotVerified, SnfError
from snftools.packages import apt, conffiles, query
from snftools.release import Release
from snftools.site import Site
from snftools.synnefo import outputs
from snftools.upgrade import compare
from snftools.upgrade.journal import Journal

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / "doc/site.conf.example").read_bytes()
FUZZ = settings(max_examples=60, deadline=None)


@st.composite
def damaged(draw, whole: bytes):
    """Bytes like `whole`, with some cut out, doubled, changed or put in."""
    text = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(text) - 1, 0)))
        length = draw(st.integers(0, 40))
        kind = draw(st.sampled_from(("cut", "double", "change", "put", "end")))
        if kind == "cut":
            del text[place:place + length]
        elif kind == "double":
            text[place:place] = text[place:place + length]
        elif kind == "change" and text:
            text[place] = draw(st.integers(0, 255))
        elif kind == "put":
            text[place:place] = draw(st.binary(max_size=12))
        else:
            del text[place:]
    return bytes(text)


def written(content: bytes):
    handle, path = tempfile.mkstemp(prefix="snf-fuzz")
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    return path


@FUZZ
@given(damaged(EXAMPLE))
def test_site_conf(content):
    path = written(content)
    try:
        assert Site.read(path).name
    except Invalid as error:
        assert error.code == 78 and path in str(error)
    finally:
        os.unlink(path)


@pytest.mark.parametrize("part", ["steps", "by_hand", "packages", "services", "registry"])
def test_release_data(part):
    directory = Path(Release.read().directory)
    spec = (directory / (part + ".conf.spec")).read_text()

    @FUZZ
    @given(damaged((directory / (part + ".conf")).read_bytes()))
    def look(content):
        try:
            values = data.read(content, spec, part + ".conf")
            if part == "steps":
                from snftools.upgrade.step import rows_of
                rows_of(values)
        except Invalid as error:
            assert part + ".conf" in str(error)
    look()


def _journal():
    with tempfile.TemporaryDirectory() as directory:
        one = Journal(directory + "/j", "20131112T000411Z", "s", "0.14")
        for event in ("begun", "done", "failed", "undo-begun", "undone"):
            one.append("install.a", event, argv=["x"], exit=0, proof={"check": 0})
        return Path(one.path).read_bytes()


@FUZZ
@given(damaged(_journal()))
def test_journal(content):
    path = written(content)
    try:
        read = Journal.read(path, "20131112T000411Z")
        assert len(read.records) <= 5 or read.notices
    except Failed as error:
        assert "damaged" in error.what and path in error.what
    finally:
        os.unlink(path)


@FUZZ
@given(damaged(manifest.render({"schema": 1, "database": "d", "set": "s", "tables": []})))
def test_manifest(content):
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / manifest.NAME).write_bytes(content)
        try:
            assert manifest.read(directory)["database"] == "d"
        except NotVerified as error:
            assert manifest.NAME in error.what


DPKG = b"""snf-common\t0.13-1\tinstall ok installed
snf-quotaholder-app\t\tunknown ok not-installed
 /etc/synnefo/x.conf 0123456789abcdef0123456789abcdef obsolete
Inst snf-common [0.13-1] (0.14-1~squeeze repo:1 [all])
Remv snf-quotaholder-app [0.13-1]
 snf-common | 0.14-1~squeeze | copy: main Packages
"""


@FUZZ
@given(damaged(DPKG))
def test_output_of_dpkg_and_apt(content):
    text = content.decode("utf-8", "backslashreplace")
    for parse in (query.parse_installed, apt.parse_simulation, conffiles.parse_conffiles,
                  lambda lines: query.parse_madison(lines, ["snf-common"])):
        try:
            parse(text.splitlines())
        except SnfError:
            pass
    query.parse_audit(text)


LISTED = b'[{"id": "1", "name": "astakos", "url": "https://a.example.org/ui/", "token": "T"}]'
EXPORTED = b'{"astakos_account": {"type": "account", "component": "astakos", "endpoints": []}}'


@FUZZ
@given(damaged(LISTED), damaged(EXPORTED))
def test_output_of_synnefo(listed, exported):
    for parse, content in ((outputs.component_list, listed), (outputs.service_export, exported)):
        try:
            parse(content.decode("utf-8", "backslashreplace"))
        except outputs.NotUnderstood:
            pass


@FUZZ
@given(st.binary(max_size=2000))
def test_archive_of_a_survey(content):
    path = written(content)
    try:
        compare.archived(path)
    except Failed as error:
        assert path in error.what
    finally:
        os.unlink(path)
