"""The web applications of a practice node answer as those of a real one."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import pytest

from tests.practice.nodes import PRACTICE
from tests.practice.programs import Programs

Fetch = Callable[..., Tuple[int, Any]]
NAMES = ("astakos", "cyclades", "pithos")


class Served:
    """Nodes whose workers listen on ports of 127.0.0.1."""

    def __init__(self, programs: Programs) -> None:
        self.programs = programs
        self.ports = dict(zip(NAMES, free_ports(len(NAMES))))
        self.workers: List[subprocess.Popen] = []
        for name in NAMES:
            program = PRACTICE / "programs" / "gunicorn"
            shutil.copy(str(program), str(programs.path / name / "usr/bin"))
            self.configure(name, astakos=self.url("astakos"))

    def url(self, name: str) -> str:
        """The base URL of a component."""
        return "http://127.0.0.1:%d/%s" % (self.ports[name], name)

    def configure(self, name: str, astakos: str) -> None:
        """Write the base URLs of a node, that of astakos as it believes it to be."""
        lines = "%s_BASE_URL = %r\nASTAKOS_BASE_URL = %r\n"
        text = lines % (name.upper(), self.url(name), astakos)
        (self.programs.path / name / "etc/synnefo/20-urls.conf").write_text(text)

    def start(self, *names: str) -> None:
        """Start workers and wait until they listen."""
        for name in names:
            program = self.programs.path / name / "usr/bin/gunicorn"
            bind = "--bind=127.0.0.1:%d" % self.ports[name]
            self.workers.append(subprocess.Popen([sys.executable, str(program), bind]))
            wait_for(self.ports[name])

    def stop(self) -> None:
        """End the workers."""
        for worker in self.workers:
            worker.terminate()
            worker.wait(30)

    def get(self, url: str, token: str = "", post: Any = None) -> Tuple[int, Any]:
        """Status and document of a request; None for what is no JSON."""
        headers: Dict[str, str] = {"X-Auth-Token": token} if token else {}
        request = urllib.request.Request(url, headers=headers, data=post)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as response:
                return response.status, document(response.read())
        except urllib.error.HTTPError as exc:
            return exc.code, document(exc.read())


def free_ports(count: int) -> List[int]:
    """Ports of 127.0.0.1 that nobody uses."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "nobody listens on port %d" % port
            time.sleep(0.05)


def document(body: bytes) -> Any:
    """The JSON of an answer, None for anything else."""
    try:
        return json.loads(body.decode("utf-8"))
    except ValueError:
        return None


@pytest.fixture
def served(programs: Programs) -> Iterator[Served]:
    """Registered nodes with their web applications, none of them started."""
    made = Served(programs)
    programs.register(*NAMES)
    yield made
    made.stop()


@pytest.fixture
def user(served: Served) -> Tuple[str, str]:
    """The token and the UUID of a user that has servers."""
    owner = served.programs.psql("cyclades", "SELECT min(userid) FROM db_virtualmachine")[0][0]
    sql = "SELECT auth_token, uuid FROM im_astakosuser WHERE uuid = '%s'" % owner
    token, uuid = served.programs.psql("astakos", sql)[0]
    return token, uuid


def test_right_settings(served: Served, user: Tuple[str, str]) -> None:
    served.start(*NAMES)
    token, uuid = user
    astakos, cyclades, pithos = (served.url(name) for name in NAMES)
    status, components = served.get(astakos + "/ui/get_services")
    assert status == 200 and [one["name"] for one in components][-1] == "astakos"
    assert served.get(astakos + "/ui/get_menu")[0] == 200
    status, who = served.get(astakos + "/account/v1.0/authenticate", token)
    assert status == 200 and who["uuid"] == uuid
    assert served.get(astakos + "/account/v1.0/authenticate", "wrong")[0] == 401
    status, answer = served.get(cyclades + "/compute/v2.0/servers", token)
    assert status == 200 and answer["servers"]
    status, containers = served.get(pithos + "/object-store/v1/" + uuid, token)
    assert status == 200 and {"name": "pithos"} in containers
    assert served.get(pithos + "/object-store/v1/another", token)[0] == 403
    for name in NAMES:
        assert served.get(served.url(name) + "/ui/")[0] == 200
        assert served.get(served.url(name) + "/nosuch")[0] == 404
    for old in ("/im/get_services", "/im/authenticate"):
        assert served.get(astakos[: -len("/astakos")] + old, token)[0] == 404


def test_catalogue_needs_no_token(served: Served) -> None:
    served.start("astakos")
    url = served.url("astakos") + "/identity/v2.0/tokens"
    status, answer = served.get(url, post=b"")
    assert status == 200
    catalogue = {one["name"]: one for one in answer["access"]["serviceCatalog"]}
    assert len(catalogue) == 7 and "token" not in answer["access"]
    compute = catalogue["cyclades_compute"]
    assert compute["type"] == "compute"
    assert compute["endpoints"][0]["publicURL"].endswith("/cyclades/compute/v2.0/")
    assert compute["endpoints"][0]["versionId"] == "v2.0"
    assert compute["endpoints"][0]["SNF:uiURL"] == "https://cyclades.example.org/ui/"
    assert served.get(url, post=b'{"auth": {"token": {"id": "wrong"}}}')[0] == 401


@pytest.mark.parametrize("suffix", ["/im/authenticate", "/nosuch"])
def test_wrong_astakos_url_is_404(
    served: Served, user: Tuple[str, str], suffix: str
) -> None:
    served.configure("cyclades", astakos=served.url("astakos") + suffix)
    served.start("astakos", "cyclades")
    answer = served.get(served.url("cyclades") + "/compute/v2.0/servers", user[0])
    assert answer[0] == 404
    assert answer[1]["fault"]["message"] == "NOT FOUND" and answer[1]["fault"]["code"] == 404


def test_host_without_address_is_500(served: Served, user: Tuple[str, str]) -> None:
    served.configure("pithos", astakos="http://nosuch.invalid/astakos")
    served.start("pithos")
    answer = served.get(served.url("pithos") + "/object-store/v1/" + user[1], user[0])
    assert answer[0] == 500 and answer[1]["fault"]["code"] == 500


def test_new_code_needs_the_new_schema(served: Served) -> None:
    served.programs.psql("astakos", "ALTER TABLE im_component RENAME TO gone")
    served.start("astakos")
    assert served.get(served.url("astakos") + "/ui/get_services")[0] == 500


def test_old_code_on_the_new_schema(served: Served, user: Tuple[str, str]) -> None:
    for package in (served.programs.path / "astakos/usr/lib/synnefo/versions").iterdir():
        package.write_text("0.13\n")
    served.start("astakos")
    host = served.url("astakos")[: -len("/astakos")]
    assert served.get(host + "/im/get_services")[0] == 500
    assert served.get(host + "/im/authenticate", user[0])[0] == 500
    assert served.get(host + "/im/get_menu")[0] == 200
    assert served.get(served.url("astakos") + "/ui/get_services")[0] == 404


def test_broken_settings(served: Served) -> None:
    path: Path = served.programs.path / "astakos" / "etc/synnefo/99-broken.conf"
    path.write_text("X = NOSUCH\n")
    done = served.programs.call("astakos", "gunicorn --bind=127.0.0.1:%d" % served.ports["astakos"])
    assert done.exit == 1 and done.err.startswith("Failed to read settings file: %s" % path)
