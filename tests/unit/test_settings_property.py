"""Generated settings files: twice is once, undo gives the bytes back, the values stay.

SETTINGS_EXAMPLES is the number of directories (two files each); `make settings-property` runs
10,000 files, this suite a sample.
"""

from __future__ import annotations

import ast
import os
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, event, given, settings, strategies as st

from snftools.node import open_node
from snftools.release import Release
from snftools.settings.directory import SettingsDir
from snftools.settings.plan import make_plan
from snftools.settings.rules import Given, Rules
from snftools.settings.writing import proven, undo_changes, write_all
from snftools.site import NodeEntry
from snftools.state import State
from tests.settings import oracle
from tests.settings.generated import GIVEN, NEW, directories

EXAMPLES = int(os.environ.get("SETTINGS_EXAMPLES", "60"))
RULES = Rules.of("0.14", Release.read().part("settings"), ["cyclades"])
SUFFIX = "/im/authenticate"
sample = settings(max_examples=EXAMPLES, deadline=None, print_blob=True,
                  suppress_health_check=list(HealthCheck))


def planned(files, given):
    directory = SettingsDir.of("/etc/synnefo", files.items(), "n1", RULES.names())
    return make_plan(directory, RULES, Given(dict(GIVEN) if given else {}))


@pytest.fixture(scope="module")
def python2():
    program = oracle.find_python2()
    judge = oracle.Python2(program) if program else None
    yield judge
    if judge:
        judge.close()


@pytest.fixture(scope="module")
def ground():
    """A directory in memory where there is one: thousands of fsyncs."""
    path = tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    yield path
    shutil.rmtree(path)


@sample
@given(made=directories(st.booleans(), SUFFIX))
def test_values_stay_under_the_new_names(python2, made):
    plan = planned(made.files, made.given)
    if plan.refused or plan.missing:
        event("refused")
        return
    event("edited")
    after = {**made.files, **plan.edits.contents()}
    again = planned(after, made.given)
    assert not again.edits.contents() and not again.refused
    for name, edits in plan.edits.changed().items():
        assert proven(made.files.get(name, b""), after[name], edits)
    if python2 is None:
        _judged_by_fissix(made, after)
    else:
        _judged_by_python2(python2, made, after)


def _judged_by_python2(python2, made, after):
    error, before = python2.execute(made.files)
    assert not error
    error, values = python2.execute(after)
    assert not error
    assert not set(values) & set(NEW)
    for name, value in before.items():
        if name in NEW:
            found, wanted = ast.literal_eval(values[NEW[name]]), _wanted(name, value, made.given)
            assert found == wanted or str(found).rstrip("/") == str(wanted).rstrip("/")
        elif name[:2] != "F_" and name not in ("e", "u"):
            assert values[name] == value


def _wanted(name, text, was_given):
    component = {"ASTAKOS_URL": "astakos", "APP_INSTALL_URL": "cyclades"}.get(name)
    if was_given and component:
        return GIVEN[component]
    value = ast.literal_eval(text)
    if name == "ASTAKOS_URL" and value.endswith(SUFFIX):
        return value[:-len(SUFFIX)]
    return value


def _judged_by_fissix(made, after):
    last = {}
    for name in sorted(after):
        for new in NEW.values():
            for text in oracle.assigned(after[name], new):
                last[new] = text
            for old in NEW:
                assert not oracle.assigned(after[name], old)
    if made.given:
        assert ast.literal_eval(last["ASTAKOS_BASE_URL"]).rstrip("/") == GIVEN["astakos"]
        assert ast.literal_eval(last["CYCLADES_BASE_URL"]).rstrip("/") == GIVEN["cyclades"]


@sample
@given(made=directories(st.just(False), ""))
def test_a_pure_rename_is_what_fissix_makes(made):
    """Without suffixes and given URLs nothing but names changes, and the cloudbar is added."""
    plan = planned(made.files, False)
    if plan.refused or plan.missing:
        event("refused")
        return
    after = {**made.files, **plan.edits.contents()}
    for name, data in made.files.items():
        lines = after[name].splitlines(keepends=True)
        ours = b"".join(line for line in lines if not line.startswith(b"CLOUDBAR_"))
        assert ours.rstrip(b"\r\n") == oracle.renamed(data, NEW).rstrip(b"\r\n")


@sample
@given(made=directories(st.booleans(), SUFFIX))
def test_undo_gives_the_bytes_back(ground, made):
    root = tempfile.mkdtemp(dir=ground)
    place = os.path.join(root, "etc/synnefo")
    os.makedirs(place)
    for name, data in made.files.items():
        with open(os.path.join(place, name), "wb") as stream:
            stream.write(data)
    node = open_node(NodeEntry("n1", ("cyclades",), root=root))
    store = State(os.path.join(root, "state")).undo("20131112T000411Z")
    directory = SettingsDir.read(node, "/etc/synnefo", RULES.names())
    plan = make_plan(directory, RULES, Given(dict(GIVEN) if made.given else {}))
    if not plan.refused and not plan.missing:
        write_all(plan.edits, node, store)
        assert _read(place) == {**made.files, **plan.edits.contents()}
        undo_changes(node, store)
    assert _read(place) == made.files
    shutil.rmtree(root)


def _read(place):
    found = {}
    for name in os.listdir(place):
        with open(os.path.join(place, name), "rb") as stream:
            found[name] = stream.read()
    return found


@sample
@given(data=st.data(), made=directories(st.booleans(), SUFFIX))
def test_mutated_files_never_crash_and_never_lose_a_byte(data, made):
    name = data.draw(st.sampled_from(sorted(made.files)))
    whole = made.files[name]
    at = data.draw(st.integers(0, len(whole)))
    until = data.draw(st.integers(at, min(len(whole), at + 20)))
    noise = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from(
        [b"'", b'"""', b"(", b"]", b"\\", b"\n", b"\r", b"\t", b"if 1:", b"\x00", b"\xe9", b"\x0c",
         b"ASTAKOS_URL", b"=", b"exec", b"\xef\xbb\xbf", b"# coding: latin-1\n"])))
    files = {**made.files, name: whole[:at] + noise + whole[until:]}
    plan = planned(files, made.given)
    if plan.refused:
        return
    after = {**files, **plan.edits.contents()}
    for changed, edits in plan.edits.changed().items():
        assert proven(files.get(changed, b""), after[changed], edits)
    assert not list(SettingsDir.of("/x", after.items()).faults())


@sample
@given(st.dictionaries(st.sampled_from(["a.conf", "b.conf", ".c.conf"]),
                       st.binary(max_size=300), min_size=1))
def test_random_bytes_never_crash(files):
    plan = planned(files, True)
    if plan.refused:
        assert all(finding.code in (3, 78) for finding in plan.findings
                   if finding.severity == "error")
