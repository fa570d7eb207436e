"""snf-settings-check as a command line, on root directories without a site.conf."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.helpers.cli import run
from tests.helpers.settings import ASTAKOS, BAR, MAIL, OWN, right

GOLDEN = Path(__file__).resolve().parent / "golden"


class Root:
    """A root directory with a role's right settings and www-data as their reader."""

    def __init__(self, path, role="pithos"):
        self.path, self.role = path, role
        self.settings = path / "etc/synnefo"
        self.settings.mkdir(parents=True)
        (path / "usr/bin").mkdir(parents=True)
        for name in ("sh", "cat", "env"):
            os.symlink("/bin/" + name, str(path / "usr/bin" / name))
        (path / "etc/passwd").write_text("www-data:x:33:33::/:/bin/sh\n")
        (path / "etc/group").write_text("www-data:x:33:\n")
        self.write("20-all.conf", right(role))

    def write(self, name, text, mode=0o644):
        path = self.settings / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)

    def snf_manage(self, text):
        path = self.path / "usr/bin/snf-manage"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def check(self, *words):
        done = run("snf-settings-check", "--node", str(self.path), "--role", self.role, *words,
                   env={"SNF_UPGRADE_STATE_DIR": str(self.path / "state")})
        assert "Traceback" not in done.err
        return done

    def found(self, *words):
        """{(check, severity)} of the warnings and errors, and the exit status."""
        done = self.check("--json", *words)
        return {(item["check"].partition("-")[2], item["severity"]) for item in
                done.json["findings"] if item["severity"] != "note"}, done.code


@pytest.fixture
def root(tmp_path):
    (tmp_path / "n1").mkdir(0o755)
    return Root(tmp_path / "n1")


def test_a_right_node(root):
    assert root.found() == (set(), 0)
    out = root.check().out
    assert "ASTAKOS_BASE_URL       https://a.org/astakos" in out
    assert "  0 errors, 1 note\n" in out        # the token, which nobody could compare
    assert "  Next: snf-migrate-db --node %s --role pithos\n" % root.path in out


# -- exit statuses ------------------------------------------------------------------------------

@pytest.mark.parametrize("text,expected", [
    ("PITHOS_BASE_URL = ''", ({("base-url", "error")}, 4)),
    ("PITHOS_BASE_URL = f()", ({("unknown", "error")}, 1)),
    ("X = (1,", ({("syntax", "error")}, 78)),
    ("print 'x", ({("syntax", "error")}, 78)),
    ("HIDDEN_COOKIES = 'token'", ({("hidden", "warning")}, 0)),
])
def test_exit_statuses(root, text, expected):
    root.write("99-local.conf", text + "\n")
    assert root.found() == expected


def test_the_worst_of_several_findings(root):
    root.write("99-local.conf", "PITHOS_BASE_URL = f()\nASTAKOS_BASE_URL = '/x'\n")
    assert root.check().code == 1


# -- bad input ------------------------------------------------------------------------------------

def test_bytes_that_are_no_text(root):
    root.write("99-local.conf", b"X = '\xff\xfe'\n")
    assert root.found()[1] == 78
    root.write("99-local.conf", b"# coding: latin-1\nHIDDEN_COOKIES = '\xff'\n")
    assert root.found() == ({("hidden", "warning")}, 0)
    root.write("99-local.conf", bytes(range(256)) * 40)
    assert root.found()[1] == 78


def test_links_and_directories(root):
    (root.settings / "dir.conf").mkdir()
    os.symlink("nowhere", str(root.settings / "gone.conf"))
    os.symlink("dir.conf", str(root.settings / "to-dir.conf"))
    assert root.found() == (set(), 0)
    (root.path / "elsewhere").write_text("PITHOS_BASE_URL = ''\n")
    os.symlink(str(root.path / "elsewhere"), str(root.settings / "z.conf"))
    assert root.found() == ({("base-url", "error")}, 4)


def test_a_directory_that_is_not_there(root):
    done = root.check("--settings-dir", "/no")
    assert done.code == 1 and "/no" in done.err


def test_one_node_of_two_that_cannot_be_read(root, tmp_path):
    (tmp_path / "n2").mkdir()
    root.write("99-local.conf", "PITHOS_BASE_URL = '/x'\n")
    items = root.check("--node", str(tmp_path / "n2"), "--json").expect(1).json["findings"]
    assert {(item["node"], item["check"]) for item in items if item["severity"] == "error"} == {
        ("n1", "settings-base-url"), ("n2", "settings-not-read")}


def test_a_large_file(root):
    root.write("99-local.conf", "X = [\n" + "    'a string of some length',\n" * 40000 + "]\n")
    assert root.found() == (set(), 0)


def test_an_empty_directory(root):
    os.remove(str(root.settings / "20-all.conf"))
    found, code = root.found()
    assert code == 4 and ("base-url", "error") in found and ("token", "error") in found


# -- around the settings ----------------------------------------------------------------------

def test_who_can_read(root):
    root.write("99-local.conf", "X = 1\n", 0o600)
    assert root.found() == ({("readable", "error")}, 4)
    path = "/etc/synnefo/99-local.conf"
    assert "Mend: chgrp www-data %s && chmod g+r %s" % (path, path) in root.check().out
    os.chmod(str(root.settings), 0o700)
    items = root.check("--json").json["findings"]
    assert [item["where"] for item in items if item["check"] == "settings-readable"] == [
        "/etc/synnefo", path]


def test_old_addresses_beside_the_settings(root):
    site = root.path / "etc/apache2/sites-enabled/synnefo"
    site.parent.mkdir(parents=True)
    site.write_text("<VirtualHost *:443>\n<Location /im/login/shibboleth>\n")
    done = root.check()
    assert done.code == 0
    assert "/etc/apache2/sites-enabled/synnefo:2" in done.out
    assert "Mend: <Location /astakos/ui/login/shibboleth>" in done.out


# -- the node's own Python ---------------------------------------------------------------------

def test_what_python_says_takes_the_place_of_what_is_not_known(root):
    root.write("99-local.conf", "PITHOS_BASE_URL = f()\n")
    root.snf_manage("echo \"PITHOS_BASE_URL = 'https://p.org'  ###\"\n")
    assert root.found() == (set(), 0)
    assert "by their text and snf-manage" in root.check().out
    root.snf_manage("echo \"PITHOS_BASE_URL = 'https://object.example.synnefo.org'  ###\"\n")
    assert root.found() == ({("base-url", "error")}, 4)


def test_what_python_says_differently(root):
    root.snf_manage("echo \"PITHOS_BASE_URL = 'https://q.org'  ###\"\n"
                    "echo \"PITHOS_SERVICE_TOKEN = 'planted-2'  ###\"\n")
    done = root.check()
    assert done.code == 4 and "snf-manage says 'https://q.org'" in done.out
    assert "PITHOS_SERVICE_TOKEN is read in two ways" in done.out
    assert "planted" not in done.out and "t0ken" not in done.out


@pytest.mark.parametrize("program,check,code", [
    ("echo 'Failed to read settings file: /etc/synnefo/z.conf [NameError(1,)]' >&2; exit 1",
     "broken", 4),
    ("echo 'Failed to read settings file: /etc/synnefo/z.conf [SyntaxError(1,)]' >&2; exit 1",
     "broken", 78),
    ("exit 1", "not-asked", 1), ("exit 0", "not-asked", 1)])
def test_python_that_does_not_answer(root, program, check, code):
    root.snf_manage(program + "\n")
    assert root.found() == ({(check, "error")}, code)


def test_the_directory_that_python_is_asked_about(root):
    root.snf_manage("echo \"X = '$SYNNEFO_SETTINGS_DIR'\" >>$0.log; echo \"X = 1\"\n")
    (root.path / "srv").mkdir()
    os.rename(str(root.settings), str(root.path / "srv/staged"))
    root.check("--settings-dir", "/srv/staged").expect(0)
    log = (root.path / "usr/bin/snf-manage.log").read_text()
    assert log == "X = '%s/srv/staged/'\n" % root.path


# -- email -------------------------------------------------------------------------------------

@pytest.fixture
def mailing(tmp_path):
    (tmp_path / "n1").mkdir(0o755)
    root = Root(tmp_path / "n1", "astakos")
    root.write("20-all.conf", ASTAKOS + OWN["astakos"] + BAR + MAIL)
    return root


def test_email(mailing):
    assert mailing.found("--email") == (set(), 0)
    assert re.search(r"feedback +HELPDESK  j@x\.org", mailing.check("--email").out)
    assert mailing.found("--email", "--email-value", "contact=c@x.org") == (set(), 0)
    found, code = mailing.found("--email", "--email-value", "contact=other@x.org")
    assert (found, code) == ({("email", "error")}, 4)


def test_email_passwords_are_not_shown(mailing):
    mailing.write("99.conf", "EMAIL_HOST_USER = ''\nEMAIL_HOST_PASSWORD = 'planted-3'\n")
    done = mailing.check("--email", "-v")
    assert "EMAIL_HOST_PASSWORD" in done.out and "planted" not in done.out + done.err


def test_an_email_value_that_is_none(mailing):
    assert mailing.check("--email", "--email-value", "helpdesk").code == 2
    done = mailing.check("--email", "--email-value", "helpdesk=nobody")
    assert done.code == 2 and "no mail address" in done.err


# -- screens and JSON ---------------------------------------------------------------------------

def all_wrong(root):
    root.write("20-all.conf", right("cyclades").replace("https://c.org/cyclades", "/cyclades"))
    root.write("99-local.conf.old.conf", "HELP = 'https://a.org/im/help'\n"
               "HIDDEN_COOKIES = 'token'\nAMQP_HOSTS = f('amqp://u:planted@h')\n")
    root.role = "cyclades"


def test_lines_are_no_longer_than_a_screen(root):
    all_wrong(root)
    os.rename(str(root.path), str(root.path.parent / "a-node-with-a-long-name"))
    root.path = root.path.parent / "a-node-with-a-long-name"
    for line in root.check("--email").out.splitlines():
        assert line.isascii() and (len(line) <= 80 or "Mend: " in line), line


def test_json(root):
    all_wrong(root)
    text = root.check("--json", "--email").expect(4).out.replace(str(root.path), "ROOT")
    assert "planted" not in text
    document = json.loads(text)
    assert document == json.loads((GOLDEN / "snf-settings-check.json").read_text())
