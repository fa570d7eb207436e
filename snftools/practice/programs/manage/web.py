"""Serves the web applications of a node over HTTP, as gunicorn does with Synnefo's."""

import re
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from . import web_astakos, web_cyclades, web_pithos
from .context import Context
from .web_answer import Answer, fault


def main(program, words):
    """Serve on the address of --bind=HOST:PORT until a signal; broken settings end with 1."""
    binds = [word.partition("=")[2] for word in words if word.startswith("--bind=")]
    if len(binds) != 1:
        sys.stderr.write("gunicorn: error: exactly one --bind=HOST:PORT\n")
        return 2
    host, _, port = binds[0].rpartition(":")
    context = Context.of_program(program)
    routes = all_routes(context)
    handler = type("BoundHandler", (Handler,), {"context": context, "routes": routes})
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer((host, int(port)), handler)
    server.serve_forever()
    return 0


def all_routes(context):
    """Return (method, pattern, function) of every application that is installed on the node."""
    routes = []
    for package, module in (
        ("snf-astakos-app", web_astakos),
        ("snf-cyclades-app", web_cyclades),
        ("snf-pithos-app", web_pithos),
    ):
        if context.version(package) is not None:
            routes += module.routes(context, context.at_least(package, "0.14"))
    return [(method, re.compile(pattern), function) for method, pattern, function in routes]


class Handler(BaseHTTPRequestHandler):
    """One request: the first route that fits answers, 404 without one, 500 when it fails."""

    context = None
    routes = ()
    server_version = "gunicorn/0.14.5"

    def do_GET(self):
        self._answer("GET")

    def do_HEAD(self):
        self._answer("GET")

    def do_POST(self):
        self._answer("POST")

    def log_message(self, template, *values):
        """Real gunicorn 0.14 keeps no access log."""

    def _answer(self, method):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        # A new Context: nothing is shared between threads, what it opened is closed again.
        context = Context(self.context.root)
        try:
            answer = self._route(context, method, body)
        except Exception:
            traceback.print_exc()
            answer = fault(500, "Unexpected error")
        finally:
            context.close()
        self._send(answer)

    def _route(self, context, method, body):
        path = urlsplit(self.path).path
        context.load(self.context.settings)
        for wanted, pattern, function in self.routes:
            match = pattern.match(path)
            if match and wanted == method:
                return function(context, self.headers, body, *match.groups())
        return Answer(404, b"<h1>Not Found</h1>", "text/html")

    def _send(self, answer):
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

