"""Makes a practice site: a whole Synnefo 0.13 installation in one directory."""

from __future__ import annotations

import json
import os
import random
import secrets
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence

from snftools.errors import Failed, Refused
from snftools.practice import configure, packages, server, services, tree

HERE = Path(__file__).resolve().parent
MARKER = ".snf-practice-site"
LAYOUTS = ("three-hosts", "one-host")
COMPONENTS = ("astakos", "cyclades", "pithos")
# Below the ports that outgoing connections take, which could be in the way of a restart.
PORTS = range(18000, 32000)

Say = Callable[[str], None]


def create(directory: Path, layout: str, scale: int, start: bool, say: Say) -> None:
    """Make a site in `directory`; Refused (3) when it can't be there, Failed (1) otherwise."""
    directory = prepare(directory)
    conf = packages.read_conf(HERE / "layouts" / (layout + ".conf"))
    ports = free_ports(conf["nodes"])
    write_marker(directory, {"layout": layout, "nodes": conf["nodes"],
                             "databases": conf["databases"], "ports": ports})
    say("packages   building the stand-ins of 0.13 and 0.14")
    packages.build(directory / "repo")
    with ThreadPoolExecutor(2) as pool:
        filled = pool.submit(_make_databases, directory, conf, ports, scale)
        say("nodes      installing 0.13 on %s" % " ".join(conf["nodes"]))
        list(pool.map(lambda name: _install(directory, name, conf["nodes"][name]),
                      conf["nodes"]))
        filled.result()
    values = _values(directory, conf, ports)
    master = next(name for name, roles in conf["nodes"].items() if "ganeti" in roles)
    for name, roles in conf["nodes"].items():
        root = directory / "nodes" / name
        configure.edit_settings(root, roles, values)
        configure.enable_services(root, roles, "127.0.0.1:%d" % ports.get(name, 0),
                                  master)
    _finish(directory, conf["nodes"], urls(conf["nodes"], ports))
    run_site(directory, list(conf["nodes"]), start, say)


@contextmanager
def cleaned_up(directory: Path) -> Iterator[None]:
    """Remove what was half made when the block ends by an error or an interrupt."""
    from snftools.practice.destroy import destroy

    mine = not (directory / MARKER).exists()
    try:
        yield
    except BaseException:
        if mine and (directory / MARKER).exists():
            destroy(directory)
        raise


def run_site(directory: Path, nodes: Sequence[str], start: bool, say: Say) -> None:
    """Start the services of a finished site; without `start` its database server rests too."""
    if not start:
        server.Server(directory).stop()
        return
    say("services   starting")
    for name in nodes:
        services.start(directory / "nodes" / name)
    services.wait_for_ports(read_ports(directory))


def prepare(directory: Path) -> Path:
    """Check that a site can be made here and mark the directory as one; returns its real path."""
    directory = Path(os.path.realpath(str(directory)))
    if directory.exists() and not directory.is_dir():
        raise Refused("%s is not a directory" % directory, unchanged="nothing was made")
    if directory.exists() and os.listdir(str(directory)):
        raise Refused("%s is not empty" % directory, unchanged="nothing was made",
                      next="take another directory, or: snf-practice-site destroy DIR")
    if any(character in str(directory) for character in "\"'%\\ \n:,#$@?&"):
        raise Refused("%s: no space, quote or other special character may be in it" % directory,
                      unchanged="nothing was made")
    server.require_usable(directory)
    existed = directory.exists()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not existed:
            directory.chmod(0o755)
        server.require_usable(directory)
        write_marker(directory, {"made_directory": not existed})
    except OSError as error:
        raise Refused("%s can't be made: %s" % (directory, error.strerror),
                      unchanged="nothing was made")
    except Refused:
        if not existed:
            directory.rmdir()
        raise
    return directory


def write_marker(directory: Path, facts: Mapping[str, Any]) -> None:
    """Add facts to the file that tells a practice site from any other directory."""
    path = directory / MARKER
    old = json.loads(path.read_text()) if path.exists() else {"schema": 1}
    path.write_text(json.dumps({**old, **facts}, indent=1) + "\n")


def read_ports(directory: Path) -> Dict[str, int]:
    """The port of each node's web applications."""
    return dict(json.loads((directory / MARKER).read_text())["ports"])


def next_port() -> int:
    """A port to try.  Random: a site that is down holds its ports, and nothing shows them."""
    return random.choice(PORTS)


def free_ports(nodes: Mapping[str, Sequence[str]]) -> Dict[str, int]:
    """A free port of the loopback for the web applications of each node that has some."""
    ports: Dict[str, int] = {}
    for name in nodes:
        while name not in ports and set(nodes[name]) & set(COMPONENTS):
            port = next_port()
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            if port not in ports.values():
                ports[name] = port
    return ports


def urls(nodes: Mapping[str, Sequence[str]], ports: Mapping[str, int]) -> Dict[str, str]:
    """Where each component of 0.13 answers: scheme, host and port."""
    return {component: "http://127.0.0.1:%d" % ports[name]
            for component in COMPONENTS for name in nodes if component in nodes[name]}


def update_lists(root: Path) -> None:
    """apt-get update on a node."""
    _apt(root, "update")


def _install(directory: Path, name: str, roles: Sequence[str]) -> None:
    """Make a node's root directory and install 0.13 in it by the real apt-get and dpkg."""
    root = directory / "nodes" / name
    tree.make(root, name, directory / "repo")
    update_lists(root)
    wanted = {package for role in roles for package in packages.of_role(role)}
    before = {package.name: package.version for package in packages.read()
              if package.release == "0.13"}
    # Named with their dependencies' versions, or apt would take the newest of those.
    names = ["%s=%s" % (package, before[package]) for package in sorted(wanted)]
    _apt(root, "install", "-y", *names)


def _apt(root: Path, *arguments: str) -> None:
    environment = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", "PATH": "/nonexistent"}
    done = subprocess.run([str(root / "usr/bin/apt-get"), "-q", *arguments], cwd="/",
                          env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failed("apt-get %s failed in %s: exit %d" % (arguments[0], root, done.returncode),
                     why=done.stdout.decode("utf-8", "replace")[-2000:])


def _make_databases(directory: Path, conf: Mapping[str, Any], ports: Mapping[str, int],
                    scale: int) -> None:
    from snftools.practice import data

    postgres = server.Server(directory)
    postgres.initialize()
    postgres.start()
    postgres.execute("CREATE ROLE synnefo LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD %s",
                     data.DATABASE_PASSWORD)
    for dbname in sorted(set(conf["databases"].values())):
        postgres.execute('CREATE DATABASE "%s" OWNER synnefo' % dbname)
    data.fill(postgres.connect, conf["databases"], scale, urls(conf["nodes"], ports))


def _values(directory: Path, conf: Mapping[str, Any], ports: Mapping[str, int]) -> Dict[str, str]:
    """What stands for the @NAMES@ in the administrator's settings."""
    from snftools.practice import data

    where = urls(conf["nodes"], ports)
    together = any({"astakos", "cyclades"} <= set(roles) for roles in conf["nodes"].values())
    return {
        "ASTAKOS": where["astakos"], "CYCLADES": where["cyclades"], "PITHOS": where["pithos"],
        "DB_HOST": str(directory / "run"), "DB_PASSWORD": data.DATABASE_PASSWORD,
        **{"DB_" + name.upper(): dbname for name, dbname in conf["databases"].items()},
        "CYCLADES_TOKEN": data.CYCLADES_TOKEN, "PITHOS_TOKEN": data.PITHOS_TOKEN,
        "QUOTAHOLDER_TOKEN": secrets.token_hex(12), "AMQP_PASSWORD": secrets.token_hex(8),
        "SECRET_KEY": secrets.token_hex(24), "ENCRYPTION_KEY": data.ENCRYPTION_KEY,
        "PROXY": str(not together)}


def _finish(directory: Path, nodes: Mapping[str, List[str]], where: Dict[str, str]) -> None:
    for name in ("backups", "state"):
        (directory / name).mkdir()
        (directory / name).chmod(0o700)
    (directory / "site.conf").write_text(configure.site_conf(directory, nodes, where))
