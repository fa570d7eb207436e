"""What the stand-ins of Synnefo's programs write into the databases."""

from __future__ import annotations

import json
from typing import Any, Dict

import pytest

from tests.practice.programs import HOSTS, Programs

LIMIT = "astakos.pending_app"
HELD = 'SELECT holder, "limit", usage_max FROM quotaholder_app_holding WHERE resource = \'%s\''
ENDPOINTS = (
    "SELECT s.name, s.type, d.value FROM im_service s JOIN im_endpoint e ON e.service_id = s.id"
    " JOIN im_endpointdata d ON d.endpoint_id = e.id AND d.key = 'publicURL' ORDER BY s.name"
)


def exported(programs: Programs, component: str) -> Dict[str, Any]:
    done = programs.call(component, "snf-manage service-export-" + component)
    return dict(json.loads(done.out))


def imported(programs: Programs, services: Any) -> Any:
    return programs.call("astakos", "snf-manage service-import --json -", json.dumps(services))


def test_series_of_commands_registers_eight_services(programs: Programs) -> None:
    programs.call("astakos", "snf-manage component-add astakos https://accounts.example.org/x")
    for component in HOSTS:
        assert imported(programs, exported(programs, component)).exit == 0
    astakos, cyclades, pithos = (HOSTS[name] + "/" + name for name in sorted(HOSTS))
    assert programs.psql("astakos", ENDPOINTS) == [
        ("astakos_account", "account", astakos + "/account/v1.0/"),
        ("astakos_identity", "identity", astakos + "/identity/v2.0/"),
        ("astakos_weblogin", "astakos_weblogin", astakos + "/weblogin/"),
        ("cyclades_admin", "admin", cyclades + "/admin/"),
        ("cyclades_compute", "compute", cyclades + "/compute/v2.0/"),
        ("cyclades_plankton", "image", cyclades + "/image/v1.0/"),
        ("cyclades_vmapi", "vmapi", cyclades + "/vmapi/v1.0/"),
        ("pithos_object-store", "object-store", pithos + "/object-store/v1/"),
    ]


def test_import_keeps_a_wrong_type_and_replaces_endpoints(programs: Programs) -> None:
    programs.register("astakos", "cyclades", "pithos")
    done = imported(programs, exported(programs, "cyclades"))
    assert "Updated service cyclades_vmapi." in done.out
    assert "Added service cyclades_admin." in done.out
    types = dict(programs.psql("astakos", "SELECT name, type FROM im_service"))
    assert types["cyclades_vmapi"] == "cyclades_vmapi"
    assert programs.psql("astakos", "SELECT count(*) FROM im_endpoint") == [(8,)]


@pytest.mark.parametrize(
    "change, error",
    [
        ({"component": "nosuch"}, "Component 'nosuch' is not registered."),
        ({"endpoints": None}, "Malformed service definition."),
        (
            {"resources": {"x": {"name": "x", "service_type": "y", "service_origin": "z"}}},
            "service_origin mismatch.",
        ),
    ],
)
def test_import_is_all_or_nothing(programs: Programs, change: Any, error: str) -> None:
    services = exported(programs, "cyclades")
    wrong = services["cyclades_plankton"]
    for key, value in change.items():
        wrong[key] = value
        if value is None:
            del wrong[key]
    done = imported(programs, services)
    assert (done.exit, done.err) == (1, "Error: %s\n" % error)
    assert "Added service cyclades_compute." in done.out
    assert programs.psql("astakos", "SELECT count(*) FROM im_service") == [(0,)]


def test_new_resource_gives_verified_users_a_limit_of_0(programs: Programs) -> None:
    programs.register("astakos", "cyclades", "pithos")
    verified = programs.psql("astakos", "SELECT uuid FROM im_astakosuser WHERE email_verified")
    held = programs.psql("astakos", HELD % LIMIT)
    assert sorted(held) == sorted((uuid, 0, 0) for uuid, in verified)


def test_limit_and_own_limits_as_a_real_site_ends_up(programs: Programs) -> None:
    programs.register("astakos", "cyclades", "pithos")
    for command in (
        "snf-manage resource-modify %s --limit 2" % LIMIT,
        "astakos-migrate-0.14 --usersetting",
        "snf-manage reconcile-resources-astakos --fix --force",
    ):
        assert programs.call("astakos", command).exit == 0
    own = dict(
        programs.psql(
            "astakos",
            "SELECT u.uuid, q.capacity FROM im_astakosuserquota q"
            " JOIN im_astakosuser u ON u.user_ptr_id = q.user_id"
            " JOIN im_resource r ON r.id = q.resource_id WHERE r.name = '%s'" % LIMIT,
        )
    )
    pending = dict(
        programs.psql(
            "astakos",
            "SELECT u.uuid, count(*) FROM im_projectapplication a"
            " JOIN im_astakosuser u ON u.user_ptr_id = a.owner_id"
            " WHERE a.state = 0 GROUP BY u.uuid",
        )
    )
    held = {holder: row for holder, *row in programs.psql("astakos", HELD % LIMIT)}
    assert len(own) == 13 and len(held) == 38 and len(pending) == 5
    for holder, (limit, used) in held.items():
        assert limit == own.get(holder, 2)
        assert used == pending.get(holder, 0)
    logged = programs.psql("astakos", "SELECT count(*) FROM quotaholder_app_provisionlog")
    assert logged == [(5,)]


def test_same_limit_again_changes_no_user(programs: Programs) -> None:
    programs.register("astakos", "cyclades", "pithos")
    command = "snf-manage resource-modify %s --limit 3" % LIMIT
    programs.call("astakos", command)
    first = sorted(programs.psql("astakos", HELD % LIMIT))
    programs.call("astakos", command)
    assert sorted(programs.psql("astakos", HELD % LIMIT)) == first
    assert {row[1] for row in first} == {3}


def test_quota_verify_and_sync(programs: Programs) -> None:
    programs.register("astakos", "cyclades", "pithos")
    programs.call("astakos", "snf-manage quota --sync")
    assert programs.call("astakos", "snf-manage quota --sync").out == "No sync needed.\n"
    programs.psql("astakos", "UPDATE quotaholder_app_holding SET \"limit\" = 77 WHERE id = 20")
    done = programs.call("astakos", "snf-manage quota --verify")
    assert (done.exit, done.out) == (0, "Quota differ for 1 users.\n")


def test_component_tokens_and_services(programs: Programs) -> None:
    programs.register("astakos", "cyclades", "pithos")
    tokens = "SELECT auth_token FROM im_component WHERE name = 'cyclades'"
    before = programs.psql("astakos", tokens)
    programs.call("astakos", "snf-manage component-modify cyclades --purge-services")
    assert programs.psql("astakos", tokens) == before
    assert programs.psql("astakos", "SELECT count(*) FROM im_endpoint") == [(4,)]
    done = programs.call("astakos", "snf-manage component-modify cyclades --renew-token")
    assert programs.psql("astakos", tokens) != before
    assert programs.psql("astakos", tokens)[0][0] in done.out


def test_listing_options(programs: Programs) -> None:
    listed = programs.call("astakos", "snf-manage component-list -o name --filter-by 'id>=2'")
    assert listed.out.split() == ["name", "--------", "cyclades", "pithos"]
    wrong = programs.call("astakos", "snf-manage component-list --output-format=tabs")
    assert wrong.exit == 2 and "invalid choice: 'tabs'" in wrong.err
    quoted = "snf-manage component-add 'a,b \"c\"' https://x/ > /dev/null;"
    quoted += " snf-manage component-list --no-headers --output-format=csv | tail -1"
    assert programs.call("astakos", quoted).out.startswith('4,"a,b ""c""",https://x/,')


def test_old_code_on_a_new_schema(programs: Programs) -> None:
    for package in (programs.path / "astakos/usr/lib/synnefo/versions").iterdir():
        package.write_text("0.13\n")
    done = programs.call("astakos", "snf-manage user-list")
    assert done.exit == 1
    assert "django.db.utils.DatabaseError: column im_astakosuser.provider" in done.err
    assert "During handling" not in done.err
