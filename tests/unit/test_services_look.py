"""Which processes, files and sockets tell what of a service."""

from __future__ import annotations

import pytest

from snftools.node import Process
from snftools.node.local import LocalNode
from snftools.release import Release
from snftools.services import look, sockets

ROWS = Release.read().part("services")["services"]


def _pids(name: str, *args: str, pidfile: int = 0) -> list:
    processes = [Process(100 + number, 1, "www-data", text) for number, text in enumerate(args)]
    found = look.matching(ROWS[name]["patterns"], processes, {pidfile} if pidfile else set())
    return [one.pid - 100 for one in found]


def test_gunicorn_under_all_its_names() -> None:
    assert _pids("gunicorn", "gunicorn: master [synnefo]", "gunicorn: worker [synnefo]",
                 "/usr/bin/python /usr/bin/gunicorn_django --bind=127.0.0.1:8080",
                 "python2.6 -u /usr/bin/gunicorn --pid x", "/usr/bin/gunicorn x"
                 ) == [0, 1, 2, 3, 4]


def test_who_only_speaks_of_a_service_is_none_of_it() -> None:
    assert _pids("gunicorn", "vi /etc/gunicorn.d/synnefo", "grep gunicorn", "tail -f gunicorn.log",
                 "/bin/sh /etc/init.d/gunicorn stop", "sh -c service gunicorn stop",
                 "/usr/bin/python /opt/gunicorn-watch.py") == []
    assert _pids("snf-dispatcher", "less /usr/bin/snf-dispatcher", "snf-dispatcher-watch",
                 "/bin/sh /etc/init.d/snf-dispatcher start") == []


def test_daemons_with_and_without_their_interpreter() -> None:
    assert _pids("snf-dispatcher", "/usr/bin/snf-dispatcher",
                 "/usr/bin/python /usr/bin/snf-dispatcher --purge-queues") == [0, 1]
    assert _pids("snf-ganeti-eventd", "/usr/bin/python /usr/sbin/snf-ganeti-eventd") == [0]


def test_pidfiles_children_and_the_dead() -> None:
    processes = [Process(5, 1, "root", "renamed"), Process(6, 5, "root", "its worker"),
                 Process(7, 6, "root", "and its child"), Process(8, 1, "root", "a stranger"),
                 Process(9, 5, "root", "[gunicorn] <defunct>")]
    found = look.matching(ROWS["gunicorn"]["patterns"], processes, {5, 4242})
    assert [one.pid for one in found] == [5, 6, 7]


@pytest.mark.parametrize("text, value", [
    ('SNF_DSPTCH_ENABLE=true\n', "true"), ('SNF_DSPTCH_ENABLE="true" # yes\n', "true"),
    ("export SNF_DSPTCH_ENABLE='false'\n", "false"), ("#SNF_DSPTCH_ENABLE=true\n", None),
    ("SNF_DSPTCH_ENABLE=false\nSNF_DSPTCH_ENABLE=true\n", "true"), ("", None),
    ("OTHER_SNF_DSPTCH_ENABLE=true\n", None), ("SNF_DSPTCH_ENABLE=\n", "")])
def test_shell_variables(text: str, value: object) -> None:
    assert look.shell_value(text, "SNF_DSPTCH_ENABLE") == value


def test_listening_ports_of_the_kernel() -> None:
    lines = ["  sl  local_address rem_address   st tx_queue rx_queue",
             "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000",
             "   1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000",
             "   0: 00000000000000000000000000000000:0050 0000:0000 0A 0000"]
    assert sockets.listening(lines) == {8080, 80}
    assert sockets.port_of("127.0.0.1:8080") == 8080
    assert sockets.port_of("[::]:80") == 80
    assert sockets.port_of("unix:/run/x:1") == 0


class _Named(LocalNode):
    def __init__(self, *names: str) -> None:
        super().__init__("ganeti1", ())
        self.answers = {("hostname", "--fqdn"): names[0], ("hostname",): names[-1]}

    def run(self, argv, **more):  # type: ignore[no-untyped-def]
        return super().run(["echo", self.answers[tuple(argv)]])


@pytest.mark.parametrize("master, here", [
    ("g1.example.org", True), ("g1", True), ("g2.example.org", False), ("", False),
    ("g1.example.net", True), ("ganeti1.example.org", True)])
def test_the_ganeti_master_by_any_name(master: str, here: bool) -> None:
    # hostname alone is short, so a full name of another domain still fits it.
    assert look.is_here(_Named("g1.example.org", "g1"), master) is here


def test_database_servers_are_never_services_of_ours() -> None:
    assert not [name for name in ROWS if "postgres" in name or "rabbit" in name]
    assert look.of_roles(Release.read(), ("astakos",)) == ["gunicorn"]
    assert look.of_roles(Release.read(), ("ganeti",)) == ["snf-ganeti-eventd"]
    assert look.of_roles(Release.read(), ("cyclades", "ganeti")) == [
        "gunicorn", "snf-dispatcher", "snf-ganeti-eventd"]
