"""HTTP probes against a server of our own on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from snftools.registry import http
from snftools.registry.wanted import Catalogue, Wanted
from snftools.release import Release
from snftools.site import make_component

CATALOGUE = Catalogue.of(Release.read("0.14").part("registry"))
UUID = "48b7818b-00a1-4a43-8ad4-bde29ef30fb1"


@pytest.fixture
def server():
    """Answers {(method, path): (status, body)}, 404 otherwise; remembers tokens."""
    answers, tokens, known = {}, [], {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            tokens.append((self.path, self.headers.get("X-Auth-Token")))
            own = known.get(self.headers.get("X-Auth-Token"), {})
            status, body = own.get(self.path) or answers.get((self.command, self.path),
                                                             (404, b""))
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", body.decode())
                body = b""
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *args):
            pass

    httpd = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    httpd.answers, httpd.tokens, httpd.known = answers, tokens, known
    httpd.url = "http://127.0.0.1:%d" % httpd.server_port
    yield httpd
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def site(server):
    wanted = Wanted(CATALOGUE, {name: make_component(name, server.url + "/" + name)
                                for name in CATALOGUE.roles})
    catalogue = {"access": {"serviceCatalog": [
        {"type": row.type, "endpoints": [{"publicURL": wanted.url(row)}]}
        for row in wanted.services()]}}
    answers = server.answers
    answers["POST", "/astakos/identity/v2.0/tokens"] = (200, json.dumps(catalogue).encode())
    for page in ("get_services", "get_menu"):
        answers["GET", "/astakos/ui/" + page] = (200, b"[]")
    for row in wanted.services():
        answers["GET", wanted.url(row)[len(server.url):]] = (404, b"{}")
    for path in ("/astakos/account/v1.0/authenticate", "/cyclades/compute/v2.0/servers",
                 "/pithos/object-store/v1/nobody"):
        answers["GET", path] = (401, b"{}")
    return wanted


def wrong(wanted, token=""):
    return [probe.name for probe in http.probe(wanted, token) if not probe.ok]


def test_a_right_site(server):
    wanted = site(server)
    probes = http.probe(wanted)
    assert [probe for probe in probes if not probe.ok] == []
    assert len(probes) == 2 + 1 + 2 + 8


@pytest.mark.parametrize("change, name", [
    ({("GET", "/astakos/ui/get_services"): (404, b"")}, "page"),
    ({("GET", "/astakos/ui/get_menu"): (200, b"<html>")}, "page"),
    ({("POST", "/astakos/identity/v2.0/tokens"): (200, b'{"access": {}}')}, "catalogue"),
    ({("POST", "/astakos/identity/v2.0/tokens"): (500, b"")}, "catalogue"),
    ({("GET", "/cyclades/compute/v2.0/servers"): (404, b"")}, "cyclades_compute"),
    ({("GET", "/cyclades/compute/v2.0/servers"): (500, b"")}, "cyclades_compute"),
    ({("GET", "/pithos/object-store/v1/nobody"): (404, b"")}, "pithos_object-store"),
    ({("GET", "/cyclades/image/v1.0/"): (502, b"")}, "cyclades_plankton"),
    ({("GET", "/im/authenticate"): (200, b"")}, "gone"),
    ({("GET", "/im/get_services"): (302, b"/astakos/ui/get_services")}, "gone")])
def test_each_wrong_answer(server, change, name):
    wanted = site(server)
    server.answers.update(change)
    assert wrong(wanted) == [name]


def test_nobody_listens(server):
    wanted = Wanted(CATALOGUE, {"pithos": make_component("pithos", "http://127.0.0.1:9/p")})
    probe, = http.probe(wanted)
    assert not probe.ok and probe.status == 0 and probe.why


def as_user(server, token):
    """A site where only one token is known; what is wrong for another one."""
    wanted = site(server)
    server.known[token] = {
        "/astakos/account/v1.0/authenticate": (200, json.dumps({"uuid": UUID}).encode()),
        "/cyclades/compute/v2.0/servers": (200, b"{}"),
        "/pithos/object-store/v1/" + UUID: (204, b"")}
    return wanted


def test_as_user(server):
    wanted = as_user(server, "sesame-token")
    assert wrong(wanted, "sesame-token") == []
    assert ("/cyclades/compute/v2.0/servers", "sesame-token") in server.tokens
    server.known["sesame-token"]["/cyclades/compute/v2.0/servers"] = (404, b"")
    assert wrong(wanted, "sesame-token") == ["user cyclades_compute"]


def test_unknown_token(server):
    wanted = as_user(server, "sesame-token")
    assert wrong(wanted, "nobody") == ["user cyclades_compute", "user pithos_object-store"]


def test_no_proxy_for_loopback(server, monkeypatch):
    wanted = site(server)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert wrong(wanted) == []


@pytest.mark.parametrize("document", [None, [], {"access": 1}, {"access": {"serviceCatalog": [1]}}])
def test_other_documents_are_no_catalogue(document):
    assert http.catalogue_urls(document) == []
