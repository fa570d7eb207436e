"""The email settings: shapes, defaults, what site.conf wants, and who gets which mail."""

from __future__ import annotations

import pytest

from snftools.settings.checks import email, mail
from tests.helpers.settings import ASTAKOS, MAIL, right, subject

ERROR, WARNING, NOTE = "error", "warning", "note"
PEOPLE = "(('J', 'j@x.org'),)"


def of(text, *roles, wanted=None, **more):
    return subject(ASTAKOS + text, *(roles or ("astakos",)), email=wanted or {}, **more)


def found(text, *roles, **more):
    return {(item.severity, item.what) for item in email.check(of(text, *roles, **more))}


def test_email_of_a_right_node():
    assert not found(MAIL)


@pytest.mark.parametrize("old,new,severity,what", [
    ("'c@x.org'", "'support@synnefo.org'", WARNING, "CONTACT_EMAIL is Synnefo's own"),
    ("'c@x.org'", "'nobody'", ERROR, "CONTACT_EMAIL is no mail address"),
    ("'c@x.org'", "('c@x.org',)", ERROR, "CONTACT_EMAIL is no mail address"),
    ("'c@x.org'", "'a@x.org, b@x.org'", ERROR, "CONTACT_EMAIL is no mail address"),
    ("'c@x.org'", "f()", WARNING, "CONTACT_EMAIL is not known"),
    ("'Cloud <n@x.org>'", "'~okeanos <no-reply@grnet.gr>'", WARNING,
     "DEFAULT_FROM_EMAIL is Synnefo's own"),
    ("'Cloud <n@x.org>'", "'Synnefo cloud <cloud@synnefo.org>'", WARNING,
     "SERVER_EMAIL is Synnefo's own"),
    ("'Cloud <n@x.org>'", "'Cloud n@x.org'", ERROR, "SERVER_EMAIL is no mail address"),
    (PEOPLE, "('J', 'j@x.org')", ERROR, "ADMINS has a wrong shape"),
    (PEOPLE, "('j@x.org',)", ERROR, "HELPDESK has a wrong shape"),
    (PEOPLE, "'j@x.org'", ERROR, "MANAGERS has a wrong shape"),
    (PEOPLE, "()", WARNING, "nobody gets the mail about feedback"),
    (PEOPLE, "()", WARNING, "nobody gets the mail about project applications"),
    (PEOPLE, "()", WARNING, "nobody gets the mail about moderation and activation"),
    (PEOPLE, "(('J', 'j@synnefo.org'),)", WARNING, "ADMINS names Synnefo's own addresses"),
    ("CONTACT_EMAIL", "X", WARNING, "CONTACT_EMAIL is not set"),
    ("'mail.x.org'", "'mail.x.org:25'", ERROR, "EMAIL_HOST is no host name"),
    ("'mail.x.org'", "''", ERROR, "EMAIL_HOST is no host name"),
    ("'mail.x.org'", "None", None, ""),
    ("'mail.x.org'", "'::1'", None, ""),
    ("'mail.x.org'", "'127.0.0.1'", None, ""),
    ("'mail.x.org'", "'x'\nEMAIL_HOST_USER = 'u'", WARNING, "only one of EMAIL_HOST_USER"),
    ("'mail.x.org'", "'x'\nEMAIL_HOST_PASSWORD = 's3cr'", WARNING, "only one of EMAIL_HOST_USER"),
    ("'mail.x.org'", "'x'\nEMAIL_HOST_USER = 'u'\nEMAIL_HOST_PASSWORD = 's3cr'", None, ""),
    ("'mail.x.org'", "'x'\nEMAIL_HOST_USER = 7\nEMAIL_HOST_PASSWORD = 's3cr'", ERROR,
     "EMAIL_HOST_USER is no text"),
    ("'mail.x.org'", "'x'\nEMAIL_HOST_USER = f()", WARNING, "EMAIL_HOST_USER is not known"),
    ("'[x.org] '", "f()", WARNING, "EMAIL_SUBJECT_PREFIX is not known"),
    ("EMAIL_SUBJECT_PREFIX", "X", WARNING, "EMAIL_SUBJECT_PREFIX is Synnefo's own"),
    ("'[x.org] '", "'[email-subject-prefix] '", WARNING, "EMAIL_SUBJECT_PREFIX is Synnefo's own"),
    ("'[x.org] '", "'a\\nb'", ERROR, "EMAIL_SUBJECT_PREFIX is no line of text"),
])
def test_email_that_is_wrong(old, new, severity, what):
    assert old in MAIL
    items = found(MAIL.replace(old, new))
    if severity is None:
        assert not items
    assert not severity or any(
        (one, text.startswith(what)) == (severity, True) for one, text in items)
    assert "s3cr" not in repr(items)


@pytest.mark.parametrize("wanted,name", [
    ({"contact": "other@x.org"}, "CONTACT_EMAIL"), ({"host": "m2.x.org"}, "EMAIL_HOST"),
    ({"helpdesk": ["H <h@x.org>"]}, "HELPDESK"), ({"admins": ["H <h@x.org>"]}, "ADMINS"),
    ({"managers": ["H <h@x.org>"]}, "MANAGERS"), ({"from": "Z <z@x.org>"}, "SERVER_EMAIL"),
    ({"subject_prefix": "[z] "}, "EMAIL_SUBJECT_PREFIX")])
def test_what_site_conf_wants_must_hold(wanted, name):
    items = {text.split(" ")[0] for severity, text in found(MAIL, wanted=wanted)
             if severity == ERROR}
    assert name in items and items <= {name, "DEFAULT_FROM_EMAIL"}


def test_what_site_conf_wants_holds():
    wanted = {"contact": "c@x.org", "helpdesk": ["J <j@x.org>"], "from": "Cloud <n@x.org>",
              "host": "mail.x.org", "subject_prefix": "[x.org] "}
    assert not found(MAIL, wanted=wanted)


def test_the_line_that_gives_feedback_to_somebody():
    one = of(MAIL.replace("= HELPDESK", "= X"))
    (item,) = [item for item in email.check(one) if "feedback" in item.what]
    assert item.remedy == "HELPDESK = (('Support', 'c@x.org'),)"
    assert not found(MAIL + item.remedy + "\n")


@pytest.mark.parametrize("line,severity,successor", [
    ("ASTAKOS_DEFAULT_CONTACT_EMAIL = 'o@x.org'", WARNING, "CONTACT_EMAIL and HELPDESK"),
    ("FEEDBACK_CONTACTS = (('F', 'f@x.org'),)", WARNING, "HELPDESK"),
    ("FEEDBACK_EMAIL_FROM = 'f@x.org'", WARNING, "SERVER_EMAIL"),
    ("ASTAKOS_DEFAULT_ADMIN_EMAIL = 'f@x.org'", WARNING, "ADMINS"),
    ("ASTAKOS_DEFAULT_FROM_EMAIL = 'f@x.org'", WARNING, "DEFAULT_FROM_EMAIL"),
    ("ASTAKOS_PROJECT_CREATION_SUBJECT = 'x'", NOTE, "1 subjects of mails are ignored"),
    ("ASTAKOS_EMAIL_CHANGE_EMAIL_SUBJECT = 'x'", NOTE, "1 subjects of mails are ignored"),
])
def test_what_older_email_settings_became(line, severity, successor):
    ((one, what),) = found(MAIL + line + "\n")
    assert one == severity and successor in what


def test_subjects_of_other_programs_are_none_of_ours():
    assert not found(MAIL + "MY_SUBJECT = 'x'\n")


# -- nodes that do not send Astakos' mail ---------------------------------------------------

def test_other_nodes_must_only_be_right_where_they_say_something():
    assert not found("", "cyclades")
    assert not found(MAIL, "pithos")
    assert found("ADMINS = 'j@x.org'\n", "pithos") == {(ERROR, "ADMINS has a wrong shape")}


# -- the table -------------------------------------------------------------------------------

TWO = MAIL + "HELPDESK = (('H', 'h@x.org'), ('K', 'k@x.org'))\nMANAGERS = ()\n"


def test_who_gets_which_mail():
    assert {row["about"]: row["to"] for row in mail.rows(of(TWO))} == {
        "feedback": ["h@x.org", "k@x.org"], "project applications": ["h@x.org", "k@x.org"],
        "moderation and activation": ["h@x.org", "j@x.org", "k@x.org"],
        "errors of programs": ["j@x.org"]}
    assert [row["about"] for row in mail.rows(of(TWO, "pithos"))] == ["errors of programs"]


def test_the_table_on_a_screen():
    lines = mail.lines(of(TWO))
    assert lines == [
        "  MAIL ABOUT                 BY        GOES TO",
        "  feedback                   HELPDESK  h@x.org",
        "                                       k@x.org",
        "  project applications       MANAGERS  -",
        "                             HELPDESK  h@x.org",
        "                                       k@x.org",
        "  moderation and activation  HELPDESK  h@x.org",
        "                                       k@x.org",
        "                             MANAGERS  -",
        "                             ADMINS    j@x.org",
        "  errors of programs         ADMINS    j@x.org"]
    assert mail.lines(of(MAIL.replace(PEOPLE, "f()")))[1].endswith("(not known)")
    assert mail.lines(of(MAIL.replace(PEOPLE, "'x'")))[1].endswith("(wrong shape)")
    assert mail.lines(of(right()))[1].endswith("-")


def test_an_older_setting_beside_one_that_is_computed_or_given():
    old = "ASTAKOS_DEFAULT_CONTACT_EMAIL = 'o@x.org'\n"
    (item,) = [item for item in email.check(of(MAIL.replace("'c@x.org'", "f()") + old))
               if "ASTAKOS_DEFAULT_CONTACT_EMAIL" in item.what]
    assert "not known" in str(item.as_dict())
    (item,) = email.check(of(MAIL + old, wanted={"contact": "c@x.org"}))
    assert item.remedy == "snf-settings-rename --node n1 --email"
