"""A node's programs load its settings as Synnefo does, and die of them as Synnefo does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.practice.programs import Programs

SETTINGS = "etc/synnefo/20-snf-astakos-app-settings.conf"


@pytest.fixture
def astakos(programs: Programs) -> Path:
    """The root of the astakos node."""
    return programs.path / "astakos"


@pytest.mark.parametrize(
    "source, printed",
    [
        ("X = NOSUCH + 'a'\n", """[NameError("name 'NOSUCH' is not defined",)]"""),
        ("raise Exception('read')\n", "[Exception('read',)]"),
        ("import nosuchmodule\n", "[ModuleNotFoundError(\"No module named 'nosuchmodule'\",)]"),
        ("MIDDLEWARE_CLASSES.remove('x')\n", "[ValueError('list.remove(x): x not in list',)]"),
    ],
)
def test_broken_file(programs: Programs, astakos: Path, source: str, printed: str) -> None:
    (astakos / SETTINGS).write_text(source)
    for command in ("component-list", "--version", "nosuch", "service-export-astakos"):
        done = programs.call("astakos", "snf-manage " + command)
        assert (done.exit, done.out) == (1, "")
        assert done.err == "Failed to read settings file: %s %s\n" % (astakos / SETTINGS, printed)


def test_syntax_error_has_four_facts(programs: Programs, astakos: Path) -> None:
    (astakos / SETTINGS).write_text("\nA = 'https://x\n")
    done = programs.call("astakos", "astakos-migrate-0.14")
    assert done.exit == 1
    path = str(astakos / SETTINGS)
    assert done.err.startswith("Failed to read settings file: %s [SyntaxError('" % path)
    where = r"\('%s', 2, \d+, \"A = 'https://x.*\"\)\)\]\n$" % re.escape(path)
    assert re.search(where, done.err)


def test_bytes_without_coding_are_an_error(programs: Programs, astakos: Path) -> None:
    (astakos / SETTINGS).write_bytes("A = 'Zo\xeb'\n".encode())
    done = programs.call("astakos", "snf-manage component-list")
    assert done.exit == 1 and "Non-ASCII character '\\\\xc3'" in done.err
    (astakos / SETTINGS).write_bytes("# coding: utf-8\nA = 'Zo\xeb'\n".encode())
    assert programs.call("astakos", "snf-manage component-list").exit == 0


def test_which_files_are_executed(programs: Programs, astakos: Path) -> None:
    directory = astakos / "etc/synnefo"
    for name in ("x.conf.dpkg-dist", "x.conf.bak", "x.conf~"):
        (directory / name).write_text("raise Exception(1)\n")
    (directory / "sub.conf").mkdir()
    (directory / ".hidden.conf").write_text("ORDER = ['.hidden']\n")
    (directory / "99-local.conf").write_text("ORDER.append('99')\n")
    (directory / "astakos.conf").write_text("ORDER.append('astakos')\n")
    done = programs.call("astakos", "snf-manage diffsettings | grep ORDER")
    assert done.out == "ORDER = ['.hidden', '99', 'astakos']  ###\n"


def test_another_directory(programs: Programs, astakos: Path, tmp_path: Path) -> None:
    staged = tmp_path / "staged"
    staged.mkdir()
    (staged / "a.conf").write_text("ASTAKOS_BASE_URL = 'https://staged.example.org/a'\n")
    env = {"SYNNEFO_SETTINGS_DIR": str(staged)}
    done = programs.call("astakos", "snf-manage diffsettings", env=env)
    assert "ASTAKOS_BASE_URL = 'https://staged.example.org/a'  ###\n" in done.out
    done = programs.call("astakos", "snf-manage diffsettings --settings-dir=%s" % staged)
    assert "staged.example.org" not in done.out and done.exit == 0


def test_two_words_of_settings_dir(programs: Programs) -> None:
    done = programs.call("astakos", "snf-manage component-list --settings-dir /etc/synnefo")
    assert (done.exit, done.err) == (1, "Error: List commands do not accept any argument\n")


def test_directory_missing_means_sqlite(programs: Programs) -> None:
    env = {"SYNNEFO_SETTINGS_DIR": "/nonexistent"}
    done = programs.call("astakos", "snf-manage component-list", env=env)
    assert done.exit == 1
    assert done.err.endswith("sqlite3.OperationalError: unable to open database file\n")


@pytest.mark.parametrize("package", ["astakosclient", "objpool"])
def test_forgotten_package(programs: Programs, astakos: Path, package: str) -> None:
    (astakos / "usr/lib/synnefo/versions" / ("python-" + package)).unlink()
    done = programs.call("astakos", "snf-manage --version")
    assert (done.exit, done.out) == (1, "")
    assert done.err.endswith(
        "pkg_resources.DistributionNotFound: The '%s' distribution was not found"
        " and is required by the application\n" % package
    )


@pytest.mark.parametrize(
    "node, expected",
    [
        ("astakos", "https://accounts.example.synnefo.org/weblogin/"),
        ("cyclades", "https://compute.example.synnefo.org/compute/compute/v2.0/"),
        ("pithos", "https://object-store.example.synnefo.org/pithos/object-store/v1/"),
    ],
)
def test_base_url_not_set_exports_the_default(
    programs: Programs, node: str, expected: str
) -> None:
    (programs.path / node / "etc/synnefo/20-urls.conf").unlink()
    done = programs.call(node, "snf-manage service-export-" + node)
    assert done.exit == 0
    first = list(json.loads(done.out).values())[0]
    assert first["endpoints"][0]["publicURL"] == expected


@pytest.mark.parametrize("name", ["APP_INSTALL_URL", "API_ROOT_URL", "FEEDBACK_CONTACTS"])
def test_dropped_defaults_of_cyclades(programs: Programs, name: str) -> None:
    root = programs.path / "cyclades"
    (root / "etc/synnefo/99-local.conf").write_text("QUOTED = %s\n" % name)
    done = programs.call("cyclades", "snf-manage syncdb --noinput")
    assert done.exit == 1 and '[NameError("name \'%s\' is not defined",)]' % name in done.err
    for package in (root / "usr/lib/synnefo/versions").iterdir():
        package.write_text("0.13\n")
    done = programs.call("cyclades", "snf-manage --version")
    assert (done.exit, done.out) == (0, "0.13\n")


def test_commands_of_each_release(programs: Programs, astakos: Path) -> None:
    new = programs.call("astakos", "snf-manage help").out.split()
    for package in (astakos / "usr/lib/synnefo/versions").iterdir():
        package.write_text("0.13\n")
    old = programs.call("astakos", "snf-manage help").out.split()
    assert "component-list" in new and "component-list" not in old
    assert "service-list" in new and "service-list" in old
    bare = programs.call("astakos", "snf-manage")
    assert bare.exit == 1 and "Available subcommands:" in bare.out


def test_help_of_a_command(programs: Programs) -> None:
    done = programs.call("astakos", "snf-manage component-modify --help")
    assert done.exit == 0
    assert "component-modify [options] <component ID or name>\n\nModify component" in done.out
    words = [line.split()[0] for line in done.out.splitlines() if line.startswith("  -")]
    assert words[:2] == ["-v", "--settings=SETTINGS"] and words[-2:] == ["--version", "-h,"]
    for option in ("--url=URL", "--auth-token=AUTH_TOKEN", "--renew-token", "--purge-services"):
        assert option in words


@pytest.mark.parametrize(
    "node, value, library, code",
    [
        ("cyclades", "memcached://127.0.0.1:11211/", False, 1),
        ("cyclades", "memcached://127.0.0.1:11211/", True, 0),
        ("cyclades", "locmem:///", False, 0),
        ("astakos", "memcached://127.0.0.1:11211/", False, 0),
    ],
)
def test_memcached_needs_its_library(
    programs: Programs, node: str, value: str, library: bool, code: int
) -> None:
    root = programs.path / node
    (root / "etc/synnefo/99-local.conf").write_text("VMAPI_CACHE_BACKEND = %r\n" % value)
    if library:
        (root / "usr/lib/synnefo/versions/python-memcache").write_text("1.45\n")
    done = programs.call(node, "snf-manage diffsettings")
    assert (done.exit, "InvalidCacheBackendError: Memcached cache" in done.err) == (code, code == 1)
