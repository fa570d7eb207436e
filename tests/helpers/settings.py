"""Subjects of snf-settings-check for tests: right settings of each role, and what is found."""

from __future__ import annotations

from snftools.release import Release
from snftools.settings import prove
from snftools.settings.around import Around
from snftools.settings.asked import Asked
from snftools.settings.checks import Subject, leftovers
from snftools.settings.directory import SettingsDir
from snftools.settings.rules import Given, Rules

ASTAKOS = "ASTAKOS_BASE_URL = 'https://a.org/astakos'\n"
BAR = ("CLOUDBAR_LOCATION = 'https://a.org/static/im/cloudbar/'\n"
       "CLOUDBAR_SERVICES_URL = ASTAKOS_BASE_URL + '/ui/get_services'\n"
       "CLOUDBAR_MENU_URL = ASTAKOS_BASE_URL + '/ui/get_menu'\n"
       "LOGGING_SETUP = {'disable_existing_loggers': True}\n")
OWN = {
    "astakos": "ASTAKOS_FORCE_PROFILE_UPDATE = True\nASTAKOS_PAGINATE_BY = 8\n"
               "ASTAKOS_PAGINATE_BY_ALL = 15\nASTAKOS_SITENAME = 'Cloud'\n"
               "DEFAULT_FROM_EMAIL = 'Cloud <n@x.org>'\nMANAGERS = ()\n",
    "cyclades": "CYCLADES_BASE_URL = 'https://c.org/cyclades'\nCYCLADES_SERVICE_TOKEN = 't0ken'\n"
                "# removed: CYCLADES_USE_QUOTAHOLDER = True\n",
    "pithos": "PITHOS_BASE_URL = 'https://p.org'\nPITHOS_SERVICE_TOKEN = 't0ken'\n"
              "PITHOS_UPDATE_MD5 = True\n#PITHOS_USE_QUOTAHOLDER = True\n",
}
MAIL = ("CONTACT_EMAIL = 'c@x.org'\nSERVER_EMAIL = DEFAULT_FROM_EMAIL = 'Cloud <n@x.org>'\n"
        "ADMINS = MANAGERS = HELPDESK = (('J', 'j@x.org'),)\nEMAIL_HOST = 'mail.x.org'\n"
        "EMAIL_SUBJECT_PREFIX = '[x.org] '\n")
TOKENS = {"cyclades": "t0ken", "pithos": "t0ken"}


def right(*roles: str) -> str:
    """The settings of a node with these roles at which nothing is wrong."""
    return ASTAKOS + "".join(OWN[role] for role in roles) + BAR


def subject(text, *roles, node="n1", tokens=None, base_urls=None, email=None, answer=None,
            around=None, path="/etc/synnefo"):
    """`text`: one file's, or {name: text}; `email`: [email], which also asks for its checks."""
    part = Release.read().part("settings")
    files = text if isinstance(text, dict) else {"a.conf": text}
    rules = Rules.of("0.14", part, roles, email=email is not None)
    directory = SettingsDir.of(path, [(name, data.encode()) for name, data in files.items()],
                               node, holding=leftovers.holding(rules, part["checks"]))
    return Subject(directory, rules, part["checks"],
                   Given(dict(base_urls or {}), dict(email or {}),
                         dict(TOKENS if tokens is None else tokens)),
                   Asked(answer or {}), around or Around(), with_email=email is not None)


def findings(text, *roles, **more):
    """The findings of all checks, those of the email settings apart."""
    one = subject(text, *roles, **more)
    return [item for check in prove.CHECKS for item in check(one)]


def found(text, *roles, **more):
    """{(check without its "settings-", severity)} of them."""
    return {(item.check.partition("-")[2], item.severity)
            for item in findings(text, *roles, **more)}
