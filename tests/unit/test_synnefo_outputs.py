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
