"""The web application of cyclades: the servers of a user, whom it asks astakos about."""

from urllib.parse import urlsplit

from . import defaults
from .rows import query
from .web_answer import as_json, base_path, page, redirect, user_of_token

SERVERS = "SELECT id, name, operstate FROM db_virtualmachine WHERE userid = %s AND NOT deleted"
NETWORKS = "SELECT count(drained) FROM db_network"


def routes(context, new):
    """Return the routes of 0.14 below the base URL's path, or those of 0.13."""
    if not new:
        return [
            ("GET", "^/api/v1.1/servers$", old_servers),
            ("GET", "^/ui/?$", lambda *request: page("cyclades")),
        ]
    url = defaults.effective(context, "cyclades", "CYCLADES_BASE_URL")
    base = base_path(url)
    home = urlsplit(url).path.rstrip("/") + "/ui/"
    return [
        ("GET", base + "compute/v2.0/servers/?$", servers),
        ("GET", base + "ui/$", lambda *request: page("cyclades")),
        ("GET", base + "?$", lambda *request: redirect(home)),
    ]


def servers(context, headers, body):
    """List the user's servers; a wrong ASTAKOS_BASE_URL is 404 or 500 (OBSERVED I)."""
    base = defaults.effective(context, "cyclades", "ASTAKOS_BASE_URL")
    url = base.rstrip("/") + "/account/v1.0/authenticate"
    user, failure = user_of_token(url, headers.get("X-Auth-Token"))
    if failure:
        return failure
    query(context, NETWORKS)
    return _servers(context, user)


def old_servers(context, headers, body):
    """The same of 0.13."""
    url = context.settings["ASTAKOS_URL"]
    user, failure = user_of_token(url, headers.get("X-Auth-Token"))
    return failure or _servers(context, user)


def _servers(context, user):
    found = query(context, SERVERS + " ORDER BY id", (user["uuid"],))
    return as_json({"servers": [{"id": row["id"], "name": row["name"]} for row in found]})
