"""snf-settings-rename and snf-settings-check as command lines, on plain directories."""

from __future__ import annotations

import os

import pytest

from tests.helpers.cli import run

OLD = ("APP_INSTALL_URL = 'https://c.org'\nASTAKOS_URL = 'https://a.org/im/authenticate'\n"
       "CYCLADES_ASTAKOS_SERVICE_TOKEN = 'planted-token'\n")


@pytest.fixture
def place(tmp_path):
    directory = tmp_path / "synnefo"
    directory.mkdir()
    (directory / "cyclades.conf").write_text(OLD)
    return directory


@pytest.fixture
def rename(place, tmp_path):
    def call(*words, url=True):
        urls = ["--base-url", "astakos=https://a.org/astakos",
                "--base-url", "cyclades=https://c.org/cyclades"] if url else []
        done = run("snf-settings-rename", "--settings-dir", str(place), "--role", "cyclades",
                   *urls, *words, env={"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state"),
                                       "PATH": "/usr/bin:/bin"})
        assert "planted" not in done.out + done.err
        assert "Traceback" not in done.err
        return done
    return call


def test_check_changes_nothing(rename, place):
    rename("--check").expect(5)
    assert (place / "cyclades.conf").read_text() == OLD
    assert os.listdir(str(place)) == ["cyclades.conf"]


def test_rename_twice_check_and_undo(rename, place, tmp_path):
    rename().expect(0)
    text = (place / "cyclades.conf").read_text()
    assert "CYCLADES_SERVICE_TOKEN = 'planted-token'" in text
    assert "nothing to change" in rename().expect(0).out
    rename("--check").expect(0)
    run("snf-settings-check", "--settings-dir", str(place), "--role", "cyclades",
        env={"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}).expect(0)
    rename("--undo", "--check").expect(5)
    rename("--undo").expect(0)
    assert (place / "cyclades.conf").read_text() == OLD
    rename("--undo", "--check").expect(0)


def test_json_has_every_edit(rename):
    document = rename("--json", "--check").expect(5).json
    assert document["changed"]
    (node,) = document["result"]["nodes"].values()
    edits = {(edit["old"], edit["new"]) for edit in node["edits"]}
    assert ("APP_INSTALL_URL", "CYCLADES_BASE_URL") in edits
    assert all(set(edit) == {"file", "line", "rule", "name", "old", "new"}
               for edit in node["edits"])


def test_diff(rename):
    out = rename("--diff", "--check").expect(5).out
    assert "+CYCLADES_SERVICE_TOKEN = '***'" in out
    assert "-APP_INSTALL_URL = 'https://c.org'" in out


def test_refused_with_its_line(rename, place):
    (place / "z.conf").write_text("X = 1\nif X:\n    globals()['ASTAKOS_URL'] = 1\n")
    done = rename()
    assert done.code == 3 and "z.conf:3" in done.out + done.err
    assert (place / "cyclades.conf").read_text() == OLD


def test_syntax_error(rename, place):
    (place / "z.conf").write_text("X = (1,\n")
    assert "z.conf:1" in rename().expect(78).out


def test_missing_values_name_the_option(rename, place):
    (place / "cyclades.conf").write_text("X = 1\n")
    done = rename("--base-url", "astakos=https://a.org/astakos", url=False).expect(2)
    assert "--base-url" in done.err
    assert "--token-file" in rename().expect(2).err


def test_token_file(rename, place, tmp_path):
    (place / "cyclades.conf").write_text("X = 1\n")
    token = tmp_path / "token"
    token.write_text("planted-2\n")
    token.chmod(0o644)
    rename("--token-file", str(token)).expect(3)
    token.chmod(0o600)
    rename("--token-file", str(token)).expect(0)
    texts = [path.read_text() for path in place.iterdir()]
    assert any("CYCLADES_SERVICE_TOKEN = 'planted-2'" in text for text in texts)


def test_comment_removed(rename, place):
    (place / "z.conf").write_text("QH_API = CYCLADES_QUOTAHOLDER_URL + '/v'\n")
    rename().expect(3)
    rename("--comment-removed").expect(0)
    assert (place / "z.conf").read_text().startswith("# removed in 0.14: QH_API")


def test_settings_check_tells_all_at_once(place):
    done = run("snf-settings-check", "--settings-dir", str(place), "--role", "cyclades", "--json")
    document = done.expect(4).json
    checks = {finding["check"] for finding in document["findings"]}
    assert {"settings-base-url", "settings-old-name", "settings-cloudbar"} <= checks
    assert "planted" not in done.out


def test_a_settings_directory_that_is_not_there(tmp_path):
    for command in ("snf-settings-check", "snf-settings-rename"):
        done = run(command, "--settings-dir", str(tmp_path / "no"), "--role", "astakos",
                   env={"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")})
        assert done.code == 1 and "Traceback" not in done.err


def test_email_values_are_written_and_proven_without_a_site_conf(tmp_path):
    directory = tmp_path / "synnefo"
    directory.mkdir()
    (directory / "astakos.conf").write_text(
        "ASTAKOS_BASE_URL = 'https://a.org/astakos'\n"
        "CLOUDBAR_LOCATION = 'https://a.org/static/im/cloudbar/'\n"
        "CLOUDBAR_SERVICES_URL = 'https://a.org/astakos/ui/get_services'\n"
        "CLOUDBAR_MENU_URL = 'https://a.org/astakos/ui/get_menu'\n")
    where = ["--settings-dir", str(directory), "--role", "astakos", "--email",
             "--base-url", "astakos=https://a.org/astakos"]
    people = [word for key in ("helpdesk", "managers", "admins")
              for word in ("--email-value", key + "=Joe Doe <doe@a.org>")]
    wanted = [*people, "--email-value", "contact=help@a.org",
              "--email-value", "from=Cloud <no-reply@a.org>"]
    env = {"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}
    run("snf-settings-rename", *where, *wanted, env=env).expect(0)
    assert "CONTACT_EMAIL = 'help@a.org'" in "".join(
        path.read_text() for path in directory.iterdir())
    run("snf-settings-rename", *where, *wanted, "--check", env=env).expect(0)
    run("snf-settings-check", *where, env=env).expect(0)
    run("snf-settings-rename", *where, *people, "--email-value", "contact=else@a.org",
        "--check", env=env).expect(5)
