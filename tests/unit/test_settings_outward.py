"""The overrides of a rehearsal: what leads out is replaced, or told, or refused."""

import ast

import pytest

from snftools.release import Release
from snftools.settings.directory import SettingsDir
from snftools.settings.outward import FILE, addresses, neutral
from snftools.settings.values import NotEvaluated

PART = Release.read().part("outward")
BASE = {"accounts.example.org", "compute.example.org:8443"}


def made(*files, given=None):
    directory = SettingsDir.of("/etc/synnefo", [
        ("%02d.conf" % number, text.encode("latin-1")) for number, text in enumerate(files)])
    return directory, neutral(directory, PART, given or {}, BASE)


def values(found):
    """What the made file says, as Python reads it."""
    tree = ast.parse(found.text().decode("ascii"))
    return {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body}


def test_every_value_of_the_release_is_python_and_leads_nowhere():
    for name, row in PART["settings"].items():
        found = list(addresses(ast.literal_eval(row["value"])))
        assert all(address.partition(":")[0] == PART["host"] for address in found), name
    assert PART["host"].endswith(".invalid")


def test_what_the_release_lists_gets_its_value_and_mail_always():
    _, found = made("AMQP_HOSTS = ['amqp://u:p@queue.example.org:5672']\n")
    assert values(found) == {
        "AMQP_HOSTS": ["amqp://rehearsal.invalid:5672"],
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    assert {one.name: one.where for one in found.told} == {"AMQP_HOSTS": "00.conf:1",
                                                           "EMAIL_BACKEND": ""}
    assert found.live == []


def test_any_other_address_is_replaced_where_it_stands_and_base_urls_stay():
    _, found = made("A = 'https://accounts.example.org/im'\n"
                    "B = {'x': ('http://u:p@log.example.org:80/1', 'http://Accounts.example.org')}\n"
                    "C = 'https://compute.example.org:8443/x'\n"
                    "D = 'https://compute.example.org/x'\n"
                    "E = '/static/'\n")
    assert found.stays == ["A", "C"]
    got = values(found)
    assert got["B"] == {"x": ("http://rehearsal.invalid/1", "http://Accounts.example.org")}
    assert got["D"] == "https://rehearsal.invalid/x"
    assert "E" not in got and found.live == []


def test_what_is_made_from_an_outward_setting_before_it_is_overridden_is_replaced_too():
    _, found = made("AMQP_HOSTS = ['amqp://u:p@queue.example.org']\n", "FIRST = AMQP_HOSTS[0]\n")
    assert values(found)["FIRST"] == "amqp://rehearsal.invalid"


@pytest.mark.parametrize("text, where", [
    ("import os\nX = os.environ.get('U', 'http://live.example.org/')\n", "00.conf:2"),
    ("AMQP_HOSTS = ['amqp://q.example.org']\nW = join(AMQP_HOSTS)\n", "00.conf:2"),
    ("def f():\n    global AMQP_HOSTS\n    AMQP_HOSTS = ['amqp://q.example.org']\nf()\n",
     "00.conf:3"),
])
def test_what_cannot_be_followed_is_told_with_its_place(text, where):
    _, found = made(text)
    assert where in [place for place, _ in found.live]


def test_a_file_that_is_executed_later_has_the_last_word_and_is_told():
    directory = SettingsDir.of("/etc/synnefo", [("~~late.conf", b"EMAIL_BACKEND = 'smtp'\n")])
    found = neutral(directory, PART, {}, BASE)
    assert found.live == [("~~late.conf:1", "it has the last word on EMAIL_BACKEND")]


def test_the_file_sorts_behind_every_usual_name():
    assert sorted(["99-local.conf", "zz.conf", FILE, "webproject.conf"])[-1] == FILE


def test_files_that_are_no_python_are_said_as_they_are():
    with pytest.raises(NotEvaluated):
        made("X = (\n")


def test_databases_are_given_and_written_as_python_2_source():
    _, found = made("DATABASES = {'default': {'NAME': 'a'}}\n",
                    given={"DATABASES": {"default": {"NAME": "caf\u00e9_rehearsal"}}})
    assert b"caf\\xc3\\xa9_rehearsal" in found.text()


def test_numbers_beside_an_address_stay():
    _, found = made("A = {'h': 'https://other.example.org/x', 'port': 80}\n")
    assert values(found)["A"]["port"] == 80


@pytest.mark.parametrize("value, becomes", [
    ("memcached://10.0.0.1:11211;10.0.0.2:11211/", "memcached://rehearsal.invalid:11211/"),
    ("locmem:///", None), ("file:///var/tmp/cache", None),
    ("other://cache.example.org/", "other://rehearsal.invalid/")])
def test_a_cache_stays_of_its_kind(value, becomes):
    """With memcached every snf-manage needs a library (OBSERVED C 13)."""
    _, found = made("VMAPI_CACHE_BACKEND = %r\n" % value)
    got = values(found).get("VMAPI_CACHE_BACKEND")
    assert (got or "").startswith(becomes) if becomes else got is None
