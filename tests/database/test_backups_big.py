"""Big databases (`make fire`): 5,000 tables, 2 GB of rows; memory does not grow with them."""

from __future__ import annotations

import os

import pytest

from tests.bench.backup import peak
from tests.helpers import cli
from tests.helpers.lab import Lab

pytestmark = pytest.mark.skipif(not os.environ.get("SNF_TEST_FIRE"), reason="make fire runs it")

MEMORY = 80.0  # MB


def test_5000_tables(lab: Lab) -> None:
    lab.database("many", "SELECT 1")
    for start in range(0, 5000, 500):  # all at once would need more locks than the server has
        lab.sql("DO $$ BEGIN FOR i IN %d..%d LOOP EXECUTE format('CREATE TABLE t%%s (id integer"
                " PRIMARY KEY)', i); END LOOP; END $$" % (start, start + 499), "many")
    lab.create("--verify", "restore", name="many").expect(0)
    lab.check_clean()


def test_2_gb_of_rows(lab: Lab) -> None:
    lab.database("rows", "CREATE TABLE t AS SELECT i, md5(i::text) AS a, md5((i * 7)::text) AS b"
                         " FROM generate_series(1, 20000000) i")
    assert lab.sql("SELECT pg_database_size('rows')", "rows")[0][0] > 2 * 10 ** 9
    most = peak(cli.start("snf-backup-db", "create", "--label", "l", *lab.words("rows"),
                          "--verify", "restore", env=lab.env))
    assert most < MEMORY
    lab.check_clean()


def test_5_million_lines_of_a_custom_archive_need_no_memory(lab: Lab) -> None:
    lab.database("old", "CREATE TABLE t AS SELECT i, md5(i::text) AS a"
                        " FROM generate_series(1, 5000000) i")
    most = peak(cli.start("snf-backup-db", "create", "--label", "l", *lab.words("old"),
                          "--verify", "archive",
                          env={**lab.env, "SNF_UPGRADE_OLD_PG": "jobs"}))
    assert most < MEMORY
