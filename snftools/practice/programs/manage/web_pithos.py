"""The web application of pithos: the containers of a user, whom it asks astakos about."""

from . import context as context_module
from . import defaults
from .web_answer import as_json, base_path, fault, page, user_of_token

CONTAINERS = "SELECT path FROM nodes WHERE path LIKE %s AND path NOT LIKE %s ORDER BY path"


def routes(context, new):
    """Return the routes of 0.14 below the base URL's path, or those of 0.13."""
    if not new:
        return [
            ("GET", "^/v1/([^/]+)/?$", old_account),
            ("GET", "^/ui/?$", lambda *request: page("pithos")),
        ]
    base = base_path(defaults.effective(context, "pithos", "PITHOS_BASE_URL"))
    return [
        ("GET", base + "object-store/v1/([^/]+)/?$", account),
        ("GET", base + "ui/?$", lambda *request: page("pithos")),
    ]


def account(context, headers, body, uuid):
    """List the containers of an account; only its owner may."""
    base = defaults.effective(context, "pithos", "ASTAKOS_BASE_URL")
    return _account(context, headers, base.rstrip("/") + "/account/v1.0/authenticate", uuid)


def old_account(context, headers, body, uuid):
    """The same of 0.13."""
    return _account(context, headers, context.settings["PITHOS_AUTHENTICATION_URL"], uuid)


def _account(context, headers, url, uuid):
    user, failure = user_of_token(url, headers.get("X-Auth-Token"))
    if failure:
        return failure
    if user["uuid"] != uuid:
        return fault(403, "Not allowed")
    connection = context_module.connect_url(context.settings["PITHOS_BACKEND_DB_CONNECTION"])
    try:
        cursor = connection.cursor()
        cursor.execute(CONTAINERS, (uuid + "/%", uuid + "/%/%"))
        return as_json([{"name": row[0].partition("/")[2]} for row in cursor.fetchall()])
    finally:
        connection.close()
