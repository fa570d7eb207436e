"""Parsers against what a real Synnefo printed (fixtures typed from recorded output)."""

import pytest

from snftools.synnefo import outputs

COMPONENTS = """\
[
    {
        "url": "https://accounts.example.org/im/",
        "token": "TJqTKNj3LaTQpwdykaBqxQ==",
        "id": "1",
        "name": "~okeanos home"
    },
    {
        "url": "https://cyclades.example.org/ui/",
        "token": "None",
        "id": "2",
        "name": "cyclades"
    }
]
"""


def test_component_list_json():
    home, cyclades = outputs.component_list(COMPONENTS)
    assert (home.id, home.name, home.url, home.has_token) == (
        "1", "~okeanos home", "https://accounts.example.org/im/", True)
    assert not cyclades.has_token
    assert "TJqTKN" not in repr(home)


@pytest.mark.parametrize("text", ["", "Error: no", "{}x", '[{"id": "1"}]', "[1]"])
def test_component_list_refuses_other_text(text):
    with pytest.raises(outputs.NotUnderstood):
        outputs.component_list(text)


def test_component_list_csv_with_quotes_and_carriage_returns():
    text = 'id,name,url,token\r\n5,"a,b ""c""",https://x/,T==\r\n6,pithos,None,None\r\n'
    first, second = outputs.component_list_csv(text)
    assert (first.name, first.url, first.has_token) == ('a,b "c"', "https://x/", True)
    assert (second.url, second.has_token) == ("", False)
    with pytest.raises(outputs.NotUnderstood):
        outputs.component_list_csv("1,2\n")


def test_migrate_list():
    text = "\n quotaholder_app\n  (*) 0001_initial\n  ( ) 0002_auto__add\n\n im\n  (*) 0001_x\n"
    assert outputs.migrate_list(text) == {
        "quotaholder_app": {"0001_initial": True, "0002_auto__add": False},
        "im": {"0001_x": True}}
    with pytest.raises(outputs.NotUnderstood):
        outputs.migrate_list("  (*) 0001_initial\n")


def test_resource_list():
    assert outputs.resource_list('[{"name": "cyclades.ram", "limit": "6144.0 MB"}]') == {
        "cyclades.ram": "6144.0 MB"}
    with pytest.raises(outputs.NotUnderstood):
        outputs.resource_list("id name limit")


EXPORT = """
{"pithos_object-store": {"component": "pithos", "prefix": "object-store", "public": true,
  "type": "object-store",
  "endpoints": [{"versionId": "v1", "publicURL": "https://p.org/pithos/object-store/v1/"}],
  "resources": {"diskspace": {"name": "pithos.diskspace", "service_type": "object-store"}}}}
"""


def test_service_export():
    found = outputs.service_export(EXPORT)["pithos_object-store"]
    assert found.urls == {"v1": "https://p.org/pithos/object-store/v1/"}
    assert (found.component, found.type, found.resources) == (
        "pithos", "object-store", ("pithos.diskspace",))


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"a": {}}', '{"a": {"endpoints": 1}}',
                                  EXPORT.replace('"component"', '"comp"')])
def test_service_export_refuses(text):
    with pytest.raises(outputs.NotUnderstood):
        outputs.service_export(text)


@pytest.mark.parametrize("line, revision", [
    ("27381099d477 -> 4c8ccdc58192 (head), add attributes domain index", "4c8ccdc58192"),
    ("2a309a9a3438 -> 27381099d477, alter public add column url", "27381099d477"),
    ("None", "")])
def test_alembic_current(line, revision):
    text = "Current revision for postgresql://synnefo:XXXXX@h:5432/snf_pithos: " + line + "\n"
    assert outputs.alembic_current(text) == revision


def test_alembic_current_refuses():
    with pytest.raises(outputs.NotUnderstood):
        outputs.alembic_current("  No such revision 'x'\n")
