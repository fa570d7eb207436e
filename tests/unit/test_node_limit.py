"""A local program that says too much is ended, and nothing of it is kept in memory."""

from __future__ import annotations

import pytest

from snftools.errors import Failed
from snftools.node import pump
from snftools.node.local import LocalNode


@pytest.mark.parametrize("where", ["1", "2"])
def test_it_is_ended(monkeypatch, where, tmp_path):
    monkeypatch.setattr(pump, "LIMIT", 100000)
    node = LocalNode("n", ())
    with pytest.raises(Failed, match="sh -c exec yes >&%s says more than 0 MB" % where):
        node.run(["sh", "-c", "exec yes >&%s" % where])
    assert len(node.run(["head", "-c", "100000", "/dev/zero"]).stdout) == 100000
    node.run(["head", "-c", "300000", "/dev/zero"], stdout=str(tmp_path / "all"))
    assert (tmp_path / "all").stat().st_size == 300000
