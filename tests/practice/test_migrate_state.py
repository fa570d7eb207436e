"""What the migrations leave in the databases, also when they go wrong."""

from __future__ import annotations

import re
import signal
import subprocess
from typing import Callable, List

import pytest

from tests.practice.nodes import Nodes

FAKE = ["snf-manage", "migrate", "quotaholder_app", "0001", "--fake"]
QUOTAHOLDER = ["snf-manage", "migrate", "quotaholder_app"]
IM = ["snf-manage", "migrate", "im"]
COUNTS = "SELECT (SELECT count(*) FROM django_content_type), (SELECT count(*) FROM auth_permission)"


def good(nodes: Nodes, node: str, *commands: List[str]) -> None:
    """Run commands that must succeed."""
    for command in commands:
        done = nodes.run(node, command)
        assert done.exit == 0, (command, done.err)


@pytest.mark.parametrize(
    "answer, counts",
    [("no\n", (41, 123)), ("n\n", (41, 123)), ("\n", (41, 123)), ("yes\n", (40, 120))],
)
def test_stale_content_types(make_nodes: Callable[..., Nodes], answer: str, counts: object) -> None:
    nodes = make_nodes()
    nodes.install("astakos")
    done = nodes.run("astakos", IM, answer)
    assert done.exit == 0
    assert nodes.psql("astakos", COUNTS) == [counts]


def test_end_of_input_leaves_permissions_out_for_good(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes()
    nodes.install("astakos")
    assert nodes.run("astakos", IM).exit == 1
    assert nodes.psql("astakos", COUNTS) == [(41, 111)]
    assert nodes.run("astakos", IM).exit == 0
    assert nodes.psql("astakos", COUNTS) == [(41, 111)]
    done = "SELECT count(*) FROM south_migrationhistory WHERE app_name = 'im'"
    assert nodes.psql("astakos", done) == [(43,)]


def test_ctrl_c_at_the_question_is_1(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes()
    nodes.install("astakos")
    with subprocess.Popen(
        nodes.argv("astakos", IM),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=hear_interrupts,
    ) as process:
        try:
            assert process.stdout is not None
            seen = b""
            while not seen.endswith(b"to cancel: "):
                byte = process.stdout.read(1)
                assert byte, "the program ended before it asked"
                seen += byte
            assert interrupt(process) == 1
        finally:
            process.kill()
    assert nodes.psql("astakos", COUNTS) == [(41, 111)]


def interrupt(process: "subprocess.Popen[bytes]") -> int:
    """Send Ctrl-C until it is heard: one that comes just before the read is lost."""
    for _attempt in range(60):
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("it does not end on Ctrl-C")


def hear_interrupts() -> None:
    """Undo what a shell does to its background jobs: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_services_become_components(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes()
    nodes.install("astakos")
    before = nodes.psql("astakos", "SELECT url, auth_token FROM im_service ORDER BY id")
    good(nodes, "astakos", FAKE, QUOTAHOLDER, IM + ["--noinput"])
    after = nodes.psql("astakos", "SELECT url, auth_token FROM im_component ORDER BY id")
    assert after == before
    assert nodes.psql("astakos", "SELECT name FROM im_component ORDER BY id") == [
        ("~okeanos home",), ("cyclades",), ("pithos",)
    ]
    assert nodes.psql(
        "astakos", "SELECT name, service_type, service_origin FROM im_resource WHERE id IN (4, 6)"
    ) == [
        ("cyclades.vm", "compute", "cyclades_compute"),
        ("pithos.diskspace", "object-store", "pithos_object-store"),
    ]
    assert nodes.psql(
        "astakos",
        'SELECT count(*), count(DISTINCT holder), min(source), sum("limit") FILTER'
        " (WHERE resource = 'cyclades.vm') FROM quotaholder_app_holding",
    ) == [(216, 36, "system", 80)]


def test_odd_users_and_double_tokens_are_named(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes()
    nodes.install("astakos")
    nodes.psql("astakos", "UPDATE im_astakosuser SET email_verified = false WHERE user_ptr_id = 1")
    nodes.psql("astakos", "UPDATE im_service SET auth_token = 'twice' WHERE id > 1")
    done = nodes.run("astakos", IM + ["--noinput"])
    assert done.exit == 0
    assert "ERROR: 1:user000001@example.org is not migrated\n" in done.out
    assert "Found duplicate" in done.out
    tokens = "SELECT count(*) FROM im_component WHERE auth_token IS NULL"
    assert nodes.psql("astakos", tokens) == [(2,)]


def test_equal_resource_names_stop_at_0026(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes()
    nodes.install("astakos")
    nodes.psql("astakos", "UPDATE im_resource SET name = 'disk' WHERE id = 6")
    assert nodes.run("astakos", IM + ["--noinput"]).exit == 1
    last = "SELECT max(migration) FROM south_migrationhistory WHERE app_name = 'im'"
    assert nodes.psql("astakos", last) == [("0025_auto__add_authproviderpolicyprofile",)]
    kept = "SELECT to_regclass('im_resourcemetadata') IS NOT NULL"
    assert nodes.psql("astakos", kept) == [(True,)]


def test_a_failed_migration_leaves_nothing(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes()
    nodes.install("astakos")
    assert nodes.run("astakos", QUOTAHOLDER).exit == 1
    rows = "SELECT count(*) FROM south_migrationhistory WHERE app_name = 'quotaholder_app'"
    assert nodes.psql("astakos", rows) == [(0,)]
    good(nodes, "astakos", FAKE, QUOTAHOLDER)
    assert nodes.psql("astakos", rows) == [(7,)]


def test_013_programs_on_migrated_databases(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes()
    nodes.install("astakos")
    good(nodes, "astakos", IM + ["--noinput"])
    nodes.install("pithos", "0.13")
    nodes.psql("pithos", "UPDATE alembic_version SET version_num = '4c8ccdc58192'")
    done = nodes.run("pithos", ["pithos-migrate", "current"])
    assert (done.exit, done.out) == (255, "  No such revision '4c8ccdc58192'\n")


@pytest.mark.parametrize("node, command, error", [
    ("astakos", ["snf-manage", "syncdb"], "psycopg2.OperationalError: "),
    ("astakos", FAKE, "psycopg2.OperationalError: "),
    ("cyclades", ["snf-manage", "migrate"], "psycopg2.OperationalError: "),
    ("pithos", ["pithos-migrate", "upgrade", "head"],
     "sqlalchemy.exc.OperationalError: (OperationalError) "),
])
def test_database_down(
    make_nodes: Callable[..., Nodes], node: str, command: List[str], error: str
) -> None:
    nodes = make_nodes(fill=False)
    nodes.install(node)
    nodes.configure(node, host="/nonexistent")
    done = nodes.run(node, command)
    assert done.exit == 1
    assert error in done.err


def test_empty_database_asks_for_a_superuser(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes(fill=False)
    nodes.install("astakos")
    done = nodes.run("astakos", ["snf-manage", "syncdb"])
    assert done.exit == 1
    assert done.out.endswith("Would you like to create one now? (yes/no): ")
    assert done.err.splitlines()[-1] == "EOFError: EOF when reading a line"


def test_empty_database_goes_on_with_no_until_the_tables_are_missed(
    make_nodes: Callable[..., Nodes],
) -> None:
    nodes = make_nodes(fill=False)
    nodes.install("astakos")
    done = nodes.run("astakos", ["snf-manage", "syncdb"], "no\n")
    assert done.exit == 0
    order = re.findall("Installing index for (.*)", done.out)
    assert order == [
        "admin.LogEntry model",
        "auth.Permission model",
        "auth.Group_permissions model",
        "auth.User_user_permissions model",
        "auth.User_groups model",
        "auth.Message model",
    ]
    good(nodes, "astakos", FAKE)
    done = nodes.run("astakos", QUOTAHOLDER)
    assert done.exit == 1
    assert 'relation "quotaholder_app_provisionlog" does not exist' in done.err


def test_one_host_in_the_wrong_order_and_its_repair(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes(one_host=True)
    nodes.install("node1")
    done = nodes.run("node1", ["snf-manage", "migrate"], "no\n")
    assert done.exit == 1
    assert 'relation "quotaholder_app_holder" already exists' in done.err
    last = "SELECT max(migration) FROM south_migrationhistory WHERE app_name = '%s'"
    assert nodes.psql("astakos", last % "db") == [("0068_auto__add_field_network_drained",)]
    assert nodes.psql("astakos", last % "im") == [("0042_service_origin",)]
    good(nodes, "node1", FAKE, QUOTAHOLDER, ["snf-manage", "migrate"])


def test_one_host_in_the_right_order_asks_once(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes(one_host=True)
    nodes.install("node1")
    good(nodes, "node1", FAKE, QUOTAHOLDER)
    assert "stale" in nodes.run("node1", IM, "no\n").out
    done = nodes.run("node1", ["snf-manage", "migrate"])
    assert done.exit == 0
    assert "stale" not in done.out
    assert "- Nothing to migrate.\n - Loading initial data for im." in done.out


def test_initdb_succeeds_with_1(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes()
    nodes.install("pithos")
    done = nodes.run("pithos", ["pithos-migrate", "initdb"])
    assert (done.exit, done.out) == (1, "DB initialized.\n")


@pytest.mark.parametrize(
    "setting, version, complaint",
    [
        ("", "2.1.0", ""),
        ("", "2.6.1", "ValueError: IV must be 16 bytes long"),
        ("SECRET_ENCRYPTION_KEY = 'x'\n", "2.1.0", "CorruptedPassword: Can not decrypt password."),
    ],
)
def test_ganeti_passwords_need_their_key_and_an_old_library(
    make_nodes: Callable[..., Nodes], setting: str, version: str, complaint: str
) -> None:
    nodes = make_nodes()
    root = nodes.install("cyclades")
    (root / "usr/lib/synnefo/versions/python-crypto").write_text(version + "\n")
    (root / "etc/synnefo/99-local.conf").write_text(setting)
    done = nodes.run("cyclades", ["snf-manage", "migrate", "--noinput"])
    assert (done.exit, complaint in done.err) == (1 if complaint else 0, True)
    last = "SELECT max(migration) FROM south_migrationhistory WHERE app_name = 'db'"
    assert nodes.psql("cyclades", last)[0][0][:4] == ("0065" if complaint else "0068")
    old = "SELECT count(*) FROM db_backend WHERE password_hash !~ ':.*:'"
    assert nodes.psql("cyclades", old) == [(2 if complaint else 0,)]


def test_without_passwords_neither_is_asked_for(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes()
    root = nodes.install("cyclades")
    (root / "usr/lib/synnefo/versions/python-crypto").write_text("2.6.1\n")
    nodes.psql("cyclades", "UPDATE db_backend SET password_hash = ''")
    good(nodes, "cyclades", ["snf-manage", "migrate", "--noinput"])
