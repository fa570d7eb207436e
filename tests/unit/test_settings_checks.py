"""Each check of snf-settings-check finds what it is for, and nothing on a right node."""

from __future__ import annotations

import pytest

from snftools.release import Release
from snftools.settings import prove
from snftools.settings.checks import Subject, email, urls
from snftools.settings.directory import SettingsDir
from snftools.settings.rules import Given, Rules

RIGHT = {
    "astakos": "ASTAKOS_BASE_URL = 'https://a.org/astakos'\n",
    "cyclades": "CYCLADES_BASE_URL = 'https://c.org/cyclades'\nCYCLADES_SERVICE_TOKEN = 't0ken'\n",
    "pithos": "PITHOS_BASE_URL = 'https://p.org'\nPITHOS_SERVICE_TOKEN = 't0ken'\n"
              "PITHOS_UPDATE_MD5 = True\n",
}
BAR = ("CLOUDBAR_LOCATION = 'https://a.org/static/im/cloudbar/'\n"
       "CLOUDBAR_SERVICES_URL = ASTAKOS_BASE_URL + '/ui/get_services'\n"
       "CLOUDBAR_MENU_URL = ASTAKOS_BASE_URL + '/ui/get_menu'\n")
MAIL = ("CONTACT_EMAIL = 'c@x.org'\nSERVER_EMAIL = DEFAULT_FROM_EMAIL = 'Cloud <n@x.org>'\n"
        "ADMINS = MANAGERS = HELPDESK = (('J', 'j@x.org'),)\n")


def subject(text, *roles, node="n1", tokens=None, base_urls=None):
    part = Release.read().part("settings")
    directory = SettingsDir.of("/etc/synnefo", [("a.conf", text.encode())], node)
    return Subject(directory, Rules.of("0.14", part, roles), part["checks"],
                   Given(dict(base_urls or {}), {}, dict(tokens or {})))


def found(text, *roles, **more):
    one = subject(text, *roles, **more)
    return {(item.check, item.severity) for check in prove.CHECKS for item in check(one)}


@pytest.mark.parametrize("role", sorted(RIGHT))
def test_a_right_node_has_no_findings(role):
    text = RIGHT["astakos"] + (RIGHT[role] if role != "astakos" else "") + BAR
    assert found(text, role) == set()


ERROR, WARNING = "error", "warning"


@pytest.mark.parametrize("change,expected", [
    (("https://a.org/astakos", "https://a.org/im/authenticate"), ("settings-base-url", ERROR)),
    (("https://a.org/astakos", "https://accounts.example.synnefo.org"),
     ("settings-base-url", ERROR)),
    (("https://a.org/astakos", "/astakos"), ("settings-base-url", ERROR)),
    (("'https://a.org/astakos'", "7"), ("settings-base-url", ERROR)),
    (("'https://a.org/astakos'", "f()"), ("settings-unknown", ERROR)),
    (("/ui/get_menu", "/im/get_menu"), ("settings-cloudbar", ERROR)),
    (("CLOUDBAR_LOCATION", "X"), ("settings-cloudbar", ERROR)),
    (("CYCLADES_SERVICE_TOKEN", "X"), ("settings-token", ERROR)),
    (("", "API_ROOT_URL = APP_INSTALL_URL + '/api'\n"), ("settings-old-name", ERROR)),
    (("", "ASTAKOS_URL = 'https://a.org/im/authenticate'\n"), ("settings-old-name", WARNING)),
    (("", "NOTE = 'see ASTAKOS_URL'\n"), ("settings-old-name", WARNING)),
    (("", "Q = CYCLADES_QUOTAHOLDER_URL + '/v'\n"), ("settings-leftover", ERROR)),
    (("", "UI_LOGIN_URL = 'x'\n"), ("settings-ignored", "note")),
    (("", "ASTAKOS_LOGIN_SUCCESS_URL = 'https://a.org/im/landing'\n"),
     ("settings-landing", WARNING)),
    (("", "GANETI_CREATEINSTANCE_KWARGS = {'hvparams': {'serial_console': False}}\n"),
     ("settings-hvparams", ERROR)),
    (("", "MIDDLEWARE_CLASSES.remove('django.middleware.csrf.CsrfViewMiddleware')\n"),
     ("settings-csrf", WARNING)),
])
def test_what_is_wrong_is_found(change, expected):
    text = RIGHT["astakos"] + RIGHT["cyclades"] + BAR
    text = text.replace(*change) if change[0] else text + change[1]
    assert expected in found(text, "cyclades")


def test_a_right_hvparams_is_no_finding():
    text = RIGHT["astakos"] + RIGHT["cyclades"] + BAR + (
        "GANETI_CREATEINSTANCE_KWARGS = {'hvparams': {'kvm': {'serial_console': False}}}\n")
    assert found(text, "cyclades") == set()


def test_two_components_at_one_address():
    text = (RIGHT["astakos"] + RIGHT["cyclades"] + BAR).replace(
        "https://c.org/cyclades", "https://A.org/astakos/")
    assert ("settings-clash", ERROR) in found(text, "astakos", "cyclades")


def test_the_registered_token_differs_and_is_not_shown():
    one = subject(RIGHT["astakos"] + RIGHT["cyclades"] + BAR, "cyclades",
                  tokens={"cyclades": "0ther"})
    items = [item for check in prove.CHECKS for item in check(one)]
    assert [item.check for item in items] == ["settings-token"]
    assert "0ther" not in repr(items) and "t0ken" not in repr(items)


def test_site_conf_says_another_url():
    text = RIGHT["astakos"] + BAR
    assert found(text, "astakos", base_urls={"astakos": "https://b.org/astakos"}) == {
        ("settings-base-url", ERROR)}
    assert not found(text, "astakos", base_urls={"astakos": "https://a.org/astakos/"})


def test_nodes_that_differ():
    one = subject(RIGHT["astakos"], "astakos", node="n1")
    two = subject("ASTAKOS_BASE_URL = 'https://b.org/astakos'\n", "cyclades", node="n2")
    assert [(item.check, item.node) for item in urls.between([one, two])] == [
        ("settings-differs", "n2")]
    assert not list(urls.between([one, one]))


def test_published_links_change():
    text = RIGHT["astakos"] + RIGHT["pithos"].replace("p.org", "p.org/pithos") + BAR
    assert found(text, "pithos") == {("settings-public-links", WARNING)}


def test_email_of_a_right_node():
    one = subject(RIGHT["astakos"] + MAIL, "astakos")
    assert not list(email.check(one))
    assert any("j@x.org" in line for line in email.lines(one))


@pytest.mark.parametrize("old,new,severity", [
    ("'c@x.org'", "'support@synnefo.org'", WARNING), ("'c@x.org'", "'nobody'", ERROR),
    ("(('J', 'j@x.org'),)", "('J', 'j@x.org')", ERROR), ("(('J', 'j@x.org'),)", "()", WARNING),
    ("CONTACT_EMAIL", "X", WARNING)])
def test_email_that_is_wrong(old, new, severity):
    one = subject((RIGHT["astakos"] + MAIL).replace(old, new), "astakos")
    assert severity in {item.severity for item in email.check(one)}


def test_email_is_the_business_of_astakos_alone():
    assert not list(email.check(subject(RIGHT["cyclades"], "cyclades")))
