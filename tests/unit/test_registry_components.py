"""What differs between the registry and the release, and what is done about each."""

import json

import pytest

from snftools.errors import Failed, Refused, Usage
from snftools.node.base import Result
from snftools.registry import components, definitions, register, verify
from snftools.registry.components import Registered, RegisteredService, Registry
from snftools.registry.wanted import Catalogue, Wanted
from snftools.release import Release
from snftools.site import make_component

CATALOGUE = Catalogue.of(Release.read("0.14").part("registry"))
BASES = {"astakos": "https://a.org/astakos", "cyclades": "https://c.org/cyclades",
         "pithos": "https://p.org/pithos"}
WANTED = Wanted(CATALOGUE, {name: make_component(name, url) for name, url in BASES.items()})


def right(**changes):
    """A registry as it must be, but for the changes {name: row or None}."""
    rows = {name: Registered(number, name, component.ui_url, True)
            for number, (name, component) in enumerate(WANTED.components.items(), 2)}
    rows["~okeanos home"] = Registered(1, "~okeanos home", "https://a.org/im/", True)
    services = {row.name: RegisteredService(row.name, row.component, row.type,
                                            {row.version: WANTED.url(row)})
                for row in WANTED.services()}
    resources = {name: (row.type, row.name, 0) for row in WANTED.services()
                 for name in row.resources}
    for name, value in changes.items():
        for table in (rows, services, resources):
            if name in table:
                table[name] = value
                if value is None:
                    del table[name]
    return Registry(True, rows, services, resources)


def exports(name):
    """What service-export-NAME prints, as definitions."""
    found = {}
    for service in CATALOGUE.services_of(name):
        found[service.name] = {
            "component": name, "type": service.type, "public": True, "prefix": "x",
            "endpoints": [{"versionId": service.version, "publicURL": WANTED.url(service)}],
            "resources": {r: {"name": r} for r in service.resources}}
    from snftools.synnefo import outputs
    return outputs.service_export(json.dumps(found))


def kinds(found):
    return [(row.kind, row.thing) for row in components.differences(WANTED, found)]


def test_release_data():
    assert len(CATALOGUE.services) == 8 and CATALOGUE.home == "astakos"
    assert WANTED.url(CATALOGUE.services["cyclades_compute"]) == (
        "https://c.org/cyclades/compute/v2.0/")


def test_right_registry():
    assert kinds(right()) == []
    report = register.check(WANTED, right())
    assert report.exit_code(check=True) == 0 and not report.changed


@pytest.mark.parametrize("changes, expected, code", [
    ({"astakos": None}, [("missing-component", "astakos")], 5),
    ({"cyclades": Registered(3, "cyclades", "https://c.org/ui/", True)},
     [("ui-url", "cyclades")], 5),
    ({"pithos": Registered(4, "pithos", "https://p.org/pithos/ui/", False)},
     [("no-token", "pithos")], 4),
    ({"cyclades_admin": None}, [("missing-service", "cyclades_admin")], 5),
    ({"cyclades_vmapi": RegisteredService("cyclades_vmapi", "cyclades", "cyclades_vmapi",
                                          {"v1.0": "https://c.org/cyclades/vmapi/v1.0/"})},
     [("type", "cyclades_vmapi")], 4),
    ({"pithos_object-store": RegisteredService(
        "pithos_object-store", "cyclades", "object-store",
        {"v1": "https://p.org/pithos/object-store/v1/"})},
     [("owner", "pithos_object-store")], 4),
    ({"astakos_account": RegisteredService("astakos_account", "astakos", "account", {})},
     [("endpoint", "astakos_account")], 5),
    ({"astakos.pending_app": None}, [("resource", "astakos.pending_app")], 5),
    ({"cyclades.vm": ("", "", 2)}, [("resource", "cyclades.vm")], 5)])
def test_each_difference(changes, expected, code):
    found = right(**changes)
    assert kinds(found) == expected
    assert register.check(WANTED, found).exit_code(check=True) == code
    verified = verify.verify(WANTED, found, None, "snf_astakos")
    assert verified.exit_code() == 4
    assert all(finding.remedy for finding in verified.errors)


def test_verify_tells_the_component_modify_line():
    found = right(cyclades=Registered(3, "cyclades", "https://c.org/ui/", True))
    error, = verify.verify(WANTED, found, None, "db").errors
    assert error.remedy == (
        "snf-manage component-modify cyclades --url https://c.org/cyclades/ui/")


def test_leftover_component_is_a_note_only():
    report = verify.verify(WANTED, right(), None, "db")
    assert report.exit_code() == 0
    assert [(f.check, f.severity) for f in report.findings] == [("component-leftover", "note")]


class Astakos:
    """A node whose snf-manage does what it is told, or lies: exits 0 and does nothing."""

    name = "astakos"

    def __init__(self, found, lies=()):
        self.found, self.lies, self.ran = found, lies, []

    def run(self, argv, *, stdin=b"", **kwargs):
        self.ran.append(list(argv[1:3]))
        out = b""
        if argv[1] == "component-list":
            out = json.dumps([{"id": str(r.id), "name": r.name, "url": r.url, "token": "T"}
                              for r in self.found.components.values()]).encode()
        elif argv[1] not in self.lies:
            self.change(argv[1:], stdin)
        return Result(tuple(argv), 0, out)

    def change(self, words, stdin):
        rows, good = self.found.components, right()
        if words[0] == "component-modify":
            rows[words[1]] = Registered(rows[words[1]].id, words[1], words[3], True)
        elif words[0] == "component-add":
            rows[words[1]] = Registered(9, words[1], words[2], True)
        elif words[0] == "service-import":
            for name in json.loads(stdin.decode()):
                self.found.services[name] = good.services[name]
                for resource in CATALOGUE.services[name].resources:
                    self.found.resources[resource] = good.resources[resource]


def migrated():
    """The registry right after the migrations: two components, no service, no new resource."""
    found = right(astakos=None, cyclades=Registered(3, "cyclades", "https://c.org/ui/", True),
                  pithos=Registered(4, "pithos", "https://p.org/ui/", True))
    found.services.clear()
    del found.resources["astakos.pending_app"]
    return found


def run(node, exports=exports):
    return register.register(WANTED, node.found, node, exports, lambda: node.found,
                             lambda node, text: None)


def test_register_modifies_first_then_adds_then_imports():
    node = Astakos(migrated())
    report = run(node)
    assert report.changed and report.exit_code() == 0
    assert [words[0] for words in node.ran] == [
        "component-modify", "component-modify", "component-add", "service-import",
        "service-import", "service-import", "component-list"]
    assert kinds(node.found) == []


def test_register_twice_runs_no_import_and_no_export():
    node = Astakos(right())
    report = run(node, exports=lambda name: pytest.fail("exported"))
    assert not report.changed
    assert [words[0] for words in node.ran] == ["component-list"]


@pytest.mark.parametrize("lie", ["component-modify", "component-add", "service-import"])
def test_a_lying_exit_status_is_caught(lie):
    with pytest.raises(Failed) as caught:
        run(Astakos(migrated(), lies=(lie,)))
    assert lie in caught.value.what


def test_a_wrong_type_stops_before_any_change():
    found = migrated()
    found.services["cyclades_vmapi"] = RegisteredService(
        "cyclades_vmapi", "cyclades", "cyclades_vmapi",
        {"v1.0": "https://c.org/cyclades/vmapi/v1.0/"})
    node = Astakos(found)
    report = run(node)
    assert report.exit_code() == 4 and node.ran == []
    assert "--purge-services" in report.errors[0].remedy


def test_a_leftover_with_the_very_url_is_refused():
    found = migrated()
    found.components["~okeanos home"] = Registered(1, "~okeanos home",
                                                   "https://a.org/astakos/ui/", True)
    node = Astakos(found)
    with pytest.raises(Refused) as caught:
        run(node)
    assert "component-remove 1" in caught.value.next and node.ran == []


def test_component_list_must_tell_the_same():
    node = Astakos(right())
    other = Astakos(right(pithos=Registered(4, "pithos", "https://elsewhere/ui/", True)))
    with pytest.raises(Failed):
        register.register(WANTED, right(), other, exports, lambda: node.found,
                          lambda node, text: None)


def changed_export(change):
    text = definitions.dump(exports("cyclades")).decode()
    from snftools.synnefo import outputs
    return outputs.service_export(change(text))


@pytest.mark.parametrize("change", [
    lambda text: text.replace("https://c.org/", "https://d.org/"),
    lambda text: text.replace('"type": "vmapi"', '"type": "cyclades_vmapi"'),
    lambda text: text.replace('"cyclades_admin"', '"cyclades_other"'),
    lambda text: text.replace('"component": "cyclades"', '"component": "pithos"')])
def test_an_export_that_is_not_what_is_wanted_is_refused(change):
    with pytest.raises(Refused):
        definitions.check_against(WANTED, "cyclades", changed_export(change), "node2")


def test_example_urls_are_refused():
    found = changed_export(lambda text: text.replace("c.org", "compute.example.synnefo.org"))
    with pytest.raises(Refused) as caught:
        definitions.check_examples(found.values(), CATALOGUE, "cyclades", "node2")
    assert "CYCLADES_BASE_URL" in caught.value.why


def test_files(tmp_path):
    path = tmp_path / "c.json"
    both = dict(exports("cyclades"), **exports("pithos"))
    path.write_bytes(definitions.dump(both))
    given = definitions.read_files([str(path)], CATALOGUE)
    assert sorted(given) == ["cyclades", "pithos"]
    assert definitions.base_url(CATALOGUE, "cyclades", given["cyclades"]) == BASES["cyclades"]
    assert definitions.base_url(CATALOGUE, "cyclades", {}) is None
    path.write_text("no json")
    for bad in (str(path), str(tmp_path / "none")):
        with pytest.raises(Usage):
            definitions.read_files([bad], CATALOGUE)
    path.write_bytes(definitions.dump(both).replace(b'"pithos"', b'"stats"'))
    with pytest.raises(Usage):
        definitions.read_files([str(path)], CATALOGUE)
