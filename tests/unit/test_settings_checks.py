"""The checks of base URLs, cloudbar, tokens and leftovers: each finds, each can be silent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from snftools.settings.around import Around
from snftools.settings.checks import NAMES, urls
from tests.helpers.settings import BAR, OWN, found, findings, right, subject

ERROR, WARNING, NOTE = "error", "warning", "note"
C = "https://c.org/cyclades"


@pytest.mark.parametrize("roles", [
    ("astakos",), ("cyclades",), ("pithos",), ("astakos", "cyclades"),
    ("astakos", "cyclades", "pithos")])
def test_a_right_node_has_no_findings(roles):
    assert found(right(*roles), *roles) == set()


@pytest.mark.parametrize("old,new,expected", [
    ("ASTAKOS_BASE_URL = 'https://a.org/astakos'", "ASTAKOS_BASE_URL = ''", ("base-url", ERROR)),
    ("https://a.org/astakos", "https://a.org/im/authenticate", ("base-url", ERROR)),
    ("https://a.org/astakos", "https://accounts.example.synnefo.org", ("base-url", ERROR)),
    ("https://a.org/astakos", "https://accounts.EXAMPLE.synnefo.org", ("base-url", ERROR)),
    ("https://a.org/astakos", "/astakos", ("base-url", ERROR)),
    ("https://a.org/astakos", "ftp://a.org/astakos", ("base-url", ERROR)),
    ("https://a.org/astakos", "https:///astakos", ("base-url", ERROR)),
    ("https://a.org/astakos", "https://a.org:port/astakos", ("base-url", ERROR)),
    ("https://a.org/astakos", "https://a.org/asta kos", ("base-url", ERROR)),
    ("https://a.org/astakos", "https://a.org/astakos?x=1", ("base-url", ERROR)),
    ("'https://a.org/astakos'", "7", ("base-url", ERROR)),
    ("'https://a.org/astakos'", "f()", ("unknown", ERROR)),
    ("CYCLADES_BASE_URL", "X", ("base-url", ERROR)),
    (C, "https://compute.example.synnefo.org/compute/", ("base-url", ERROR)),
    ("/ui/get_menu", "/im/get_menu", ("cloudbar", ERROR)),
    ("CLOUDBAR_LOCATION", "X", ("cloudbar", ERROR)),
    ("CLOUDBAR_MENU_URL", "X", ("cloudbar", ERROR)),
    ("CLOUDBAR_SERVICES_URL", "X", ("cloudbar", ERROR)),
    ("'https://a.org/static", "'/static", ("cloudbar", ERROR)),
    ("'https://a.org/static/im/cloudbar/'", "f()", ("unknown", ERROR)),
    ("'https://a.org/static", "'https://other.org/static", ("cloudbar", WARNING)),
    ("CYCLADES_SERVICE_TOKEN", "X", ("token", ERROR)),
    ("'t0ken'", "12", ("token", ERROR)),
    ("'t0ken'", "'0ther'", ("token", ERROR)),
    ("'t0ken'", "g()", ("unknown", ERROR)),
])
def test_a_right_value_made_wrong_is_found(old, new, expected):
    text = right("cyclades")
    assert old in text
    assert expected in found(text.replace(old, new), "cyclades")


@pytest.mark.parametrize("line,expected", [
    ("X = APP_INSTALL_URL + '/api'", ("old-name", ERROR)),
    ("ASTAKOS_URL = 'https://a.org/im/authenticate'", ("old-name", WARNING)),
    ("NOTE = 'see ASTAKOS_URL'", ("old-name", WARNING)),
    ("Q = CYCLADES_QUOTAHOLDER_URL + '/v'", ("leftover", ERROR)),
    ("UI_LOGIN_URL = 'x'", ("ignored", NOTE)),
    ("HELP = 'https://a.org/im/profile'", ("old-address", WARNING)),
    ("LINK = {'a': ['/api/v1.1/servers']}", ("old-address", WARNING)),
    ("LINK = '/plankton'", ("old-address", WARNING)),
    ("LINK = 'https://a.org/quotaholder/v'", ("old-address", WARNING)),
])
def test_a_line_too_much_is_found(line, expected):
    assert found(right("cyclades") + line + "\n", "cyclades") == {expected}


@pytest.mark.parametrize("line", [
    "# ASTAKOS_URL = 'https://a.org/im/authenticate'", "X = 'https://a.org/static/im/logo.png'",
    "X = '/image/im.png'", "X = 'https://a.org/impressum'", "IM_PASSWORD = '/im/secret'",
    "X = '/srv/im/files'", "X = u'\\u0394 /im/'"])
def test_a_line_that_is_right_is_not(line):
    assert found(right("cyclades") + line + "\n", "cyclades") == set()


def test_what_mends_an_old_address_can_be_pasted():
    (one,) = findings(right("cyclades") + "X = 'https://a.org/im/profile'\n", "cyclades")
    assert one.remedy == "X = 'https://a.org/astakos/ui/profile'"
    assert one.where == "/etc/synnefo/a.conf:9"


def test_a_wrong_token_is_not_shown():
    items = findings(right("cyclades"), "cyclades", tokens={"cyclades": "0ther"})
    assert [item.check for item in items] == ["settings-token"]
    assert "0ther" not in repr(items) and "t0ken" not in repr(items)


def test_tokens_that_nobody_could_compare():
    assert found(right("pithos"), "pithos", tokens={}) == {("token", NOTE)}


def test_site_conf_says_another_url():
    wanted = {"astakos": "https://b.org/astakos"}
    assert ("base-url", ERROR) in found(right("astakos"), "astakos", base_urls=wanted)
    wanted = {"astakos": "https://a.org/astakos/"}
    assert not found(right("astakos"), "astakos", base_urls=wanted)


# -- several components -------------------------------------------------------------------

def both(cyclades):
    return found(right("astakos", "cyclades").replace(C, cyclades), "astakos", "cyclades")


@pytest.mark.parametrize("url,expected", [
    ("https://A.org:443/astakos/", {("clash", ERROR)}),
    ("https://c.org/astakos", {("clash", WARNING)}),
    ("https://a.org", {("clash", WARNING)}),
    ("https://a.org/cyclades", set()),
    ("https://c.org", set()),
    ("https://a.org:8443/cyclades", set()),
])
def test_components_of_one_node(url, expected):
    assert both(url) == expected


def test_nodes_that_differ():
    one = subject(right("astakos"), "astakos", node="n1")
    two = subject(right("cyclades").replace("a.org", "b.org"), "cyclades", node="n2")
    (finding,) = urls.between([one, two])
    assert (finding.check, finding.node) == ("settings-differs", "n2")
    assert "https://a.org/astakos on n1" in finding.what
    assert not list(urls.between([one, one]))


@pytest.mark.parametrize("pithos,cyclades,expected", [
    ("https://x.org", "https://x.org/c", [("n2", WARNING)]),
    ("https://x.org/c", "https://x.org", [("n3", WARNING)]),
    ("https://x.org/c", "https://x.org/c/", [("n3", ERROR)]),
    ("https://x.org", "https://x.org", [("n3", ERROR)]),
    ("https://x.org/p", "https://x.org/c", []),
    ("https://x.org/c", "https://y.org/c", []),
])
def test_components_of_several_nodes(pithos, cyclades, expected):
    two = subject(right("pithos").replace("https://p.org", pithos), "pithos", node="n2")
    three = subject(right("cyclades").replace(C, cyclades), "cyclades", node="n3")
    assert [(item.node, item.severity) for item in urls.between([two, three])] == expected


def test_two_nodes_of_one_component_are_no_clash():
    nodes = [subject(right("cyclades"), "cyclades", node=name) for name in ("n1", "n2")]
    assert not list(urls.between(nodes))


# -- published links, stats -----------------------------------------------------------------

def links(web=""):
    text = right("pithos").replace("p.org", "p.org/pithos")
    return found(text, "pithos", around=Around({"/etc/apache2/sites-enabled/p": web}))


def test_published_links_change():
    assert links() == {("public-links", WARNING)}
    assert links("# RedirectMatch ^/public/(.*)$ /pithos/public/$1") == {
        ("public-links", WARNING)}
    assert links("RedirectMatch permanent ^/public/(.*)$ /pithos/public/$1") == set()


@pytest.mark.parametrize("line,installed,expected", [
    ("", False, set()), ("", True, {("base-url", ERROR)}),
    ("STATS_BASE_URL = 'https://c.org/stats/'\n", True, set()),
    ("STATS_BASE_URL = 'https://stats.example.synnefo.org/stats/'\n", False,
     {("base-url", ERROR)}),
    ("STATS_BASE_URL = 'https://c.org/cyclades/'\n", True, {("clash", ERROR)}),
])
def test_the_base_url_of_stats(line, installed, expected):
    around = Around(packages=frozenset(["snf-stats-app"] if installed else []))
    assert found(right("cyclades") + line, "cyclades", around=around) == expected


# -- files that look like backups -------------------------------------------------------------

@pytest.mark.parametrize("name", [
    "old.bak.conf", "20-x.conf.conf", "20-x.conf.old.conf", "20-x-backup.conf", "Copy of x.conf",
    "20-x_20131112.conf", "20-x.2013-11-12.conf", ".20-x.conf", "20-x.conf~.conf",
    "20-x (1).conf", "20-x.dpkg-old.conf", "20-x.orig.conf"])
def test_what_looks_like_a_backup(name):
    items = findings({"20-x.conf": right("astakos"), name: "Z = 1\n"}, "astakos")
    assert [(item.check, item.where) for item in items] == [
        ("settings-backup", "/etc/synnefo/" + name)]
    assert "Z" in items[0].why
    new = items[0].remedy.split("'")[-2] if "'" in items[0].remedy else items[0].remedy.split()[2]
    assert items[0].remedy.startswith("mv ") and not new.endswith(".conf")


@pytest.mark.parametrize("name", [
    "99-local.conf", "astakos.conf", "20-snf-cyclades-app-api.conf", "oldenburg.conf",
    "newsletter.conf", "15-snf-branding-settings.conf"])
def test_what_is_no_backup(name):
    assert found({"20-x.conf": right("astakos"), name: "Z = 1\n"}, "astakos") == set()


@pytest.mark.parametrize("suffix,expected", [
    ("/ui/get_menu", {("unknown", ERROR)}),
    ("/im/get_menu", {("unknown", ERROR), ("cloudbar", ERROR)})])
def test_a_bar_that_nothing_can_be_compared_with(suffix, expected):
    bar = BAR.replace("ASTAKOS_BASE_URL + '", "'https://a.org").replace("/ui/get_menu", suffix)
    assert found("ASTAKOS_BASE_URL = f()\n" + OWN["astakos"] + bar, "astakos") == expected


def test_the_page_names_every_finding():
    page = (Path(__file__).resolve().parents[2] / "man/snf-settings-check.8").read_text()
    section = page.split(".SH FINDINGS")[1].split(".SH ")[0].replace("\\-", "-")
    assert re.findall(r"^\.B (\S+)$", section, re.M) == list(NAMES)


def test_what_a_person_must_know_of_a_setting_that_is_gone():
    items = findings(right("astakos") + "ASTAKOS_PENDING_APPLICATION_LIMIT = 3\n", "astakos")
    assert any("astakos.pending_app" in item.what + item.why for item in items)
    assert all(item.severity in (NOTE, WARNING) for item in items)


def test_what_is_shown_is_ascii_and_what_is_pasted_means_the_same():
    text = "# coding: utf-8\n" + right("cyclades") + "X = 'https://a.org/im/\u03b1'\n"
    (one,) = findings(text, "cyclades")
    assert one.remedy == "X = 'https://a.org/astakos/ui/\\xce\\xb1'"
    assert one.what.isascii() and one.what.endswith("\\u03b1")
    after = subject(text + one.remedy + "\n", "cyclades")
    assert after.value("X") == "https://a.org/astakos/ui/\u03b1"
