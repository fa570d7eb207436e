"""The settings that the installed packages put into the namespace before any *.conf is read.

Only snf-common, snf-webproject, snf-cyclades-app and the tools on Ganeti nodes do (SOURCE 1.1);
astakos and pithos ask for theirs with a default of their own: component_defaults.
"""

from . import defaults_cyclades

SQLITE = "/usr/share/synnefo/synnefo_database.sqlite"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"


def of_node(context):
    """Return the defaults of every package of the node, in the order in which Synnefo adds them."""
    settings = _admins(context.at_least("snf-common", "0.14"))
    settings.update(_webproject(context.at_least("snf-webproject", "0.14")))
    if context.version("snf-cyclades-app"):
        settings.update(defaults_cyclades.of_release(context.at_least("snf-cyclades-app", "0.14")))
    if context.version("snf-cyclades-gtools"):
        settings.update(defaults_cyclades.of_ganeti())
    if context.version("snf-astakos-app"):
        settings["MIDDLEWARE_CLASSES"].append(CSRF)
        settings["TEMPLATE_CONTEXT_PROCESSORS"].append("django.core.context_processors.csrf")
        if not context.at_least("snf-astakos-app", "0.14"):
            settings["LOGIN_URL"] = "/im/"
    return settings


def component_defaults(context):
    """Return what astakos, cyclades and pithos of 0.14 take where the settings say nothing."""
    values = {}
    if context.at_least("snf-astakos-app", "0.14"):
        values["astakos"] = {"ASTAKOS_BASE_URL": "https://accounts.example.synnefo.org"}
    if context.at_least("snf-cyclades-app", "0.14"):
        values["cyclades"] = {
            "ASTAKOS_BASE_URL": "https://accounts.example.synnefo.org/",
            "CYCLADES_BASE_URL": "https://compute.example.synnefo.org/compute/",
        }
    if context.at_least("snf-pithos-app", "0.14"):
        values["pithos"] = {
            "ASTAKOS_BASE_URL": "https://accounts.example.synnefo.org/astakos/",
            "PITHOS_BASE_URL": "https://object-store.example.synnefo.org/pithos/",
        }
    return values


def effective(context, component, name):
    """Return the value of a setting as the 0.14 component sees it, its own default included."""
    return context.settings.get(name, component_defaults(context).get(component, {}).get(name))


def _admins(new):
    settings = {
        "ADMINS": (),
        "MANAGERS": (),
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_SUBJECT_PREFIX": "[email-subject-prefix] ",
        "DEFAULT_CHARSET": "utf-8",
        "DEFAULT_FROM_EMAIL": "~okeanos <no-reply@grnet.gr>",
    }
    if new:
        settings["DEFAULT_FROM_EMAIL"] = "synnefo <no-reply@synnefo.org>"
        settings["HELPDESK"] = ()
        settings["CONTACT_EMAIL"] = "support@synnefo.org"
        settings["SERVER_EMAIL"] = "Synnefo cloud <cloud@synnefo.org>"
    return settings


def _webproject(new):
    settings = {
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": SQLITE}},
        "DEBUG": False,
        "TEMPLATE_DEBUG": False,
        "SECRET_KEY": "ly6)mw6a7x%n)-dummy_default_secret_key#zzk4jo6f2=uqu!1o%)",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_ENGINE": "django.contrib.sessions.backends.cached_db",
        "USE_X_FORWARDED_HOST": True,
        "HIDDEN_SETTINGS": "SECRET|PASSWORD|PROFANITIES_LIST|SIGNATURE|AMQP_HOSTS"
        "|PRIVATE_KEY|DB_CONNECTION",
        "HIDDEN_COOKIES": "_pithos2_a|token|sessionid|shibstate|shibsession|CSRF_COOKIE",
        "ROOT_URLCONF": "synnefo.webproject.urls",
        "LANGUAGE_CODE": "en-us",
        "LANGUAGES": (("en", "English"),),
        "TIME_ZONE": "UTC",
        "MEDIA_ROOT": "/usr/share/synnefo/static/",
        "MEDIA_URL": "/static/",
        "STATIC_FILES": {},
        "SETTINGS_MODULE": "synnefo.settings",
        "MIDDLEWARE_CLASSES": [
            "django.middleware.common.CommonMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "synnefo.lib.middleware.LoggingConfigMiddleware",
            "synnefo.lib.middleware.SecureMiddleware",
        ],
        "TEMPLATE_CONTEXT_PROCESSORS": [
            "django.core.context_processors.request",
            "django.core.context_processors.media",
            "synnefo.lib.context_processors.cloudbar",
        ],
    }
    settings.update(_logging(not new))
    if new:
        settings["APPEND_SLASH"] = False
        settings["WEBPROJECT_ROOT_REDIRECT"] = None
        settings["HIDDEN_COOKIES"] = "password|" + settings["HIDDEN_COOKIES"]
    return settings


def _logging(disable):
    handlers = {"console": {"class": "logging.StreamHandler", "formatter": "simple"}}
    setup = {"version": 1, "disable_existing_loggers": disable, "handlers": handlers}
    return {"LOGGING_SETUP": setup, "SNF_MANAGE_LOGGING_SETUP": dict(setup)}
