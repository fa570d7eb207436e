"""Where the copies of a rehearsal lie, and whose programs restore them."""

from types import SimpleNamespace

import pytest

from snftools.database import peer
from snftools.database.find import Database
from snftools.database.params import Params
from snftools.errors import Refused
from snftools.site import Site
from snftools.upgrade.rehearsal import copies, derive

LIVE = Database("db", ("astakos",), SimpleNamespace(name="live"),
                Params("db", "10.0.0.9", 5433, "synnefo", "secret"), oid=7, admin="")


def machine(name, address, sockets=("/run/postgresql/.s.PGSQL.5432",)):
    return SimpleNamespace(name=name, address=address, run=lambda argv, timeout: SimpleNamespace(
        ok=argv[-1] in sockets))


@pytest.mark.parametrize("address, form, programs", [
    ("sp1", "directory", "here"), ("sp1", "custom", "spare"),
    ("local", "directory", "spare"), ("local", "custom", "spare")])
def test_the_spare_s_own_server_is_on_the_spare_whoever_restores(address, form, programs):
    spare, here = machine("spare", address), machine("here", "local", ())
    found = copies.Server(spare, here).beside(LIVE, form)
    assert found.programs_node.name == programs
    assert peer.place(found) == (spare, "/run/postgresql/.s.PGSQL.5432")
    assert (found.owner.host, found.owner.port, found.oid) == ("127.0.0.1", 5432, 0)


def test_without_a_server_on_the_spare_it_is_said_what_to_start():
    server = copies.Server(machine("spare", "sp1", ()), machine("here", "local"))
    record = SimpleNamespace(names=lambda kind: [])
    with pytest.raises(Refused) as error:
        copies.refuse(server, [LIVE], record)
    assert error.value.why == "spare has no socket of a server with port 5432"
    assert error.value.next.startswith("start PostgreSQL on spare")


@pytest.mark.parametrize("host, become", [
    ("spare1", "sudo"), ("root@spare1", ""), ("me@spare1:2222", "sudo")])
def test_how_a_spare_s_user_becomes_root(tmp_path, host, become):
    conf = tmp_path / "site.conf"
    conf.write_text("name = x\n[components]\n[[astakos]]\nbase_url = https://h/a\n[nodes]\n"
                    "[[n]]\nroles = astakos,\naddress = n1\nbecome = sudo\n")
    (spare,), _ = derive.spares(Site.read(str(conf)), {"n": host})
    assert (spare.entry.address, spare.entry.become) == (host, become)
