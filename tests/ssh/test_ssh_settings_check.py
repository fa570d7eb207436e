"""snf-settings-check of a node over a real sshd says what it says of the same files here."""

from __future__ import annotations

import os

from tests.helpers.cli import run
from tests.helpers.settings import right
from tests.ssh.test_ssh_node import address, pytestmark  # noqa: F401


def findings(directory, *node):
    done = run("snf-settings-check", "--role", "cyclades", "--settings-dir", str(directory),
               "--json", *node, env={"SNF_UPGRADE_STATE_DIR": str(directory / "state")})
    assert "Traceback" not in done.err
    return done.code, [(item["check"], item["what"], item["where"])
                       for item in done.expect(4).json["findings"]]


def test_far_and_near_are_equal(address, tmp_path):  # noqa: F811
    directory = tmp_path / "a b"
    directory.mkdir()
    (directory / "20 it's.conf").write_text(right("cyclades"))
    os.symlink("20 it's.conf", str(directory / "00.bak.conf"))
    (directory / "99.conf").write_text("CYCLADES_BASE_URL = '/x'\n")
    (directory / "99.conf").chmod(0o600)
    near = findings(directory)
    assert {"settings-base-url", "settings-backup", "settings-readable"} <= {
        check for check, _, _ in near[1]}
    assert findings(directory, "--node", address) == near
