"""diffsettings: what differs from Django 1.2's own defaults; `###` marks what Django lacks."""

from . import options, settings

DATABASE = {
    "ENGINE": "", "NAME": "", "USER": "", "PASSWORD": "", "HOST": "", "PORT": "", "OPTIONS": {},
    "TIME_ZONE": "UTC", "TEST_CHARSET": None, "TEST_COLLATION": None, "TEST_MIRROR": None,
    "TEST_NAME": None,
}  # fmt: skip
DJANGO = {
    "ADMINS": (), "MANAGERS": (), "APPEND_SLASH": True, "DATABASES": {}, "DEBUG": False,
    "DEFAULT_CHARSET": "utf-8", "DEFAULT_FROM_EMAIL": "webmaster@localhost",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "localhost",
    "EMAIL_HOST_PASSWORD": "", "EMAIL_HOST_USER": "", "EMAIL_PORT": 25,
    "EMAIL_SUBJECT_PREFIX": "[Django] ", "EMAIL_USE_TLS": False, "INSTALLED_APPS": (),
    "LANGUAGES": (), "LANGUAGE_CODE": "en-us", "LOGIN_URL": "/accounts/login/",
    "MEDIA_ROOT": "", "MEDIA_URL": "", "MIDDLEWARE_CLASSES": (), "ROOT_URLCONF": None,
    "SECRET_KEY": "", "SERVER_EMAIL": "root@localhost", "SESSION_COOKIE_SECURE": False,
    "SESSION_ENGINE": "django.contrib.sessions.backends.db", "SITE_ID": None,
    "TEMPLATE_CONTEXT_PROCESSORS": (), "TEMPLATE_DEBUG": False, "TEMPLATE_DIRS": (),
    "TEMPLATE_LOADERS": (), "TIME_ZONE": "America/Chicago", "USE_I18N": True, "USE_L10N": False,
}  # fmt: skip


def diffsettings(context, words):
    """Print `NAME = value` lines; needs no database."""
    options.parser("diffsettings").parse_args(words)
    found = {
        name: value
        for name, value in settings.names(context.settings).items()
        if not name.startswith("_")
    }
    found["DATABASES"] = {
        alias: dict(DATABASE, **entry) for alias, entry in found.get("DATABASES", {}).items()
    }
    for name in sorted(found):
        if name not in DJANGO:
            print("%s = %r  ###" % (name, found[name]))
        elif found[name] != DJANGO[name]:
            print("%s = %r" % (name, found[name]))


COMMANDS = {"diffsettings": diffsettings}
