"""The servers and clients of Debian 11, 12 and 13 (PostgreSQL 13, 15, 17), in every pairing.

The other releases' programs run in roots of their own: `make postgres-versions` makes them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List

import pytest

from snftools.practice.server import bindir
from tests.database.test_backups_nasty import NASTY
from tests.helpers import cli

ROOTS = Path(os.environ.get("SNF_TEST_POSTGRES", "/nonexistent"))
VERSIONS = ("13", "15", "17")
PROGRAMS = ("initdb", "pg_ctl", "postgres", "pg_dump", "pg_restore", "psql")

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not ROOTS.is_dir(),
    reason="no roots of other releases: make postgres-versions (as root)")


class Servers:
    """A running server and a directory of programs a version; all below one directory of /tmp,
    which every root sees."""

    def __init__(self) -> None:
        self.dir = Path(tempfile.mkdtemp(prefix="snfver", dir="/tmp"))
        self.dir.chmod(0o755)
        self.mounted: List[Path] = []
        self._stop: List[List[str]] = []
        self.own = str(int(float(bindir().parent.name)))
        self.versions = [version for version in VERSIONS
                         if version == self.own or (ROOTS / version).is_dir()]

    def start(self) -> None:
        """Start every server and make its database."""
        for version in self.versions:
            self._programs(version)
            self._start(version)
            self.psql(version, "postgres", "CREATE ROLE owner LOGIN; CREATE ROLE reader;"
                      "CREATE DATABASE nasty OWNER owner TEMPLATE template0;")
            self.psql(version, "nasty", "GRANT ALL ON SCHEMA public TO owner;"
                      "CREATE EXTENSION citext; SET ROLE owner;"
                      + NASTY.replace("CREATE EXTENSION citext;", ""))

    def bindir(self, version: str) -> Path:
        return self.dir / ("bin" + version)

    def uri(self, version: str, name: str, user: str = "postgres") -> str:
        return "postgresql://%s@/%s?host=%s" % (user, name, self.dir / ("run" + version))

    def psql(self, version: str, name: str, sql: str) -> str:
        return subprocess.run(
            [str(bindir() / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d",
             self.uri(version, name)], input=sql.encode(), check=True,
            stdout=subprocess.PIPE).stdout.decode()

    def _programs(self, version: str) -> None:
        place = self.bindir(version)
        place.mkdir()
        real = "/usr/lib/postgresql/%s/bin" % version
        for name in PROGRAMS:
            if version == self.own:
                (place / name).symlink_to(bindir() / name)
                continue
            (place / name).write_text("#!/bin/sh\nexec chroot %s %s/%s \"$@\"\n"
                                      % (ROOTS / version, real, name))
            (place / name).chmod(0o755)
        if version != self.own:
            inside = ROOTS / version / "tmp"
            subprocess.check_call(["mount", "--bind", "/tmp", str(inside)])
            self.mounted.append(inside)

    def _start(self, version: str) -> None:
        data, run = self.dir / ("pg" + version), self.dir / ("run" + version)
        for path in (data, run):
            path.mkdir()
            path.chmod(0o755)
        if version == self.own:
            before = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
            shutil.chown(str(data), "postgres", "postgres")
            shutil.chown(str(run), "postgres", "postgres")
            programs = str(bindir())
        else:
            before = ["chroot", "--userspec=postgres:postgres", str(ROOTS / version)]
            owner = subprocess.check_output(["chroot", str(ROOTS / version), "id", "-u",
                                             "postgres"]).decode().strip()
            os.chown(str(data), int(owner), -1)
            os.chown(str(run), int(owner), -1)
            programs = "/usr/lib/postgresql/%s/bin" % version
        env: Dict[str, str] = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        subprocess.check_call([*before, programs + "/initdb", "-D", str(data), "-U", "postgres",
                               "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"],
                              env=env, stdout=subprocess.DEVNULL, cwd="/")
        subprocess.check_call([*before, programs + "/pg_ctl", "-D", str(data), "-w", "-s", "-l",
                               str(run / "log"), "-o", "-c listen_addresses='' -c fsync=off"
                               " -c unix_socket_directories=%s" % run, "start"], env=env, cwd="/")
        self._stop.append([*before, programs + "/pg_ctl", "-D", str(data), "-m", "fast", "-s",
                           "stop"])

    def destroy(self) -> None:
        for words in self._stop:
            subprocess.call(words, cwd="/")
        for inside in self.mounted:
            subprocess.check_call(["umount", str(inside)])
        shutil.rmtree(str(self.dir))


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    made = Servers()
    try:
        made.start()
        yield made
    finally:
        made.destroy()


def command(servers: Servers, server: str, programs: str, *words: str) -> cli.Done:
    """Our command with a site.conf whose bindir holds those programs."""
    conf = servers.dir / "site.conf"
    conf.write_text("name = v\nbackup_dir = %s\nstate_dir = %s\n[nodes]\n[[n]]\nroles = pithos,\n"
                    "[databases]\nbindir = %s\nadmin = %s\n" % (
                        servers.dir / "backups", servers.dir / "state", servers.bindir(programs),
                        servers.uri(server, "postgres")))
    return cli.run("snf-backup-db", *words, env={"SNF_UPGRADE_SITE": str(conf)})


@pytest.mark.parametrize("old", ["", "snapshot"])
@pytest.mark.parametrize("server", VERSIONS)
def test_a_server_with_the_clients_of_its_release(servers: Servers, server: str, old: str) -> None:
    if server not in servers.versions:
        pytest.skip("no PostgreSQL %s" % server)
    os.environ["SNF_UPGRADE_OLD_PG"] = old
    try:
        command(servers, server, server, "create", "--label", "l", "--verify", "restore", "-d",
                servers.uri(server, "nasty", "owner")).expect(0)
    finally:
        del os.environ["SNF_UPGRADE_OLD_PG"]
    taken = sorted((servers.dir / "backups").glob("2*"))[-1]
    values = json.loads((taken / "nasty" / "manifest.json").read_text())
    assert values["server_version"] // 10000 == int(server)
    assert "(PostgreSQL) %s." % server in values["client"]


@pytest.mark.parametrize("server, programs, code", [
    ("15", "13", 3), ("17", "15", 3), ("17", "13", 3),  # pg_dump older than the server
    ("13", "15", 0), ("15", "17", 3), ("13", "17", 3)])  # pg_restore 17 into older ones
def test_programs_that_do_not_fit_are_told_before_anything_starts(
        servers: Servers, server: str, programs: str, code: int) -> None:
    if not {server, programs} <= set(servers.versions):
        pytest.skip("no PostgreSQL %s or %s" % (server, programs))
    before = len(list((servers.dir / "backups").glob("2*")))
    done = command(servers, server, programs, "create", "--label", "l", "--verify", "restore",
                   "-d", servers.uri(server, "nasty", "owner"))
    assert done.code == code, done
    if code:
        assert "bindir" in done.err
        assert len(list((servers.dir / "backups").glob("2*"))) == before


def test_a_set_of_debian_11_is_proven_on_debian_13(servers: Servers) -> None:
    """The content by digests; what 17 writes differently about objects is told as such."""
    if servers.versions != list(VERSIONS):
        pytest.skip("not all three are here")
    command(servers, "13", "13", "create", "--label", "far", "--verify", "archive", "-d",
            servers.uri("13", "nasty", "owner")).expect(0)
    name = sorted((servers.dir / "backups").glob("2*far"))[-1].name
    command(servers, "13", "17", "verify", name, "--level", "archive").expect(0)
    done = command(servers, "13", "17", "verify", name, "--level", "restore", "--server",
                   servers.uri("17", "postgres"))
    assert done.code in (0, 4) and "other content" not in done.out, done
