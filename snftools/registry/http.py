"""What the site answers over HTTP: the only proof of a right base URL (OBSERVED I)."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from snftools.registry.wanted import Service, Wanted

TIMEOUT = 10.0

# A token that no user has.
STRANGER = "snf-register-verify"

_LOOPBACK = ("127.", "localhost", "::1")


@dataclass(frozen=True)
class Answered:
    """An answer: its status (0: none came), the body's first part, or why none came."""

    url: str
    status: int
    body: bytes = b""
    why: str = ""

    def json(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.body.decode("utf-8"))
        except ValueError:
            return None


@dataclass(frozen=True)
class Probe:
    """One thing that was asked, and whether the answer was right."""

    name: str
    url: str
    ok: bool
    status: int
    why: str = ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer of its own: following it could end anywhere."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def ask(url: str, *, method: str = "GET", token: str = "", timeout: float = TIMEOUT
        ) -> Answered:
    """One request; never raises for what the network or the server does."""
    host = urlsplit(url).hostname or ""
    handlers: List[Any] = [_NoRedirect()]
    if host.startswith(_LOOPBACK):
        handlers.append(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, method=method, data=b"" if method == "POST" else None)
    request.add_header("Accept", "application/json")
    if token:
        request.add_unredirected_header("X-Auth-Token", token)
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as answer:
            return Answered(url, answer.status, answer.read(1 << 20))
    except urllib.error.HTTPError as error:
        with error:
            return Answered(url, error.code, error.read(1 << 16))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Answered(url, 0, why=str(reason) or type(error).__name__)
    except Exception as error:  # http.client.HTTPException: the server broke the protocol
        return Answered(url, 0, why="%s: %s" % (type(error).__name__, error))


def probe(wanted: Wanted, token: str = "") -> List[Probe]:
    """Everything that the release says must answer; with a user's token his own view too."""
    conf, home = wanted.catalogue.http, wanted.catalogue.home
    found: List[Probe] = []
    if home in wanted.components:
        base = wanted.components[home].base_url
        for page in conf["astakos_pages"]:
            found.append(_page(base + page))
        found.append(_tokens(base + conf["tokens"], wanted))
        found += _gone(base, conf["gone"])
    found += [_endpoint(wanted, service) for service in wanted.services()]
    return found + (_as_user(wanted, token) if token else [])


def _endpoint(wanted: Wanted, service: Service) -> Probe:
    """One endpoint.  Where the release knows an address that asks for a token, a token that
    nobody has must be answered with 401; of the others any answer but a 5xx is one.
    """
    rest = wanted.catalogue.http["stranger"].get(service.name)
    if rest is None:
        answer = ask(wanted.url(service))
        good = 0 < answer.status < 500
    else:
        answer = ask(wanted.url(service) + rest, token=STRANGER)
        good = answer.status == 401
    return Probe(service.name, answer.url, good, answer.status, answer.why or (
        "" if good else "HTTP %d%s" % (answer.status, "" if rest is None else ", not 401")))


def _page(url: str) -> Probe:
    """A page of Astakos that other components fetch: JSON, 200."""
    answer = ask(url)
    good = answer.status == 200 and isinstance(answer.json(), list)
    return Probe("page", url, good, answer.status,
                 answer.why or ("" if good else "HTTP %d, %s" % (
                     answer.status, "no JSON list" if answer.status == 200 else "not 200")))


def _tokens(url: str, wanted: Wanted) -> Probe:
    """The service catalogue: it must name every API service under its base URL (SOURCE 3.4)."""
    answer = ask(url, method="POST")
    urls = catalogue_urls(answer.json())
    missing = [service.name for service in wanted.services()
               if wanted.url(service) not in urls]
    good = answer.status == 200 and not missing
    why = answer.why or ("HTTP %d" % answer.status if answer.status != 200 else
                         "not in the catalogue: " + ", ".join(missing) if missing else "")
    return Probe("catalogue", url, good, answer.status, why)


def catalogue_urls(document: Any) -> List[str]:
    """All publicURLs of a Keystone catalogue; [] for any other document."""
    try:
        return [endpoint["publicURL"] for service in document["access"]["serviceCatalog"]
                for endpoint in service["endpoints"] if "publicURL" in endpoint]
    except (TypeError, KeyError):
        return []


def _gone(base: str, paths: List[str]) -> List[Probe]:
    """Addresses of the old release: there they answered, now they must not."""
    parts = urlsplit(base)
    root = "%s://%s" % (parts.scheme, parts.netloc)
    found = []
    for path in paths:
        answer = ask(root + path)
        found.append(Probe("gone", root + path, answer.status in (404, 410), answer.status,
                           answer.why or "HTTP %d" % answer.status))
    return found


def _as_user(wanted: Wanted, token: str) -> List[Probe]:
    """What a user sees: his own listing of the API services that the release names."""
    conf = wanted.catalogue.http
    uuid = user_id(wanted, token)
    found = []
    for name, rest in _named(conf["user"], wanted):
        service = wanted.catalogue.services[name]
        if "{uuid}" in rest and uuid is None:
            found.append(Probe("user " + name, wanted.url(service), False, 401,
                               "Astakos did not tell whose token it is"))
            continue
        url = wanted.url(service) + rest.replace("{uuid}", uuid or "")
        answer = ask(url, token=token)
        good = answer.status in (200, 204)
        found.append(Probe("user " + name, url, good, answer.status,
                           answer.why or ("" if good else "HTTP %d" % answer.status)))
    return found


def _named(user: Mapping[str, str], wanted: Wanted) -> List[Tuple[str, str]]:
    """The user's requests to components that are looked at."""
    return [(name, rest) for name, rest in user.items()
            if wanted.catalogue.services[name].component in wanted.components]


def user_id(wanted: Wanted, token: str) -> Optional[str]:
    """The user's uuid as Astakos tells it for a token, or None."""
    home = wanted.catalogue.home
    if home not in wanted.components:
        return None
    for service in wanted.catalogue.services_of(home):
        if service.type == "account":
            answer = ask(wanted.url(service) + "authenticate", token=token)
            told: Dict[str, Any] = answer.json() if isinstance(answer.json(), dict) else {}
            return str(told["uuid"]) if answer.status == 200 and "uuid" in told else None
    return None
