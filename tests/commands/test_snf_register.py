"""snf-register-services and snf-register-verify on practice sites."""

import json

import pytest

from tests.helpers import cli, upgraded

NAMES = ["astakos_account", "astakos_identity", "astakos_weblogin", "cyclades_admin",
         "cyclades_compute", "cyclades_plankton", "cyclades_vmapi", "pithos_object-store"]


@pytest.fixture(scope="module")
def migrated(site_template):
    """A migrated site without anything registered, to be copied."""
    site = site_template.copy()
    upgraded.install(site)
    upgraded.settings(site)
    upgraded.migrate(site)
    yield site
    site.destroy()


@pytest.fixture
def site(migrated):
    copy = migrated.copy()
    upgraded.stop(copy)
    # A copy has ports of its own: its base URLs are new ones.
    upgraded.settings(copy)
    yield copy
    copy.destroy()


def register(site, *arguments):
    return cli.run("snf-register-services", *arguments, site=site)


def verify(site, *arguments):
    return cli.run("snf-register-verify", *arguments, site=site)


def errors(done):
    return [finding["check"] for finding in done.json["findings"]
            if finding["severity"] == "error"]


def services(site):
    return [name for name, in site.psql("astakos", "SELECT name FROM im_service ORDER BY name")]


def node(site, name):
    return next(node for node in upgraded.nodes(site) if node.name == name)


def tokens(site):
    return [token for token, in site.psql("astakos", "SELECT auth_token FROM im_component "
                                                     "WHERE auth_token IS NOT NULL")]


def test_before_the_migration(practice_site):
    assert register(practice_site, "--check", "--json").expect(5).json["changed"]
    assert "snf-migrate-db" in register(practice_site).expect(3).err
    assert errors(verify(practice_site, "--json").expect(4)) == ["not-migrated"]


def test_register_verify_and_again(site):
    old = tokens(site)
    register(site, "--check").expect(5)
    assert "registered-missing-component" in errors(verify(site, "--json").expect(4))
    done = register(site, "--json").expect(0)
    assert done.json["changed"] and services(site) == NAMES
    assert [line.split()[0] for line in done.json["result"]["done"]] == [
        "component-modify", "component-modify", "component-add",
        "service-import", "service-import", "service-import"]
    assert set(old) < set(tokens(site)), "the old tokens stay valid"
    endpoints = site.psql("astakos", "SELECT id FROM im_endpoint ORDER BY id")
    again = register(site, "--json").expect(0)
    assert not again.json["changed"] and again.json["result"]["done"] == []
    assert site.psql("astakos", "SELECT id FROM im_endpoint ORDER BY id") == endpoints
    register(site, "--check").expect(0)
    verified = verify(site).expect(0)
    assert "WRONG" not in verified.out and "~okeanos home" in verified.out
    for token in tokens(site):
        assert token not in done.out + done.err + again.out + verified.out


def test_by_hand_without_site_conf(site, tmp_path):
    env = {"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}
    for name in ("cyclades", "pithos"):
        path = tmp_path / (name + ".json")
        done = cli.run("snf-register-services", "--node", site.node(name), "--role", name,
                       "--export", path, env=env).expect(0)
        assert "example.synnefo.org" not in done.out
        assert set(json.loads(path.read_text())) == {n for n in NAMES if n.startswith(name)}
    astakos = ("--node", site.node("astakos"), "--role", "astakos")
    files = (tmp_path / "cyclades.json", tmp_path / "pithos.json")
    cli.run("snf-register-services", *astakos, *files, "--settings-dir", "/etc/synnefo",
            "--db-admin", "postgresql://postgres@/postgres?host=%s/run" % site.dir, "--yes",
            env=env).expect(0)
    assert services(site) == NAMES
    register(site, "--check").expect(0)
    urls = [word for name, row in verify(site, "--json").expect(0).json["result"][
        "components"].items() for word in ("--base-url", "%s=%s" % (name, row["base_url"]))]
    cli.run("snf-register-verify", *astakos, *urls, env=env).expect(0)
    cli.run("snf-register-verify", *astakos, env=env).expect(2)
    cli.run("snf-register-verify", *astakos, "--base-url",
            "pithos=http://127.0.0.1:1/elsewhere", env=env).expect(4)


def test_what_is_missing_by_hand_is_named(site, tmp_path):
    env = {"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}
    done = cli.run("snf-register-services", "--node", site.node("astakos"), "--role", "astakos",
                   "--base-url", "cyclades=http://127.0.0.1:1/cyclades", env=env).expect(2)
    assert "--export FILE" in done.err
    assert services(site) == []
    register(site, "--export", tmp_path / "x", tmp_path / "y").expect(2)
    register(site, tmp_path / "none").expect(2)


def test_an_unset_base_url_is_refused(site, tmp_path):
    path = site.node("pithos") / "etc/synnefo/99-base-urls.conf"
    path.write_text("")
    done = register(site).expect(3)
    assert "PITHOS_BASE_URL is not set there" in done.err and services(site) == []
    register(site, "--node", "pithos", "--export", tmp_path / "f").expect(3)
    assert not (tmp_path / "f").exists()


def test_another_base_url_than_site_conf_is_refused(site):
    path = site.node("pithos") / "etc/synnefo/99-base-urls.conf"
    path.write_text("PITHOS_BASE_URL = 'http://127.0.0.1:1/other'\n")
    assert "http://127.0.0.1:1/other" in register(site).expect(3).err
    assert services(site) == []


def test_one_component(site):
    register(site, "--node", "astakos").expect(0)
    register(site, "--node", "pithos").expect(0)
    assert services(site) == [name for name in NAMES if not name.startswith("cyclades")]
    verify(site, "--node", "pithos").expect(0)
    verify(site, "--node", "cyclades").expect(4)
    verify(site, "--node", "nowhere").expect(2)


def test_a_type_registered_by_hand_is_told_with_lines_that_mend_it(site):
    register(site).expect(0)
    site.psql("astakos", "UPDATE im_service SET type = 'cyclades_vmapi' "
                         "WHERE name = 'cyclades_vmapi'")
    for arguments in ((), ("--check",)):
        done = register(site, *arguments, "--json").expect(4)
        assert errors(done) == ["service-type"]
    assert errors(verify(site, "--json").expect(4)) == ["service-type"]
    first, second = done.json["findings"][0]["remedy"].splitlines()
    assert second == "snf-register-services"
    assert node(site, "astakos").run(first.split()).ok
    register(site).expect(0)
    verify(site).expect(0)


def test_each_ui_url_is_mended_by_the_line_that_verify_prints(site):
    register(site).expect(0)
    site.psql("astakos", "UPDATE im_component SET url = 'notaurl' WHERE name = 'pithos'")
    finding, = [f for f in verify(site, "--json").expect(4).json["findings"]
                if f["severity"] == "error"]
    assert node(site, "astakos").run(finding["remedy"].split()).ok
    verify(site).expect(0)


def test_a_lost_token_and_a_lost_endpoint(site):
    register(site).expect(0)
    site.psql("astakos", "DELETE FROM im_endpointdata WHERE value LIKE '%compute%'")
    assert errors(verify(site, "--json").expect(4)) == ["registered-endpoint"]
    register(site).expect(0)
    site.psql("astakos", "UPDATE im_component SET auth_token = NULL WHERE name = 'pithos'")
    assert errors(verify(site, "--json").expect(4)) == ["component-token"]
    register(site).expect(4)


def test_a_leftover_with_the_very_url(site):
    url = "(SELECT replace(url, '/im/', '/astakos/ui/') FROM im_component WHERE id = %s)"
    row, = site.psql("astakos", "SELECT id FROM im_component WHERE name LIKE '%okeanos%'")
    site.psql("astakos", "UPDATE im_component SET url = %s WHERE id = %d"
              % (url % row[0], row[0]))
    base = [r for r in site.psql("astakos", "SELECT url FROM im_component WHERE id = %d" % row)]
    wanted = cli.run("snf-register-services", "--check", "--json", site=site).json[
        "result"]["components"]["astakos"]["ui_url"]
    site.psql("astakos", "UPDATE im_component SET url = '%s' WHERE id = %d" % (wanted, row[0]))
    assert base
    done = register(site).expect(3)
    assert "component-remove %d" % row in done.err and services(site) == []


@pytest.mark.parametrize("lie", ["component-modify", "component-add", "service-import"])
def test_a_snf_manage_that_exits_0_and_did_nothing(site, lie):
    path = site.node("astakos") / "usr/bin/snf-manage"
    real = path.with_name("snf-manage.real")
    path.rename(real)
    path.write_text('#!/bin/sh\n[ "$1" = %s ] && exit 0\nexec snf-manage.real "$@"\n' % lie)
    path.chmod(0o755)
    assert lie in register(site).expect(1).err


def test_http(site, tmp_path):
    register(site).expect(0)
    done = verify(site, "--http", "--json").expect(4)
    assert set(errors(done)) == {"http-no-answer"}
    for one in upgraded.nodes(site):
        one.run(["service", "gunicorn", "start"])
    uuid, token = site.psql("astakos", "SELECT uuid, auth_token FROM im_astakosuser WHERE "
                                       "email_verified AND auth_token IS NOT NULL LIMIT 1")[0]
    (tmp_path / "token").write_text(token + "\n")
    done = verify(site, "--user-token-file", tmp_path / "token", "--json").expect(0)
    assert len(done.json["result"]["http"]) == 2 + 1 + 2 + 8 + 2
    assert token not in done.out
    assert verify(site, "--http").expect(0).out.count("WRONG") == 0
    (tmp_path / "token").write_text("nobody-has-this-token\n")
    verify(site, "--user-token-file", tmp_path / "token").expect(4)
    (tmp_path / "token").write_text("two words\n")
    verify(site, "--user-token-file", tmp_path / "token").expect(2)
    verify(site, "--user-token-file", tmp_path / "none").expect(2)


def test_http_shows_a_wrong_base_url_of_astakos(site):
    """Nothing but HTTP does (OBSERVED I): 0.13's address under the new name."""
    register(site).expect(0)
    path = site.node("cyclades") / "etc/synnefo/zz-late.conf"
    path.write_text("ASTAKOS_BASE_URL = ASTAKOS_BASE_URL + '/im/authenticate'\n")
    for one in upgraded.nodes(site):
        one.run(["service", "gunicorn", "start"])
    verify(site).expect(0)
    finding, = [row for row in verify(site, "--http", "--json").expect(4).json["findings"]
                if row["severity"] == "error"]
    assert "cyclades_compute" in finding["what"] and "404" in finding["what"]
    assert finding["remedy"] == "snf-settings-check --node all"


def test_one_host(site_template_one_host):
    site = site_template_one_host.copy()
    try:
        upgraded.install(site)
        upgraded.settings(site)
        upgraded.migrate(site)
        register(site).expect(0)
        assert services(site) == NAMES
        verify(site).expect(0)
        assert not register(site, "--json").expect(0).json["changed"]
    finally:
        site.destroy()


def test_settings_get_a_missing_token_from_the_component(site):
    """Astakos is of 0.14 already: the token is the component's, no longer the service's."""
    path = site.node("cyclades") / "etc/synnefo/20-snf-cyclades-app-api.conf"
    text = path.read_text()
    path.write_text("".join(line for line in text.splitlines(keepends=True)
                            if not line.startswith("CYCLADES_ASTAKOS_SERVICE_TOKEN")))
    assert path.read_text() != text
    [(token,)] = site.psql("astakos", "UPDATE im_component SET auth_token = 'planted-token'"
                           " WHERE name = 'cyclades' RETURNING auth_token")
    done = cli.run("snf-settings-rename", "--node", "cyclades", "--diff", site=site).expect(0)
    assert "CYCLADES_SERVICE_TOKEN = '%s'\n" % token in path.read_text()
    assert token not in done.out + done.err
