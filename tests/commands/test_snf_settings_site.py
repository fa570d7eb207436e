"""snf-settings-rename and snf-settings-check on a practice site."""

from __future__ import annotations

import os
import re

from tests.helpers.cli import run

NODES = ("astakos", "cyclades", "pithos")


def contents(site):
    found = {}
    for name in NODES:
        directory = site.node(name) / "etc/synnefo"
        for path in sorted(directory.iterdir()):
            if path.is_file():
                found[(name, path.name)] = (path.read_bytes(), path.stat().st_mode)
    return found


def test_all_nodes_there_and_back(practice_site):
    before = contents(practice_site)
    run("snf-settings-check", "--node", "all", site=practice_site).expect(4)
    run("snf-settings-rename", "--node", "all", "--email", "--check",
        site=practice_site).expect(5)
    assert contents(practice_site) == before
    run("snf-settings-rename", "--node", "all", "--email", site=practice_site).expect(0)
    run("snf-settings-rename", "--node", "all", "--email", "--check",
        site=practice_site).expect(0)
    document = run("snf-settings-check", "--node", "all", "--email", "--json",
                   site=practice_site).expect(0).json
    values = document["result"]["nodes"]["cyclades"]["values"]
    assert values["ASTAKOS_BASE_URL"].endswith("/astakos")
    assert values["CLOUDBAR_MENU_URL"] == values["ASTAKOS_BASE_URL"] + "/ui/get_menu"
    assert document["result"]["nodes"]["cyclades"]["asked"]
    assert not [name for node in NODES for name in os.listdir(str(practice_site.node(node) / "tmp"))
                if name.startswith("snf-settings")]
    run("snf-settings-rename", "--node", "all", "--undo", site=practice_site).expect(0)
    assert contents(practice_site) == before


def test_what_site_conf_says_is_not_asked_for_again(practice_site):
    limit = "ASTAKOS_PENDING_APPLICATION_LIMIT means nothing"
    path = practice_site.node("astakos") / "etc/synnefo/20-snf-astakos-app-settings.conf"
    assert "\nASTAKOS_PENDING_APPLICATION_LIMIT" in path.read_text()
    for command in ("snf-settings-rename", "snf-settings-check"):
        done = run(command, "--node", "astakos", *(["--check"] if "rename" in command else []),
                   site=practice_site)
        assert limit not in done.out + done.err
    text = practice_site.conf.read_text()
    practice_site.conf.write_text(re.sub("(?m)^pending_app_limit.*\n", "", text))
    done = run("snf-settings-rename", "--check", "--node", "astakos", site=practice_site)
    told = " ".join(done.expect(5).out.split())
    assert limit in told and "pending_app_limit in site.conf" in told
    practice_site.conf.write_text(text)


def test_a_missing_token_comes_from_the_database(practice_site):
    path = practice_site.node("cyclades") / "etc/synnefo/20-snf-cyclades-app-api.conf"
    lines = path.read_text().splitlines(keepends=True)
    token = [line for line in lines if line.startswith("CYCLADES_ASTAKOS_SERVICE_TOKEN")][0]
    value = token.split("'")[1]
    path.write_text("".join(line for line in lines if line != token))
    done = run("snf-settings-rename", "--node", "cyclades", "--diff",
               site=practice_site).expect(0)
    assert "CYCLADES_SERVICE_TOKEN = '%s'\n" % value in path.read_text()
    assert value not in done.out + done.err


def test_a_wrong_token_is_found_and_not_shown(practice_site):
    path = practice_site.node("cyclades") / "etc/synnefo/20-snf-cyclades-app-api.conf"
    run("snf-settings-rename", "--node", "cyclades", site=practice_site).expect(0)
    with open(str(path), "a") as stream:
        stream.write("CYCLADES_SERVICE_TOKEN = 'planted-token'\n")
    done = run("snf-settings-check", "--node", "cyclades", site=practice_site).expect(4)
    assert "not the registered token" in done.out and "planted" not in done.out + done.err


def test_what_synnefo_would_not_read_is_refused(practice_site):
    path = practice_site.node("pithos") / "etc/synnefo/99-local.conf"
    path.write_text("MINE = NO_SUCH_NAME\n")
    before = contents(practice_site)
    done = run("snf-settings-rename", "--node", "pithos", site=practice_site).expect(3)
    assert "NO_SUCH_NAME" in done.out + done.err
    assert contents(practice_site) == before


def test_one_refused_node_keeps_all_as_they_are(practice_site):
    (practice_site.node("pithos") / "etc/synnefo/99-local.conf").write_text(
        "class A:\n    PITHOS_AUTHENTICATION_URL = 'x'\n")
    before = contents(practice_site)
    done = run("snf-settings-rename", "--node", "all", site=practice_site).expect(3)
    assert "99-local.conf:2" in done.out
    assert contents(practice_site) == before


def test_two_roles_on_one_node(practice_site_one_host):
    site = practice_site_one_host
    run("snf-settings-rename", "--node", "all", "--email", site=site).expect(0)
    run("snf-settings-rename", "--node", "all", "--email", "--check", site=site).expect(0)
    document = run("snf-settings-check", "--node", "all", "--email", "--json",
                   site=site).expect(0).json
    values = document["result"]["nodes"]["node1"]["values"]
    assert values["ASTAKOS_BASE_URL"].endswith("/astakos")
    assert values["CYCLADES_BASE_URL"].endswith("/cyclades")
    run("snf-settings-rename", "--node", "all", "--undo", site=site).expect(0)
