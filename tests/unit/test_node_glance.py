"""One look at many files tells what asking for each would, or nothing."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

import pytest

from snftools.node.glance import SCRIPT, Glance
from snftools.node.local import LocalNode

NODE = LocalNode("n", ())


def glance(*paths, shell="sh", cut=None):
    done = subprocess.run([shell, "-c", SCRIPT, "sh", *map(str, paths)], stdout=subprocess.PIPE,
                          check=True)
    return Glance(done.stdout[:cut], map(str, paths))


@pytest.fixture
def tree(tmp_path):
    """Files of every kind."""
    place = tmp_path / "etc"
    (place / "sub").mkdir(parents=True)
    (place / "sub/deep").write_bytes(b"not looked at")
    (place / "a.conf").write_bytes(bytes(range(256)))
    (place / "a.conf").chmod(0o4640)
    os.utime(str(place / "a.conf"), (1, 1234567890))
    (place / "empty").touch()
    (place / ".hidden").write_bytes(b"h")
    (place / "new\nline \udce9 it's $x").write_bytes(b"odd")
    (place / "big").write_bytes(b"x" * 3000000)
    (place / "link").symlink_to("a.conf")
    (place / "dangling").symlink_to("nowhere")
    (place / "dirlink").symlink_to("sub")
    os.link(str(place / "a.conf"), str(place / "same"))
    os.mkfifo(str(place / "fifo"))
    (tmp_path / "way").symlink_to("etc")
    return tmp_path


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_what_it_knows_is_what_asking_tells(tree, shell):
    for place in (tree / "etc", tree / "way"):
        seen = glance(place, tree / "none", place / "sub/deep", shell=shell)
        assert seen.find(str(place)).names is not None
        assert sorted(seen.find(str(place)).names, key=os.fsencode) == NODE.list(str(place))
        known = [name for name in NODE.list(str(place)) if seen.find("%s/%s" % (place, name))]
        assert sorted(known) == sorted({*NODE.list(str(place))} - {"big", "dangling"})
        for name in known:
            path = "%s/%s" % (place, name)
            stat = NODE.stat(path)
            assert seen.find(path).stat == (replace(stat, size=0) if stat.kind == "dir"
                                            else stat), name
            if NODE.stat(path).kind == "file":
                assert seen.find(path).data == NODE.read(path), name
        assert seen.find(str(place / "sub")).names is None
        assert seen.find(str(place) + "/sub/deep").data == b"not looked at"
        assert seen.find(str(place / "sub") + "/other") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is told what is missing")
def test_what_is_missing(tree):
    seen = glance(tree / "none", tree / "etc/dangling", tree / "none/deeper")
    assert seen.find(str(tree / "none")).stat is None
    assert seen.find(str(tree / "none/deeper")).stat is None
    assert seen.find(str(tree / "etc/dangling")) is None


def test_an_answer_cut_anywhere_tells_nothing_wrong(tree):
    whole = len(subprocess.run(["sh", "-c", SCRIPT, "sh", str(tree / "etc")],
                               stdout=subprocess.PIPE, check=True).stdout)
    for cut in range(0, whole, 97):
        seen = glance(tree / "etc", cut=cut)
        for name in NODE.list(str(tree / "etc")):
            found = seen.find("%s/etc/%s" % (tree, name))
            assert found is None or found.data is None \
                or found.data == NODE.read("%s/etc/%s" % (tree, name))


def test_nothing_asked_and_a_local_node():
    assert glance().find("/") is None
    with NODE.glance(["/nowhere"]):
        assert NODE.stat("/nowhere") is None
