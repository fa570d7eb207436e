"""The databases have the shape of real ones, before and after the migrations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from snftools.practice import data
from tests.practice.nodes import Nodes
from tests.practice.shape import shape

FIXTURES = Path(__file__).parent / "fixtures"
MIGRATE = {
    "astakos": (
        ["snf-manage", "syncdb", "--noinput"],
        ["snf-manage", "migrate", "quotaholder_app", "0001", "--fake", "--noinput"],
        ["snf-manage", "migrate", "quotaholder_app", "--noinput"],
        ["snf-manage", "migrate", "im", "--noinput"],
    ),
    "cyclades": (
        ["snf-manage", "syncdb", "--noinput"],
        ["snf-manage", "migrate", "--noinput"],
    ),
    "pithos": (["pithos-migrate", "upgrade", "head"],),
}


def expected(component: str, release: str) -> Dict[str, Any]:
    """The shape recorded of a real database."""
    path = FIXTURES / ("shape-%s-%s.json" % (component, release))
    found: Dict[str, Any] = json.loads(path.read_text("ascii"))
    return found


def actual(nodes: Nodes, component: str) -> Dict[str, Any]:
    """The shape of a node's database."""
    connection = nodes.postgres.connect(nodes.databases[component])
    try:
        return shape(connection)
    finally:
        connection.close()


@pytest.mark.parametrize("component", ["astakos", "cyclades", "pithos"])
def test_shape_before_and_after(make_nodes: Callable[..., Nodes], component: str) -> None:
    nodes = make_nodes()
    assert actual(nodes, component) == expected(component, "0.13")
    nodes.install(component)
    for command in MIGRATE[component]:
        done = nodes.run(component, command)
        assert done.exit == 0, done.err
    assert actual(nodes, component) == expected(component, "0.14")


def test_the_databases_belong_to_the_owner_alone(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes()
    for component in ("astakos", "cyclades", "pithos"):
        owners = nodes.psql(
            component,
            "SELECT DISTINCT relowner::regrole::text FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace",
        )
        assert owners == [("synnefo",)]


def test_one_host_shares_the_tables_of_django(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes(one_host=True)
    tables = actual(nodes, "astakos")["tables"]
    both = {**expected("astakos", "0.13")["tables"], **expected("cyclades", "0.13")["tables"]}
    assert tables == both
    assert nodes.psql(
        "astakos",
        "SELECT app_name, count(*) FROM south_migrationhistory GROUP BY 1 ORDER BY 1",
    ) == [("db", 59), ("im", 25), ("userdata", 3)]
    assert nodes.psql("astakos", "SELECT count(*), max(id) FROM django_content_type") == [(50, 50)]
    assert nodes.psql("astakos", "SELECT count(*) FROM auth_permission") == [(150,)]


def test_what_the_data_must_have(make_nodes: Callable[..., Nodes]) -> None:
    nodes = make_nodes()
    one = nodes.psql
    assert one("astakos", "SELECT count(*) FROM im_astakosuser") == [(40,)]
    assert one(
        "astakos",
        "SELECT count(*) FROM im_usersetting WHERE setting = 'PENDING_APPLICATION_LIMIT'",
    ) == [(13,)]
    assert one("astakos", "SELECT name, url, auth_token FROM im_service ORDER BY id") == [
        ("~okeanos home", "https://astakos.example.org/im/", data.HOME_TOKEN),
        ("cyclades", "https://cyclades.example.org/ui/", data.CYCLADES_TOKEN),
        ("pithos+", "https://pithos.example.org/ui/", data.PITHOS_TOKEN),
    ]
    # OBSERVED C.7: a limit of 2 is enough for everybody, 1 is not.
    pending = (
        "SELECT max(n) FROM (SELECT count(*) AS n FROM im_projectapplication a"
        " LEFT JOIN im_usersetting s ON s.user_id = a.owner_id WHERE a.state = 0"
        " AND s.id IS NULL GROUP BY a.owner_id) AS x"
    )
    assert one("astakos", pending) == [(2,)]
    over = (
        "SELECT count(*) FROM (SELECT s.value - count(*) AS spare FROM im_projectapplication a"
        " JOIN im_usersetting s ON s.user_id = a.owner_id WHERE a.state = 0"
        " GROUP BY a.owner_id, s.value) AS x WHERE spare < 0"
    )
    assert one("astakos", over) == [(0,)]
    used = (
        "SELECT sum(imported) FROM quotaholder_app_holding WHERE resource = 'cyclades.vm'"
    )
    machines = "SELECT count(*) FROM db_virtualmachine WHERE NOT deleted"
    assert one("astakos", used) == one("cyclades", machines)
    assert one("pithos", "SELECT count(*) FROM public WHERE active") == [(20,)]


def test_equal_arguments_give_equal_rows_and_scale_multiplies(
    make_nodes: Callable[..., Nodes],
) -> None:
    digest = "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM %s t"
    first, second, large = make_nodes(), make_nodes(), make_nodes(fill=False)
    large.fill(scale=3)
    for component, table, rows in (
        ("astakos", "im_astakosuser", 40),
        ("astakos", "quotaholder_app_holding", None),
        ("cyclades", "db_virtualmachine", 25),
        ("pithos", "versions", 180),
    ):
        assert first.psql(component, digest % table) == second.psql(component, digest % table)
        if rows:
            count = "SELECT count(*) FROM " + table
            assert first.psql(component, count) == [(rows,)]
            assert large.psql(component, count) == [(3 * rows,)]
