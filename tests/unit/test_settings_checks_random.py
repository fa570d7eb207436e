"""Whatever the files hold: the checks end, tell no secret, and never stop with an exception."""

from __future__ import annotations

from hypothesis import example, given, settings, strategies as st

from snftools.release import Release
from snftools.settings import prove
from snftools.settings.around import Around
from snftools.settings.checks import NAMES, email, mail, urls
from tests.helpers.settings import right, subject

CONF = Release.read().part("settings")["checks"]
WATCHED = sorted({
    "ASTAKOS_BASE_URL", "CYCLADES_BASE_URL", "PITHOS_BASE_URL", "STATS_BASE_URL",
    "CLOUDBAR_LOCATION", "CLOUDBAR_MENU_URL", "CYCLADES_SERVICE_TOKEN", "MIDDLEWARE_CLASSES",
    "HIDDEN_COOKIES", "EMAIL_HOST", "EMAIL_HOST_USER", "EMAIL_SUBJECT_PREFIX",
    "GANETI_CREATEINSTANCE_KWARGS", "ASTAKOS_URL", *CONF["people"], *CONF["addresses"],
    *CONF["landing"]})
VALUES = st.one_of(
    st.sampled_from(["''", "None", "7", "()", "[[]]", "{}", "f()", "('a',)", "(('a', 'b@c'),)",
                     "((1, 2),)", "{'hvparams': 3}", "{'hvparams': {'a': 1}}", "'http://['",
                     "'https://a.org:99999/x'", "'/im/landing'", "u'\\u0394'", "'\\xff'",
                     "'https://u:planted@h.org/im/x'", "'a' * 3", "lambda: 1", "`1`"]),
    st.text(max_size=12).map(repr).map(ascii))
LINES = st.one_of(
    st.tuples(st.sampled_from(WATCHED), st.sampled_from([" = ", " += ", "['hvparams'] = "]),
              VALUES).map("".join),
    st.sampled_from([
        "MIDDLEWARE_CLASSES.remove('%s')" % CONF["middleware_value"], "del ASTAKOS_BASE_URL",
        "if ADMINS:", "    MANAGERS = ADMINS", "from x import *", "exec 'X = 1'", "else:",
        "ADMINS.append(ADMINS)", "X = ASTAKOS_URL", "for HELPDESK in (1, 2): pass"]),
    st.text(max_size=20))
ROLES = st.lists(st.sampled_from(["astakos", "cyclades", "pithos"]), min_size=1, unique=True)


PLANTED = ["%s = 'https://u:planted@h.org/im/x'" % name for name in WATCHED if "TOKEN" not in name]


@settings(max_examples=300, deadline=None)
@example(PLANTED, ["astakos", "cyclades", "pithos"], "", False)
@given(st.lists(LINES, max_size=8), ROLES, st.text(max_size=60), st.booleans())
def test_any_lines(lines, roles, web, start_right):
    text = (right(*roles) if start_right else "") + "\n".join(lines) + "\n"
    text = text.encode("ascii", "replace").decode()
    one = subject(text, *roles, email={"contact": "c@x.org", "admins": ["A <a@x.org>"]},
                  around=Around({"/etc/nginx/nginx.conf": web + "\n/im/x " + web}))
    checks = prove.CHECKS if not list(one.directory.faults()) else prove.OUTSIDE
    found = [item for check in checks for item in check(one)]
    if checks is prove.CHECKS:
        found += [*email.check(one), *urls.between([one, one])]
        mail.lines(one)
    assert all(item.check.partition("-")[2] in NAMES for item in found)
    assert "planted" not in repr(found) + repr(one.table())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), ROLES)
def test_any_bytes(data, roles):
    one = subject({"a.conf": data.decode("latin-1")}, *roles, email={})
    for check in prove.OUTSIDE if list(one.directory.faults()) else (*prove.CHECKS, email.check):
        list(check(one))
