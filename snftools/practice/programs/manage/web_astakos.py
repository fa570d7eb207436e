"""The web application of astakos: cloudbar, token check, service catalogue."""

import json
from urllib.parse import urlsplit

from . import defaults
from .rows import query
from .web_answer import as_json, base_path, fault, page, redirect

CATALOGUE = """
SELECT s.name, s.type, c.url, e.id AS endpoint, d.key, d.value FROM im_service s
  JOIN im_component c ON c.id = s.component_id JOIN im_endpoint e ON e.service_id = s.id
  JOIN im_endpointdata d ON d.endpoint_id = e.id ORDER BY s.id, e.id, d.id"""
USER = """
SELECT u.username, u.email, u.first_name, u.last_name, im_astakosuser.uuid,
       im_astakosuser.auth_token, %s
  FROM im_astakosuser JOIN auth_user u ON u.id = im_astakosuser.user_ptr_id
 WHERE im_astakosuser.auth_token = %%s AND u.is_active
   AND (im_astakosuser.auth_token_expires IS NULL OR im_astakosuser.auth_token_expires > now())"""


def routes(context, new):
    """Return the routes of 0.14 below the base URL's path, or those of 0.13."""
    if not new:
        return [
            ("GET", "^/im/get_services$", old_services),
            ("GET", "^/im/get_menu$", menu),
            ("GET", "^/im/authenticate/?$", authenticate_old),
            ("GET", "^/im/(?:login)?$", lambda *request: page("astakos")),
            ("GET", "^/$", lambda *request: redirect("/im/")),
        ]
    url = defaults.effective(context, "astakos", "ASTAKOS_BASE_URL")
    base = base_path(url)
    home = urlsplit(url).path.rstrip("/") + "/ui/"
    return [
        ("GET", base + "ui/get_services$", services),
        ("GET", base + "ui/get_menu$", menu),
        ("GET", base + "ui/(?:login)?$", lambda *request: page("astakos")),
        ("GET", base + "account/v1.0/authenticate/?$", authenticate),
        ("POST", base + "identity/v2.0/tokens/?$", tokens),
        ("GET", base + "weblogin/?$", lambda *request: page("astakos")),
        ("GET", base + "?$", lambda *request: redirect(home)),
        ("GET", "^/$", lambda *request: redirect(home)),
    ]


def services(context, headers, body):
    """The components, as the cloudbar shows them."""
    found = query(context, "SELECT id, name, url FROM im_component ORDER BY id")
    return as_json([dict(row, id=str(row["id"])) for row in found])


def old_services(context, headers, body):
    """The same of 0.13."""
    sql = 'SELECT id, name, url, icon, "order" FROM im_service ORDER BY "order", id'
    found = query(context, sql)
    return as_json([dict(row, id=str(row["id"])) for row in found])


def menu(context, headers, body):
    """The menu of a visitor who is not signed in."""
    return as_json([{"url": "login", "name": "Sign in"}])


def authenticate(context, headers, body):
    """Who the user of X-Auth-Token is (200), or 401."""
    return _authenticate(context, headers, "im_astakosuser.accepted_policy")


def authenticate_old(context, headers, body):
    """The same of 0.13."""
    return _authenticate(context, headers, "im_astakosuser.provider")


def _authenticate(context, headers, column):
    token = headers.get("X-Auth-Token")
    user = _user(context, token, column) if token else None
    if user is None:
        return fault(401, "Invalid X-Auth-Token")
    name = "%s %s" % (user["first_name"], user["last_name"])
    return as_json(
        {
            "uuid": user["uuid"],
            "username": user["username"],
            "displayname": user["email"],
            "email": [user["email"]],
            "name": name.strip(),
            "auth_token": user["auth_token"],
        }
    )


def tokens(context, headers, body):
    """The catalogue of services; without a body nobody needs a token for it (SOURCE 3.4)."""
    access = {"serviceCatalog": _catalogue(context)}
    if body:
        user = _user_of_request(context, body)
        if user is None:
            return fault(401, "Invalid token")
        access["token"] = {"id": user["auth_token"], "tenant": {"id": user["uuid"]}}
        access["user"] = {"id": user["uuid"], "name": user["username"], "roles": []}
    return as_json({"access": access})


def _user_of_request(context, body):
    try:
        auth = json.loads(body.decode("utf-8"))["auth"]
        token = auth.get("token", {}).get("id") or auth["passwordCredentials"]["password"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return _user(context, token, "im_astakosuser.accepted_policy")


def _user(context, token, column):
    found = query(context, USER % column, (token,))
    return found[0] if found else None


def _catalogue(context):
    found = {}
    for row in query(context, CATALOGUE):
        service = found.setdefault(
            row["name"], {"name": row["name"], "type": row["type"], "endpoints_links": [], "e": {}}
        )
        endpoint = service["e"].setdefault(
            row["endpoint"], {"region": "default", "SNF:uiURL": row["url"]}
        )
        endpoint[row["key"]] = row["value"]
        if row["name"] == "astakos_weblogin" and row["key"] == "publicURL":
            endpoint["SNF:webloginURL"] = row["value"]
    for service in found.values():
        service["endpoints"] = list(service.pop("e").values())
    return list(found.values())
