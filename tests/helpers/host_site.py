"""A practice site laid out on test hosts: what snf-upgrade reaches over ssh and no other way.

Its nodes are real machines: the files of the practice site's packages lie at their places, dpkg
and apt are the machine's own.  The database server is a fifth host without a role, and listens
where the hosts alone can reach it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

from snftools.practice import configure, copy, tree
from snftools.practice.server import Server, bindir
from tests.helpers.hosts import Host, Hosts, call
from tests.helpers.site import PracticeSite, new_directory

DB = "db1"
DB2 = "db2"
TESTER = "tester"  # a superuser for the eyes of tests; ours must do without

_HBA = """local all         postgres              peer
local all         tester                trust
local all         all                   reject
host  all         synnefo 10.77.0.0/24  scram-sha-256
"""
_SPARE_HBA = """local all all                   trust
host  all postgres 10.77.0.0/24 trust
host  all synnefo  10.77.0.0/24 scram-sha-256
"""
_OWN_HBA = """local all postgres              peer
host  all all 127.0.0.1/32      scram-sha-256
"""
_NOT_COPIED = ("etc/apt", "etc/hostname", "var/lib/apt", "var/cache", "var/log/apt", "run",
               "tmp", "root", "srv", "var/run", "var/lock")


class HostSite(PracticeSite):
    """The site (live); a PracticeSite for those that look at one."""

    def __init__(self, template: PracticeSite, odd: bool = False, bases: Any = None,
                 spares: Any = None, twins: Any = None, own: bool = False) -> None:
        """`odd`: cyclades is a host of 2010, pithos has sudo alone, ganeti has another locale
        and a motd.  `spares`: {host: node whose packages it has}, and a server on db2.
        `twins`: {one more node: the template's node that it is made after}.  `own`: there is
        one spare, reached by sudo alone; the server is its own, and not started yet."""
        directory = new_directory()
        directory.mkdir()
        super().__init__(directory)
        self._facts = template.facts
        self._models: Dict[str, str] = twins or {}
        self._facts["nodes"].update((name, self._facts["nodes"][model])
                                    for name, model in self._models.items())
        self.spares: Dict[str, str] = spares or {}
        self.spare_db = "".join(self.spares) if own or not spares else DB2
        self.hosts = Hosts(list(dict.fromkeys(filter(None, [
            *self._facts["nodes"], DB, *self.spares, self.spare_db]))), bases)
        try:
            if own:
                self.host(self.spare_db).make_sudo()
            if odd:
                self.host("cyclades").make_old()
                self.host("pithos").make_sudo()
                self.host("ganeti").put("etc/motd", "Welcome!\n")
                self.host("ganeti").put("etc/default/locale", "LANG=de_DE.ISO-8859-1\n")
                self.host("ganeti").put("root/.bashrc", "export LC_ALL=de_DE.ISO-8859-1\n")
            self._lay_out(template)
        except BaseException:
            self.destroy()
            raise

    @property
    def facts(self) -> Dict[str, Any]:
        return self._facts

    def host(self, name: str) -> Host:
        """A node's machine."""
        return self.hosts[name]

    @property
    def node_hosts(self) -> List[Host]:
        """The machines that are nodes with a role."""
        return [self.host(name) for name in self._facts["nodes"]]

    # -- making it -----------------------------------------------------------------------

    def _lay_out(self, template: PracticeSite) -> None:
        (self.dir / "nodes").mkdir()
        changes = self._changes(template)
        for host in self.node_hosts:
            (self.dir / "nodes" / host.name).symlink_to(host.root)
            self._lay_out_node(template, host, self._models.get(host.name, host.name), changes)
        for name, node in self.spares.items():
            self._lay_out_node(template, self.host(name), node, changes)
            for path in self.host(name).root.glob("etc/synnefo/*.conf"):
                path.write_text("# as %s has it\n" % name)
        self._make_server(template, changes)
        if self.spares:
            self._make_spare_server()
        self.hosts.boot()
        self.start_server()
        for name in self.spares:
            self.host(name).sh("apt-get -q update")
        if self.spare_db == DB2:
            self.start_spare_server()
        self._rename_addresses(changes)
        self._write_conf()
        for host in self.node_hosts:
            host.sh("apt-get -q update")
            self.start_services(host)

    def _lay_out_node(self, template: PracticeSite, host: Host, node: str,
                      changes: Dict[bytes, bytes]) -> None:
        copy_packages(template.node(node), host.root)
        for path in [*host.root.glob("etc/synnefo/*"), *host.root.glob("etc/gunicorn.d/*")]:
            if path.is_file():
                _rewrite(path, changes)
        if host.name in self._models:  # it listens where it is itself
            for path in host.root.glob("etc/gunicorn.d/*"):
                _rewrite(path, {self.host(node).out.encode(): host.out.encode()})
        host.put("etc/apt/sources.list", "deb [trusted=yes] file:/srv/repo ./\n")
        host.put("etc/apt/apt.conf.d/practice",
                 'APT::Sandbox::User "root";\nAPT::Install-Recommends "false";\n'
                 'Acquire::Languages "none";\n')
        self.hosts.bind(host.name, str(template.dir / "repo"), "/srv/repo")

    def _make_spare_server(self) -> None:
        """An empty server which the hosts reach, or its own machine alone."""
        place = self.dir.parent / "p"
        place.mkdir()
        self.spare_server = Server(place)
        self.spare_server.initialize()
        own, host = self.spare_db != DB2, self.host(self.spare_db)
        text = (self.spare_server.data / "practice.conf").read_text()
        text = re.sub("(?m)^listen_addresses = .*$", "listen_addresses = '%s'"
                      % ("127.0.0.1" if own else host.lan), text)
        if own:
            text = re.sub("(?m)^unix_socket_directories = .*$",
                          "unix_socket_directories = '/run/postgresql'", text)
        self.spare_server._write("practice.conf", text)
        self.spare_server._write("pg_hba.conf", _OWN_HBA if own else _SPARE_HBA)
        self.hosts.bind(host.name, str(place), str(place))
        (host.root / str(place)[1:]).mkdir(parents=True)

    def start_spare_server(self) -> None:
        """Start the server for copies on its host."""
        self._start(self.spare_db, self.spare_server)

    @property
    def spare_uri(self) -> str:
        """The administrator of the server on db2."""
        return "postgresql://postgres@%s/postgres" % self.host(DB2).lan

    def _changes(self, template: PracticeSite) -> Dict[bytes, bytes]:
        """What stands in the template's settings, and what must stand on the hosts."""
        changes = {b"127.0.0.1:%d" % port: b"%s:%d" % (self.host(name).out.encode(), port)
                   for name, port in self._facts["ports"].items()}
        changes[os.fsencode(str(template.server.socket))] = self.host(DB).lan.encode()
        return changes

    def _make_server(self, template: PracticeSite, changes: Dict[bytes, bytes]) -> None:
        """The databases' files, and where their server listens."""
        template.server.copy_to(self.server)
        self.hosts.bind(DB, str(self.dir), str(self.dir))
        (self.host(DB).root / str(self.dir)[1:]).mkdir(parents=True)
        text = (self.server.data / "practice.conf").read_text()
        text = re.sub(r"(?m)^(listen_addresses|unix_socket_directories) = .*\n", "", text)
        self.server._write("practice.conf", text + (
            "listen_addresses = '%s'\nunix_socket_directories = '/run/postgresql, %s'\n"
            % (self.host(DB).lan, self.server.socket)))
        self.server._write("pg_hba.conf", "local all postgres trust\n")
        self.server.start = self.start_server  # type: ignore[method-assign]

    def start_services(self, host: Host) -> None:
        """Start what the host would start when it comes up."""
        host.sh("for s in gunicorn snf-dispatcher snf-ganeti-eventd; do "
                "[ ! -x /etc/init.d/$s ] || service $s start || exit 1; done")

    def come_up(self, host: Host) -> None:
        """Start what a host that was switched on starts."""
        if host.name == DB:
            self.start_server()
        else:
            self.start_services(host)

    def cut(self, node: str) -> None:
        self.host(node).cut()

    def mend(self, node: str) -> None:
        self.host(node).mend()

    def start_server(self) -> None:
        """Start PostgreSQL on its host."""
        self._start(DB, self.server)

    def _start(self, name: str, server: Server) -> None:
        self.host(name).sh("mkdir -p /run/postgresql && chown postgres: /run/postgresql && cd / "
                           "&& setpriv --reuid=postgres --regid=postgres --clear-groups %s/pg_ctl"
                           " -D %s -l %s -w -t 60 -s start </dev/null >/dev/null 2>&1"
                           % (bindir(), server.data, server.log))

    def _rename_addresses(self, changes: Dict[bytes, bytes]) -> None:
        """Registered addresses name the hosts; then postgres is asked for its peer."""
        database = self.database("astakos")
        pairs = [(old.decode(), new.decode()) for old, new in changes.items() if b":" in old]
        connection = self.server.connect(database)
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE ROLE %s LOGIN SUPERUSER" % TESTER)
            cursor.execute("SELECT table_name, column_name FROM information_schema.columns"
                           " WHERE table_schema = 'public'")
            for table, column in sorted(set(cursor.fetchall()) & set(copy.ADDRESSES)):
                for old, new in pairs:
                    cursor.execute("UPDATE %s SET %s = replace(%s, %%s, %%s)"
                                   % (table, column, column), (old, new))
        connection.close()
        self.server._write("pg_hba.conf", _HBA)
        self.host(DB).sh("setpriv --reuid=postgres --regid=postgres --clear-groups %s/pg_ctl "
                         "-D %s -s reload" % (bindir(), self.server.data))

    def _write_conf(self) -> None:
        where = {name: "http://%s:%d" % (self.host(node).out, self._facts["ports"][node])
                 for node, roles in self._facts["nodes"].items() if node not in self._models
                 for name in roles if name in ("astakos", "cyclades", "pithos")}
        text = configure.site_conf(self.dir, self._facts["nodes"], where)
        for host in self.node_hosts:
            become = "" if host.user == "root" else "\nbecome = sudo"
            text = text.replace('root = "%s/nodes/%s"' % (self.dir, host.name),
                                'address = "%s"%s' % (host.address, become))
        text = re.sub(r'(?m)^admin = "postgresql.*$', "node = %s" % DB, text)
        text = text.replace("[databases]", '[[%s]]\nroles = ,\naddress = "%s"\n\n[databases]'
                            % (DB, self.host(DB).address))
        self.conf.write_text(text)
        for name in ("backups", "state"):
            (self.dir / name).mkdir(mode=0o700)

    # -- looking at it -------------------------------------------------------------------

    def psql(self, component: str, sql: str) -> List[Tuple[Any, ...]]:
        connection = self.server.connect(self.database(component), TESTER)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def plain(self, text: str) -> str:
        """Text without this site's own addresses."""
        for host in self.hosts.all:
            text = text.replace(host.out, "127.0.0.1").replace(host.lan, "DIR/run")
        return text

    def destroy(self) -> None:
        self.hosts.destroy()
        shutil.rmtree(str(self.dir.parent))


@contextmanager
def at_work(template: PracticeSite, **how: Any) -> Iterator[HostSite]:
    """A site on hosts, and we on its control machine; destroyed at the end."""
    site = HostSite(template, **how)
    try:
        site.hosts.notice_soon()
        with site.hosts.inside():
            yield site
    finally:
        site.destroy()


def copy_packages(source: Path, target: Path) -> None:
    """Copy what packages and administrator brought to a practice node's root: links to this
    machine's programs, wrappers and apt's files stay behind."""
    names = []
    for parent, directories, files in os.walk(str(source)):
        below = os.path.relpath(parent, str(source))
        directories[:] = [name for name in directories
                          if os.path.normpath(os.path.join(below, name)) not in _NOT_COPIED
                          and not os.path.islink(os.path.join(parent, name))]
        for name in files:
            path = os.path.normpath(os.path.join(below, name))
            link = os.path.join(parent, name)
            foreign = os.path.islink(link) and os.readlink(link).startswith("/")
            if not foreign and path not in _NOT_COPIED and name not in tree.WRAPPERS:
                names.append(path)
        if not directories and not files:
            names.append(below)
    done = subprocess.run("tar -C '%s' --null --no-recursion -T - -c | tar -C '%s' -x -p "
                          "--keep-directory-symlink" % (source, target), shell=True,
                          input="\0".join(names).encode(), stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    call("chown", "root:www-data", target / "etc/synnefo")
    (target / "etc/synnefo").chmod(0o750)


def _rewrite(path: Path, changes: Dict[bytes, bytes]) -> None:
    """Replace old words by new ones, in place."""
    old = path.read_bytes()
    new = old
    for word, instead in changes.items():
        new = re.sub(re.escape(word) + b"(?![0-9])", instead, new)
    if new != old:
        path.write_bytes(new)
