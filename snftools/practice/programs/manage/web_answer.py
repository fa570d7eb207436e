"""Answers of the web applications, and how they ask astakos who a user is."""

import json
import re
import urllib.error
import urllib.request
from urllib.parse import urlsplit

FAULTS = {400: "badRequest", 401: "unauthorized", 403: "forbidden", 503: "serviceUnavailable"}


class Answer:
    """Status, body and headers of one response."""

    def __init__(self, status, body=b"", kind="application/json", headers=()):
        self.status = status
        self.body = body
        self.kind = kind
        self.headers = headers


def as_json(value, status=200):
    """Return a response with a JSON document."""
    return Answer(status, json.dumps(value).encode())


def page(title):
    """Return a page for people."""
    return Answer(200, ("<html><title>%s</title></html>\n" % title).encode(), "text/html")


def redirect(url):
    """Return a redirection."""
    return Answer(302, b"", "text/html", (("Location", url),))


def fault(code, message):
    """Return a failure as the APIs word it (OBSERVED I)."""
    name = FAULTS.get(code, "fault")
    return as_json({name: {"message": message, "code": code, "details": ""}}, code)


def base_path(url):
    """Return the pattern of a base URL's path, without slashes at its ends."""
    path = urlsplit(url).path.strip("/")
    return "^/%s" % (re.escape(path) + "/" if path else "")


def user_of_token(url, token):
    """Ask astakos at `url` whose token that is: (user, None) or (None, the failure to answer)."""
    if not token:
        return None, fault(401, "No user token was given")
    request = urllib.request.Request(url, headers={"X-Auth-Token": token})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            return json.loads(response.read().decode("utf-8")), None
    except urllib.error.HTTPError as exc:
        known = {401: "Invalid X-Auth-Token", 404: "NOT FOUND"}
        return None, fault(exc.code, known.get(exc.code, "Astakos failed"))
    except (OSError, ValueError) as exc:
        return None, fault(500, str(getattr(exc, "reason", exc)))
