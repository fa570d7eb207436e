"""Settings that kept their name and changed their meaning or their default."""

from __future__ import annotations

import ast

import pytest

from tests.helpers.settings import found, findings, right, subject

ERROR, WARNING, NOTE = "error", "warning", "note"
KW = "GANETI_CREATEINSTANCE_KWARGS"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"


def with_line(line, role, **more):
    return found(right(role) + line + "\n", role, **more)


# -- hvparams -------------------------------------------------------------------------------

@pytest.mark.parametrize("line", [
    KW + " = {'hvparams': {'serial_console': False}}",
    KW + " = {'os': 'x', 'hvparams': {'kvm': {}, 'serial_console': False}}",
    KW + "['hvparams'] = {'serial_console': True}",
    KW + "['hvparams']['serial_console'] = True",
    KW + "['hvparams'].update({'serial_console': True})",
    "P = {'serial_console': False}\n%s = dict(os='x', hvparams=P)" % KW,
    KW + "['hvparams'] = {}\nif True:\n    %s['hvparams']['serial_console'] = False" % KW,
])
def test_flat_hvparams(line):
    assert with_line(line, "cyclades") == {("hvparams", ERROR)}


@pytest.mark.parametrize("line", [
    KW + " = {'hvparams': {'kvm': {'serial_console': False}}}", KW + " = {'os': 'x'}",
    KW + "['hvparams']['kvm']['serial_console'] = True", KW + "['os'] = 'x'",
    KW + " = {'hvparams': {}}", "# %s = {'hvparams': {'serial_console': False}}" % KW])
def test_hvparams_by_hypervisor(line):
    assert with_line(line, "cyclades") == set()


def test_hvparams_that_nobody_knows_are_told():
    assert with_line(KW + " = f()", "cyclades") == {("unknown", WARNING)}
    answer = {KW: {"hvparams": {"serial_console": False}}}
    assert with_line(KW + " = f()", "cyclades", answer=answer) == {("hvparams", ERROR)}


def test_the_line_that_mends_flat_hvparams():
    text = right("cyclades") + KW + " = {'hvparams': {'serial_console': False, 'xen-pvm': {}}}\n"
    (one,) = findings(text, "cyclades")
    name, _, value = one.remedy.partition(" = ")
    assert name == KW + "['hvparams']"
    assert ast.literal_eval(value) == {"kvm": {"serial_console": False}, "xen-pvm": {},
                                       "xen-hvm": {}}
    assert found(text + one.remedy + "\n", "cyclades") == set()


# -- landing ----------------------------------------------------------------------------------

@pytest.mark.parametrize("line,expected", [
    ("ASTAKOS_LOGIN_SUCCESS_URL = 'https://a.org/im/landing'", {("landing", ERROR)}),
    ("ASTAKOS_ACTIVATION_REDIRECT_URL = '/im/landing/'", {("landing", ERROR)}),
    ("ASTAKOS_ACTIVATION_REDIRECT_URL = '/im/landing?x=1'", {("landing", ERROR)}),
    ("ASTAKOS_LOGIN_SUCCESS_URL = '/astakos/ui/landing'", set()),
    ("ASTAKOS_LOGIN_SUCCESS_URL = f()", {("unknown", WARNING)}),
])
def test_landing(line, expected):
    assert with_line(line, "astakos") == expected


def test_the_line_that_mends_a_landing():
    text = right("astakos") + "ASTAKOS_LOGIN_SUCCESS_URL = (\n  '/im/landing')\n"
    (one,) = findings(text, "astakos")
    number = text.count("\n") - 1
    assert one.remedy == "sed -i '%d,%ds/^/# /' /etc/synnefo/a.conf" % (number, number + 1)


# -- CSRF ---------------------------------------------------------------------------------------

REMOVE = "MIDDLEWARE_CLASSES.remove('%s')" % CSRF


@pytest.mark.parametrize("role,line,expected", [
    ("astakos", REMOVE, {("csrf", WARNING)}),
    ("cyclades", REMOVE, {("csrf", ERROR)}),
    ("pithos", "if '%s' in MIDDLEWARE_CLASSES:\n    %s" % (CSRF, REMOVE), {("csrf", WARNING)}),
    ("pithos", "MIDDLEWARE_CLASSES = [m for m in MIDDLEWARE_CLASSES if m != '%s']" % CSRF,
     {("csrf", WARNING)}),
    ("astakos", "MIDDLEWARE_CLASSES.insert(0, '%s')" % CSRF, set()),
    ("astakos", "MIDDLEWARE_CLASSES.remove('x')", set()),
    ("astakos", "# " + REMOVE, set()),
])
def test_csrf(role, line, expected):
    assert with_line(line, role) == expected


# -- hidden words -----------------------------------------------------------------------------

@pytest.mark.parametrize("line,expected,remedy", [
    ("HIDDEN_COOKIES = '_pithos2_a|token'", {("hidden", WARNING)},
     "HIDDEN_COOKIES = 'password|_pithos2_a|token'"),
    ("HIDDEN_COOKIES = 'my_password'", {("hidden", WARNING)},
     "HIDDEN_COOKIES = 'password|my_password'"),
    ("HIDDEN_COOKIES = ['token']", {("hidden", ERROR)}, "HIDDEN_COOKIES = 'password|token'"),
    ("HIDDEN_COOKIES = f()", {("unknown", WARNING)}, None),
    ("HIDDEN_COOKIES = 'password|token'", set(), None),
    ("HIDDEN_COOKIES = 'token'\nHIDDEN_COOKIES += '|password'", set(), None),
])
def test_hidden(line, expected, remedy):
    text = right("pithos") + line + "\n"
    assert found(text, "pithos") == expected
    if remedy:
        (one,) = findings(text, "pithos")
        assert one.remedy == remedy
        assert found(text + remedy + "\n", "pithos") == set()


# -- defaults -----------------------------------------------------------------------------------

@pytest.mark.parametrize("role,name,severity", [
    ("pithos", "PITHOS_UPDATE_MD5", WARNING), ("pithos", "PITHOS_USE_QUOTAHOLDER", NOTE),
    ("cyclades", "CYCLADES_USE_QUOTAHOLDER", NOTE),
    ("astakos", "ASTAKOS_FORCE_PROFILE_UPDATE", NOTE), ("astakos", "ASTAKOS_PAGINATE_BY", NOTE),
    ("astakos", "ASTAKOS_PAGINATE_BY_ALL", NOTE), ("astakos", "ASTAKOS_SITENAME", NOTE),
    ("astakos", "DEFAULT_FROM_EMAIL", NOTE), ("astakos", "MANAGERS", NOTE),
    ("pithos", "LOGGING_SETUP", NOTE)])
def test_changed_defaults(role, name, severity):
    lines = right(role).splitlines(keepends=True)
    text = "".join(line for line in lines if name + " =" not in line)
    assert len(text) < len(right(role))
    items = findings(text, role)
    assert [(item.check, item.severity) for item in items] == [("settings-default", severity)]
    assert name in items[0].what
    if items[0].remedy:
        assert found(text + items[0].remedy + "\n", role) == set()


def test_many_changed_defaults_are_one_note():
    text = right("astakos").replace("PAGINATE", "X")
    (one,) = findings(text, "astakos")
    assert "ASTAKOS_PAGINATE_BY is 50 now, was 8" in one.what
    assert one.remedy == "ASTAKOS_PAGINATE_BY = 8\nASTAKOS_PAGINATE_BY_ALL = 15"


def test_quotas_that_were_off():
    text = right("cyclades").replace("HOLDER = True", "HOLDER = False")
    assert found(text, "cyclades") == {("default", NOTE)}


def test_email_defaults_belong_to_the_email_checks():
    text = right("astakos").replace("MANAGERS", "X")
    one = subject(text, "astakos", email={})
    from snftools.settings.checks import defaults
    assert not list(defaults.check(one))


def test_a_landing_page_in_a_block_of_one_line_is_taken_out_by_hand():
    text = right("astakos") + "if True: ASTAKOS_LOGIN_SUCCESS_URL = 'https://a.org/im/landing'\n"
    assert [item.remedy for item in findings(text, "astakos") if item.check.endswith("landing")
            ] == ["delete the line: the default is right"]


@pytest.mark.parametrize("line, wanted", [
    ("MIDDLEWARE_CLASSES.remove(X)  # %s" % CSRF, set()),
    ("for m in [m for m in MIDDLEWARE_CLASSES if m != '%s']:\n    pass" % CSRF, set()),
    ("if '%s' in MIDDLEWARE_CLASSES:\n    MIDDLEWARE_CLASSES.remove('%s')" % (CSRF, CSRF),
     {("csrf", WARNING)})])
def test_csrf_in_a_comment_or_under_its_condition(line, wanted):
    assert with_line(line, "astakos") == wanted
