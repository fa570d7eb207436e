"""The EXAMPLES of the commands' pages, typed on a practice site."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Dict, Iterator, List

import pytest

from tests.contract.test_man_pages import examples, plain, section
from tests.helpers import cli
from tests.helpers.site import PracticeSite

NODES = {"node1": "astakos", "node2": "cyclades", "node3": "pithos", "ganeti1": "ganeti"}
# In the order of the runbook, so that each finds what the ones before have left.  snf-upgrade
# and snf-practice-site have test files of their own that do nothing else.
PAGES = ["snf-services", "snf-backup-db", "snf-restore-db", "snf-install-packages",
         "snf-check-versions", "snf-settings-rename", "snf-settings-check", "snf-migrate-db",
         "snf-register-services", "snf-register-verify", "snf-migrate-quota"]

# What the night has done by then, where a page's own examples end with going back.
BEFORE = {
    "snf-install-packages": ["snf-services", "stop", "--node", "all"],
    "snf-check-versions": ["snf-install-packages", "--node", "all"],
    "snf-settings-check": ["snf-settings-rename", "--node", "all", "--email"],
    "snf-migrate-db": ["snf-backup-db", "create", "--label", "pre-upgrade"],
    "snf-register-services": ["snf-migrate-db", "--node", "all"],
}


@pytest.fixture(scope="module")
def site(site_template: PracticeSite) -> Iterator[PracticeSite]:
    """A running site that the pages may change, one after the other."""
    site = site_template.copy()
    yield site
    site.destroy()


def here(words: List[str], files: Dict[str, str]) -> List[str]:
    """The words with this site's names for nodes and files."""
    line = [NODES.get(word, word) for word in words]
    return [files.get(word, word) for word in line]


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_end_as_the_page_says(page: str, site: PracticeSite,
                                           tmp_path: Path) -> None:
    """Understood, and with an exit code that stands in the page and is no failure."""
    documented = set(re.findall(r"\b(\d+)\b", plain(section(page + ".8", "EXIT STATUS"))))
    token = tmp_path / "token"
    token.write_text("none")
    token.chmod(0o600)
    files = {"/root/token": str(token)}
    if page in BEFORE:
        cli.run(*BEFORE[page], "--yes", site=site).expect(0)
    for words in examples(page + ".8"):
        argv = cli.argv_of(words[0], *here(words[1:], files), "--yes")
        done = subprocess.run(argv, cwd=str(tmp_path), env=cli.environment(site),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300)
        told = "%s: exit %d\n%s%s" % (" ".join(words), done.returncode, done.stdout, done.stderr)
        assert str(done.returncode) in documented - {"1", "2", "75", "78"}, told
        assert "Traceback" not in done.stderr, told
