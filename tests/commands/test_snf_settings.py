"""snf-settings-rename and snf-settings-check as command lines, on plain directories."""

from __future__ import annotations

import os

import pytest

from tests.helpers.cli import run

OLD = ("APP_INSTALL_URL = 'https://c.org'\nASTAKOS_URL = 'https://a.org/im/authenticate'\n"
       "CYCLADES_ASTAKOS_SERVICE_TOKEN = 'planted-token'\n")


@pytest.fixture
def root(tmp_path):
    """A node's root directory of its own: this machine's lock is for one test at a time."""
    made = tmp_path / "root"
    (made / "run/lock").mkdir(parents=True)
    (made / "etc/synnefo").mkdir(parents=True)
    return made


@pytest.fixture
def place(root):
    directory = root / "etc/synnefo"
    (directory / "cyclades.conf").write_text(OLD)
    return directory


@pytest.fixture
def rename(place, root, tmp_path):
    def call(*words, url=True):
        urls = ["--base-url", "astakos=https://a.org/astakos",
                "--base-url", "cyclades=https://c.org/cyclades"] if url else []
        done = run("snf-settings-rename", "--node", str(root), "--role", "cyclades", *urls,
                   *words, env={"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state"),
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


@pytest.mark.parametrize("data,says", [
    (None, "No such file"), (b"", "the token alone"), (b" \n", "the token alone"),
    (b"planted-2 planted-3\n", "the token alone"), (b"planted-2\nplanted-3\n", "the token alone"),
    (b"\xff\xfe\x00planted", "no text"), ("dir", "Is a directory")],
    ids=["missing", "empty", "blank", "two-words", "two-lines", "no-text", "directory"])
def test_a_token_file_that_holds_no_token(rename, place, tmp_path, data, says):
    (place / "cyclades.conf").write_text("X = 1\n")
    token = tmp_path / "token"
    if data == "dir":
        token.mkdir(0o700)
    elif data is not None:
        token.write_bytes(data)
        token.chmod(0o600)
    done = rename("--token-file", str(token)).expect(2)
    assert says in done.err and str(token) in done.err
    assert os.listdir(str(place)) == ["cyclades.conf"]
    assert (place / "cyclades.conf").read_text() == "X = 1\n"


def test_a_token_file_by_its_link_is_judged_by_what_it_leads_to(rename, place, tmp_path):
    (place / "cyclades.conf").write_text("X = 1\n")
    token, link = tmp_path / "token", tmp_path / "link"
    token.write_text("planted-2\n")
    token.chmod(0o640)
    link.symlink_to(token)
    assert "chmod 600" in rename("--token-file", str(link)).expect(3).err
    token.chmod(0o600)
    rename("--token-file", str(link)).expect(0)
    assert any("CYCLADES_SERVICE_TOKEN = 'planted-2'" in path.read_text()
               for path in place.iterdir())


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


def test_email_values_are_written_and_proven_without_a_site_conf(root, tmp_path):
    directory = root / "etc/synnefo"
    (directory / "astakos.conf").write_text(
        "ASTAKOS_BASE_URL = 'https://a.org/astakos'\n"
        "CLOUDBAR_LOCATION = 'https://a.org/static/im/cloudbar/'\n"
        "CLOUDBAR_SERVICES_URL = 'https://a.org/astakos/ui/get_services'\n"
        "CLOUDBAR_MENU_URL = 'https://a.org/astakos/ui/get_menu'\n")
    where = ["--node", str(root), "--role", "astakos", "--email",
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


def test_alone_on_this_machine_with_a_directory_of_any_name(tmp_path):
    """A line of the runbook: no site.conf, no node, two roles, files of any naming."""
    for name, text in (("astakos.conf", "ASTAKOS_BASEURL = 'https://a.org'\n"),
                       (".early.conf", "X = 1\n"), ("99-local.conf", "def late():\n"
                                                    "    return APP_INSTALL_URL\n"),
                       ("cyclades.conf", OLD), ("notes.txt", "ASTAKOS_URL = (\n")):
        (tmp_path / name).write_text(text)
    (tmp_path / "webclient.conf").symlink_to("elsewhere")
    (tmp_path / "elsewhere").write_text("W = ASTAKOS_URL\n")
    done = run("snf-settings-rename", "--settings-dir", str(tmp_path), "--role", "astakos",
               "--role", "cyclades", "--base-url", "astakos=https://a.org/astakos",
               "--base-url", "cyclades=https://c.org/cyclades", "--check", "--json",
               env={"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}).expect(5)
    (node,) = done.json["result"]["nodes"].values()
    assert {os.path.basename(edit["file"]) for edit in node["edits"]} >= {
        "astakos.conf", "99-local.conf", "cyclades.conf", "webclient.conf"}
    assert not (tmp_path / "state").exists()


def test_another_directory_of_the_node(root, tmp_path):
    other = root / "srv/settings"
    other.mkdir(parents=True)
    (other / "cyclades.conf").write_text(OLD)
    words = ["--node", str(root), "--role", "cyclades", "--settings-dir", "/srv/settings",
             "--base-url", "astakos=https://a.org/astakos",
             "--base-url", "cyclades=https://c.org/cyclades"]
    env = {"SNF_UPGRADE_STATE_DIR": str(tmp_path / "state")}
    run("snf-settings-rename", *words, env=env).expect(0)
    assert "CYCLADES_BASE_URL" in (other / "cyclades.conf").read_text()
    run("snf-settings-rename", *words, "--undo", env=env).expect(0)
    assert (other / "cyclades.conf").read_text() == OLD


def test_the_diff_has_colours_when_they_are_wanted(rename):
    plain = rename("--diff", "--check").expect(5).out
    assert "\x1b" not in plain
    coloured = rename("--diff", "--check", "--color", "always").expect(5).out
    assert "\x1b[31m-APP_INSTALL_URL = 'https://c.org'\x1b[0m" in coloured
    assert "\x1b[32m+CYCLADES_BASE_URL = 'https://c.org/cyclades'\x1b[0m" in coloured
    assert "\x1b" not in rename("--diff", "--check", "--color", "never").expect(5).out


SECRETS = [
    "X, CYCLADES_ASTAKOS_SERVICE_TOKEN = 1, 'planted'\n",
    "if X: Y = 1; MY_SECRET = 'planted'\n",
    "DATABASES = {'default': {'USER': 'u', 'PASSWORD': 'planted'}}\n",
    "DB['default'] = {'PASSWORD': 'planted'}\n", "db_pass = 'planted'\n",
    "U = 'postgresql://u:planted@h/db'\n", "V = 'host=h password=planted'\n",
    "#DATABASES = {\n#    'PASSWORD': 'planted',\n#}\n",
    "KEY_TOKEN = 1\nS = ('''\nq''', KEY_TOKEN, 'planted')\n",
    "APP_INSTALL_URL = 'https://joe:planted@c.org'\n"]


@pytest.mark.parametrize("line", SECRETS)
def test_no_secret_is_shown(rename, place, line):
    for more in ("", "x = globals()['ASTAKOS_URL']\n"):
        (place / "z.conf").write_text("X = 0\nDB = {}\n" + line + more)
        for words in (["--check", "--diff"], ["--check", "--json"]):
            rename(*words)      # looks for "planted" itself


def test_comments_and_strings_are_told_and_left(rename, place):
    text = "# ASTAKOS_URL was here\nNOTE = 'see APP_INSTALL_URL'\n"
    (place / "z.conf").write_text(text)
    document = rename("--json").expect(0).json
    told = [(one["severity"], one["where"], one["what"]) for one in document["findings"]
            if one["check"] == "settings-mentioned"]
    assert ("note", "/etc/synnefo/z.conf:1", "comments still say ASTAKOS_URL in line 1") in told
    assert ("note", "/etc/synnefo/z.conf:2", "strings still say APP_INSTALL_URL in line 2") in told
    assert (place / "z.conf").read_text() == text


def test_undo_refuses_what_was_changed_since(rename, place):
    rename().expect(0)
    with open(place / "cyclades.conf", "a") as stream:
        stream.write("MINE = 1\n")
    before = (place / "cyclades.conf").read_text()
    assert "was changed since" in rename("--undo").expect(3).err
    assert (place / "cyclades.conf").read_text() == before


def test_two_names_of_one_file(rename, place):
    (place / "zz.conf").symlink_to("cyclades.conf")
    rename().expect(0)
    assert "CYCLADES_BASE_URL" in (place / "cyclades.conf").read_text()
    rename("--check").expect(0)
    rename("--undo").expect(0)
    assert (place / "cyclades.conf").read_text() == OLD and (place / "zz.conf").is_symlink()


@pytest.mark.parametrize("data", [b"\x00\xff\x00", b"X = '''\n", b"\xfe\xff\x00A", b"X = (\n",
                                  b"ASTAKOS_URL = = 1\n", b"# coding: utf-16\nX = 1\n"])
def test_what_is_no_python_2_is_78_and_nothing_is_written(rename, place, data):
    (place / "z.conf").write_bytes(data)
    rename().expect(78)
    assert (place / "cyclades.conf").read_text() == OLD
    assert sorted(os.listdir(place)) == ["cyclades.conf", "z.conf"]


def test_directories_and_dangling_links_are_left_alone(rename, place):
    (place / "dir.conf").mkdir()
    (place / "gone.conf").symlink_to("nowhere")
    (place / "loop.conf").symlink_to("loop.conf")
    (place / "under.conf").symlink_to(place / "gone.conf" / "file")
    os.mkfifo(str(place / "fifo.conf"))
    rename().expect(0)
    assert (place / "dir.conf").is_dir() and (place / "gone.conf").is_symlink()
