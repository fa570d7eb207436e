"""snf-restore-db: back as it was, what it replaces kept, undone; with a real PostgreSQL."""

from __future__ import annotations

from typing import Any, List

from tests.helpers.cli import run
from tests.helpers.terminal import at_terminal

USERS = "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY user_ptr_id)) FROM im_astakosuser t"
NAMES = "SELECT datname FROM pg_database WHERE datname LIKE 'snf_astakos%' ORDER BY 1"


def stopped(site_template: Any) -> Any:
    """A copy of the site whose services do not run: nobody is connected."""
    site = site_template.copy(start=False)
    site.server.start()
    return site


def names(site: Any) -> List[str]:
    return [row[0] for row in site.psql("cyclades", NAMES)]


def test_restore_keeps_what_it_replaces_and_undo_swaps_back(site_template: Any) -> None:
    site = stopped(site_template)
    try:
        site.server.execute("ALTER DATABASE snf_astakos SET timezone TO 'Asia/Tokyo'")
        before = site.psql("astakos", USERS)
        run("snf-backup-db", "create", "--label", "pre-upgrade", site=site).expect(0)
        site.psql("astakos", "UPDATE im_astakosuser SET affiliation = 'lost'")
        site.psql("astakos", "CREATE TABLE added (id integer)")
        after = site.psql("astakos", USERS)
        assert after != before
        run("snf-restore-db", "pre-upgrade", "--check", site=site).expect(5)
        run("snf-restore-db", "pre-upgrade", site=site).expect(3)  # nobody can be asked
        assert site.psql("astakos", USERS) == after
        done = run("snf-restore-db", "pre-upgrade", "--yes", "--json", site=site).expect(0).json
        (swap,) = done["result"]["swaps"]
        assert swap["name"] == "snf_astakos" and names(site) == ["snf_astakos", swap["before"]]
        assert site.psql("astakos", USERS) == before
        assert site.psql(swap["before"], USERS) == after
        assert site.psql("astakos", "SHOW timezone") == [("Asia/Tokyo",)]
        assert site.psql("astakos", "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname ="
                                    " 'public'") == [("synnefo",)]
        run("snf-restore-db", "pre-upgrade", "--check", site=site).expect(0)
        again = run("snf-restore-db", "pre-upgrade", "--yes", "--json", site=site).expect(0).json
        assert again["changed"] is False
        run("snf-restore-db", "--undo", "--check", site=site).expect(5)
        run("snf-restore-db", "--undo", "--yes", site=site).expect(0)
        assert site.psql("astakos", USERS) == after
        assert run("snf-restore-db", "--undo", "--yes", "--json",
                   site=site).expect(0).json["changed"] is False
    finally:
        site.destroy()


def test_sessions_are_named_and_ended_only_when_asked(site_template: Any) -> None:
    site = stopped(site_template)
    try:
        run("snf-backup-db", "create", "--label", "l", site=site).expect(0)
        site.psql("astakos", "UPDATE im_astakosuser SET affiliation = 'lost'")
        other = site.server.connect("snf_astakos")
        done = run("snf-restore-db", "l", "--yes", site=site).expect(3)
        assert "pid" in done.err and "snf_astakos" in done.err and len(names(site)) == 1
        run("snf-restore-db", "l", "--yes", "--terminate", site=site).expect(0)
        assert len(names(site)) == 2
        other.close()
    finally:
        site.destroy()


def test_damaged_set_is_not_put_back(site_template: Any) -> None:
    site = stopped(site_template)
    try:
        run("snf-backup-db", "create", "--label", "l", site=site).expect(0)
        site.psql("astakos", "UPDATE im_astakosuser SET affiliation = 'lost'")
        kept = site.psql("astakos", USERS)
        dump = next((site.dir / "backups").glob("2*")) / "snf_astakos" / "dump"
        member = max(dump.glob("*.dat.gz"), key=lambda path: path.stat().st_size)
        member.write_bytes(member.read_bytes()[:-9])
        run("snf-restore-db", "l", "--yes", site=site).expect(4)
        assert site.psql("astakos", USERS) == kept and names(site) == ["snf_astakos"]
    finally:
        site.destroy()


def test_a_database_that_is_gone_is_made_anew(site_template: Any) -> None:
    site = stopped(site_template)
    try:
        before = site.psql("astakos", USERS)
        run("snf-backup-db", "create", "--label", "l", site=site).expect(0)
        site.server.execute("DROP DATABASE snf_astakos")
        run("snf-restore-db", "l", "--check", site=site).expect(5)
        done = run("snf-restore-db", "l", "--yes", site=site).expect(0)
        assert site.psql("astakos", USERS) == before
        assert [line for line in done.out.splitlines() if line.startswith("Undo:")] == [
            "Undo: DROP DATABASE \"snf_astakos\";    (in psql)"]
    finally:
        site.destroy()


def test_ctrl_c_at_the_question(site_template: Any) -> None:
    """It ends at once, not when somebody types: the work waits in a thread of its own."""
    site = stopped(site_template)
    try:
        run("snf-backup-db", "create", "--label", "l", site=site).expect(0)
        site.psql("astakos", "UPDATE im_astakosuser SET affiliation = 'kept'")
        code, shown = at_terminal(site, b"\x03", "snf-restore-db", "l")
        assert code == 130 and "interrupted" in shown
        code, shown = at_terminal(site, b"no\n", "snf-restore-db", "l")
        assert code == 3 and "not confirmed" in shown
        assert site.psql("astakos", USERS + " WHERE affiliation <> 'kept'")[0][0] == 0
        code, shown = at_terminal(site, b"yes\n", "snf-restore-db", "l")
        assert code == 0 and "is back" in shown
    finally:
        site.destroy()


def test_arguments(site_template: Any) -> None:
    run("snf-restore-db", site=site_template).expect(2)
    other = run("snf-restore-db", "x", "--database", "mysql://u@h/db", site=site_template)
    assert "--database wants a name or a postgresql:// URI: mysql" in other.expect(2).err
    run("snf-restore-db", "x", "--undo", "1", site=site_template).expect(2)
    run("snf-restore-db", "--undo", "20000101T000000Z", site=site_template).expect(3)
