"""What stands around the settings: files of web servers, who may read, what Python says."""

from __future__ import annotations

import os
import shutil

import pytest

from snftools.errors import Failed, Refused
from snftools.node.base import Stat
from snftools.node.root import RootNode
from snftools.release import Release
from snftools.settings import asked
from snftools.settings.around import Around, Reader, look
from snftools.settings.directory import SettingsDir
from tests.helpers.settings import found, findings, right

ERROR, WARNING, NOTE = "error", "warning", "note"
APACHE = "/etc/apache2/sites-enabled/synnefo"


def web(line, *roles):
    roles = roles or ("astakos",)
    items = findings(right(*roles), *roles, around=Around({APACHE: "# /im/\n  %s\n" % line}))
    assert all((item.check, item.severity) == ("settings-old-address", WARNING) for item in items)
    assert all(item.where == APACHE + ":2" for item in items)
    return [(item.why, item.remedy) for item in items]


@pytest.mark.parametrize("line,why,remedy", [
    ("<Location /im/login/shibboleth>", "/im is /astakos/ui now",
     "<Location /astakos/ui/login/shibboleth>"),
    ("RewriteRule ^/login(.*) /im/login/redirect$1 [PT,NE]", "/im is /astakos/ui now",
     "RewriteRule ^/login(.*) /astakos/ui/login/redirect$1 [PT,NE]"),
    ("RewriteRule ^/im/authenticate$ http://127.0.0.1:8080/im/authenticate [P]",
     "/im/authenticate is /astakos/account/v1.0/authenticate now",
     "RewriteRule ^/astakos/account/v1.0/authenticate$ "
     "http://127.0.0.1:8080/astakos/account/v1.0/authenticate [P]"),
    ("ProxyPass /quotaholder http://127.0.0.1:8008/", "/quotaholder is gone", ""),
    ("'args': ('quotaholder.settings',),", "quotaholder is gone", "delete the line"),
    ("location /user_catalogs {", "/user_catalogs is /astakos/account/v1.0/user_catalogs now",
     "location /astakos/account/v1.0/user_catalogs {"),
])
def test_old_addresses_of_a_web_server(line, why, remedy):
    assert web(line) == [(why, remedy)]


@pytest.mark.parametrize("line,role,remedy", [
    (r"RewriteRule ^/api/v1\.1(.*)$ /x$1", "cyclades",
     "RewriteRule ^/cyclades/compute/v2.0(.*)$ /x$1"),
    ("ProxyPass /plankton http://127.0.0.1:8080/plankton", "cyclades",
     "ProxyPass /cyclades/image/v1.0 http://127.0.0.1:8080/cyclades/image/v1.0"),
    ("location /vmapi {", "cyclades", "location /cyclades/vmapi/v1.0 {"),
    ("location /v1 {", "pithos", "location /object-store/v1 {"),
])
def test_old_addresses_by_role(line, role, remedy):
    assert [new for _, new in web(line, role)] == [remedy]


@pytest.mark.parametrize("line,role", [
    ("Alias /static/im/ /usr/share/synnefo/static/im/", "astakos"),
    ("location /v1 {", "astakos"), ("location /astakos/ui/im {", "astakos"),
    ("ProxyPass / http://127.0.0.1:8080/ retry=0", "astakos"), ("location /v1.1 {", "pithos"),
    ("location /astakos/account/v1.0/user_catalogs {", "astakos"),
    ("location /helpdesk-old {", "cyclades"), ("'working_dir': '/etc/synnefo',", "pithos")])
def test_addresses_that_are_right(line, role):
    assert web(line, role) == []


def test_a_base_url_without_a_path_keeps_some_addresses():
    text = right("cyclades").replace("c.org/cyclades", "c.org")
    assert found(text, "cyclades", around=Around({APACHE: "location /helpdesk {"})) == set()


def test_a_file_that_could_not_be_read_is_no_success():
    (one,) = findings(right("astakos"), "astakos",
                      around=Around(unread=((APACHE, "Permission denied"),)))
    assert (one.severity, one.code, one.where) == (ERROR, 1, APACHE)


# -- readable ---------------------------------------------------------------------------------

WWW = Reader("www-data", 33, frozenset([33, 40]))


def test_root_reads_everything():
    assert Reader("root", 0, frozenset()).may(Stat("file", 0o000, 33, 33, 1, 0), 4)


def stats(mode, uid=0, gid=33, kind="file"):
    return {"/etc/synnefo/a.conf": Stat(kind, mode, uid, gid, 1, 0)}


@pytest.mark.parametrize("given,good", [
    (stats(0o640), True), (stats(0o644, gid=0), True), (stats(0o640, gid=40), True),
    (stats(0o600, uid=33), True), (stats(0o640, gid=0), False), (stats(0o600), False),
    (stats(0o604), False), (stats(0o044, uid=33), False),
    (stats(0o750, kind="dir"), True), (stats(0o740, kind="dir"), False),
    (stats(0o750, gid=0, kind="dir"), False), (stats(0o755, gid=0, kind="dir"), True)])
def test_readable_by_www_data(given, good):
    for path, severity in (("/etc/synnefo", ERROR), ("/root/staged", WARNING)):
        one = found(right("pithos"), "pithos", around=Around(stats=given, reader=WWW), path=path)
        assert one == (set() if good else {("readable", severity)})


def test_a_node_that_does_not_know_the_account_is_not_judged():
    assert not found(right("pithos"), "pithos", around=Around(stats=stats(0o600)))


# -- looking at a node ----------------------------------------------------------------------

@pytest.fixture
def node(tmp_path):
    for name in ("etc/synnefo", "etc/gunicorn.d", "etc/apache2/sites-enabled", "etc/nginx/conf.d",
                 "etc/apache2/sites-available"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "etc/synnefo/a.conf").write_text("X = 1\n")
    return RootNode("n1", ("astakos",), str(tmp_path))


def seen(node):
    return look(node, SettingsDir.read(node), Release.read().part("settings")["checks"], ["p"])


def test_which_files_are_looked_at(node, tmp_path):
    etc = tmp_path / "etc"
    (etc / "gunicorn.d/synnefo").write_bytes(b"caf\xe9 /im/")
    (etc / "gunicorn.d/synnefo.example").write_text("/im/")
    (etc / "apache2/sites-available/a").write_text("/im/")
    os.symlink("../sites-available/a", str(etc / "apache2/sites-enabled/a"))
    os.symlink("nowhere", str(etc / "apache2/sites-enabled/gone"))
    (etc / "apache2/sites-enabled/a.dpkg-old").write_text("/im/")
    (etc / "apache2/sites-enabled/b~").write_text("/im/")
    (etc / "apache2/sites-enabled/dir").mkdir()
    (etc / "nginx/nginx.conf").write_text("")
    (etc / "nginx/conf.d/big").write_bytes(b"x" * 1000001)
    around = seen(node)
    texts = {path: text for path, text in around.web.items() if text}
    assert set(texts) == {"/etc/gunicorn.d/synnefo", "/etc/apache2/sites-enabled/a"}
    assert around.unread == (("/etc/nginx/conf.d/big", "it has 1000001 bytes"),)
    assert around.reader is None and around.packages == {"p"}
    assert set(around.stats) == {"/etc/synnefo", "/etc/synnefo/a.conf"}


def test_the_account_by_the_nodes_own_files(node, tmp_path):
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n\nbroken\nwww-data:x:33:34::/:\n")
    assert seen(node).reader is None          # no group file
    (tmp_path / "etc/group").write_text("a:x:1:b\nc:x:50:x,www-data\nbroken\nd:x:y:www-data\n")
    assert seen(node).reader == Reader("www-data", 33, frozenset([34, 50]))
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")
    assert seen(node).reader is None


# -- asking the node's Python -------------------------------------------------------------------

def program(tmp_path, text):
    (tmp_path / "bin").mkdir(exist_ok=True)
    for name in ("sh", "env"):
        if not (tmp_path / "bin" / name).exists():
            os.symlink("/bin/sh" if name == "sh" else "/usr/bin/env", str(tmp_path / "bin" / name))
    (tmp_path / "bin/snf-manage").write_text("#!/bin/sh\n" + text)
    (tmp_path / "bin/snf-manage").chmod(0o755)


def test_python_2_values_are_understood(node, tmp_path):
    program(tmp_path, "printf '%s\\n' \"A = 'x'\" \"B = u'y'  ###\" 'C = (10L, 0.5)' "
                      "\"D = {'a': [True, None]}  ###\" \"E = '\\\\xce\\\\x91'\" 'F = <object>' "
                      "'G = 1 2' 'noise' \"H = '\" \"I = ((u'\\\\u0391', 'a@b'),)\" "
                      "\"J = (u'\\\\u0391', <x>)\"\n")
    answer = asked.ask_if_there(node, "/etc/synnefo")
    assert answer.values == {"A": "x", "B": "y", "C": (10, 0.5), "D": {"a": [True, None]},
                             "E": "\u0391", "I": (("\u0391", "a@b"),)}


@pytest.mark.parametrize("text,broken,failed", [
    ("echo 'Failed to read settings file: /etc/synnefo/a.conf [x]' >&2; exit 1", "a.conf", ""),
    ("echo oops >&2; exit 3", "", "exit 3: oops"), ("exit 0", "", "it printed no settings"),
    ("kill -9 $$", "", "exit 137")])
def test_a_node_that_does_not_answer(node, tmp_path, text, broken, failed):
    program(tmp_path, text + "\n")
    answer = asked.ask_if_there(node, "/etc/synnefo")
    assert broken in answer.broken and failed in answer.failed
    assert bool(answer.broken) == bool(broken) and bool(answer.failed) == bool(failed)


def test_a_node_that_takes_for_ever(node, tmp_path, monkeypatch):
    monkeypatch.setattr(asked, "SECONDS", 0.2)
    (tmp_path / "bin").mkdir()
    os.symlink("/bin/sleep", str(tmp_path / "bin/sleep"))
    program(tmp_path, "sleep 60\n")
    assert "did not end" in asked.ask_if_there(node, "/etc/synnefo").failed


def test_a_node_without_the_program(node, tmp_path):
    program(tmp_path, "")
    (tmp_path / "bin/snf-manage").unlink()
    assert asked.ask_if_there(node, "/etc/synnefo") is None


def test_what_differs():
    directory = SettingsDir.of("/s", [("a.conf", b"A = 1\nB = f()\nC = 'x'\nDATABASES = {}\n")])
    answer = asked.Asked({"A": 2, "B": 3, "C": "x", "DATABASES": {"a": 1}, "Z": 1})
    assert list(asked.differing(directory, answer)) == [("A", 1, 2)]


# -- asking about files that are not in place yet ------------------------------------------------

STAGED = b"A = 'x'\nTOKEN = 'planted'\n"


@pytest.fixture
def staging(node, tmp_path):
    (tmp_path / "tmp").mkdir()
    for name in ("cat", "id", "ls"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        os.symlink(shutil.which(name), str(tmp_path / "bin" / name))

    def check(text):
        program(tmp_path, text)
        staged = SettingsDir.of("/etc/synnefo", [("a.conf", STAGED)], "n1")
        return asked.check_staged(node, staged, ["A"], "id1")
    yield check
    assert not [path for path in (tmp_path / "tmp").iterdir() if path.is_dir()
                and not path.is_symlink() and path.name != "theirs"]


def test_python_reads_the_staged_files(staging, tmp_path):
    text = "cd $SYNNEFO_SETTINGS_DIR && cat a.conf && ls -ld . a.conf >%s/seen" % tmp_path
    assert staging(text) is None
    seen = (tmp_path / "seen").read_text()
    assert "drwx------" in seen and "-rw-------" in seen


@pytest.mark.parametrize("text,what", [
    ("echo 'Failed to read settings file: z [NameError]' >&2", "would not read"),
    ("echo \"A = 'y'\"", "A would not have the value that is wanted")])
def test_what_python_reads_otherwise_is_refused(staging, text, what):
    with pytest.raises(Refused) as caught:
        staging(text)
    assert what in str(caught.value) and caught.value.unchanged


def test_a_difference_in_what_is_not_edited_is_none_of_ours(staging):
    assert staging("echo \"A = 'x'\"; echo \"TOKEN = 'other'\"") is None


def test_no_answer_is_told(staging):
    assert staging("exit 3").severity == WARNING


def test_what_a_killed_run_left_is_removed(staging, tmp_path):
    left = tmp_path / "tmp/snf-settings-id1"
    left.mkdir(0o700)
    (left / "old.conf").write_text("A = 'old'\n")
    assert staging("cat $SYNNEFO_SETTINGS_DIR/*.conf") is None


def test_a_directory_of_somebody_else_is_not_touched(staging, tmp_path):
    theirs = tmp_path / "tmp/theirs"
    theirs.mkdir()
    (theirs / "x").write_text("")
    os.symlink("theirs", str(tmp_path / "tmp/snf-settings-id1"))
    with pytest.raises(Failed):
        staging("echo \"A = 'x'\"")
    assert os.listdir(str(theirs)) == ["x"]


class Odd(RootNode):
    """A node on which some paths cannot be looked at, and one goes away meanwhile."""

    def stat(self, path, follow=True):
        if path.endswith("a.conf") or "nginx" in path:
            raise OSError(5, "Input/output error")
        return super().stat(path, follow)

    def read(self, path):
        if "gunicorn.d" in path:
            raise FileNotFoundError(2, "No such file or directory")
        return super().read(path)


def test_what_cannot_be_looked_at_is_left_out_or_told(node, tmp_path):
    (tmp_path / "etc/gunicorn.d/synnefo").write_text("/im/")
    one = look(Odd("n1", ("astakos",), str(tmp_path)), SettingsDir.read(node),
               Release.read().part("settings")["checks"], [])
    assert "/etc/synnefo/a.conf" not in one.stats and "/etc/synnefo" in one.stats
    assert {why for _, why in one.unread} == {"Input/output error"}
    assert one.web["/etc/gunicorn.d/synnefo"] == ""


def test_the_copy_of_another_user_is_not_taken_away(tmp_path):
    staged = tmp_path / "staged"
    staged.mkdir(mode=0o700)
    os.chown(str(staged), 12345, -1)
    asked._remove_mine(RootNode("n1", (), "/"), str(staged))
    assert staged.is_dir()


def test_a_file_that_went_away_meanwhile_has_no_owner(node):
    files = SettingsDir.read(node)
    node.remove("/etc/synnefo/a.conf")
    one = look(node, files, Release.read().part("settings")["checks"], [])
    assert set(one.stats) == {"/etc/synnefo"}
