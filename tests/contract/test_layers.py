"""The parts lean on each other downwards only (doc/architecture.md has the table)."""

import ast
from pathlib import Path

HOME = Path(__file__).resolve().parents[2] / "snftools"

BASE = {"errors", "report", "cli", "output", "site", "release", "state", "files", "node",
        "data", "holder", "failpoint"}
ALLOWED = {
    "synnefo": set(),
    "settings": {"synnefo"},
    "database": {"synnefo", "settings"},
    "backups": {"synnefo", "settings", "database"},
    "migrations": {"synnefo", "settings", "database"},
    "registry": {"synnefo", "settings", "database"},
    "packages": set(),
    "services": set(),
    "upgrade": {"synnefo", "settings", "database", "backups", "migrations", "registry",
                "packages", "services"},
    "practice": set(),
}
DOMAIN = set(ALLOWED) - {"practice"}


def part_of(path):
    return path.relative_to(HOME).parts[0].replace(".py", "")


def modules():
    for path in sorted(HOME.rglob("*.py")):
        if "practice/programs" not in str(path) and "practice/wrappers" not in str(path):
            yield path


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for name in node.names:
                yield (node.module + "." + name.name).split(".")
        elif isinstance(node, ast.Import):
            for name in node.names:
                yield name.name.split(".")


def test_parts_lean_downwards_only():
    wrong = []
    for path in modules():
        part = part_of(path)
        if part == "__init__":
            continue
        for words in imports(path):
            if words[0] != "snftools" or len(words) < 2 or words[1] == "__version__":
                continue
            other = words[1]
            if other == part or other in BASE and part not in BASE:
                continue
            if part in BASE:
                fine = other in BASE
            elif part == "commands":
                fine = (other in DOMAIN
                        or other == "practice" and path.name == "practice_site.py")
            else:
                fine = other in ALLOWED[part]
            if not fine:
                wrong.append("%s imports %s" % (path.relative_to(HOME), ".".join(words)))
    assert not wrong


def test_plumbum_is_known_to_node_alone():
    for path in modules():
        if part_of(path) != "node":
            assert not any(words[0] == "plumbum" for words in imports(path)), path


def test_site_and_release_open_no_node():
    for name in ("site.py", "release.py"):
        assert not any(words[:2] == ["snftools", "node"] for words in imports(HOME / name))


def test_no_engine_knows_the_release_by_name():
    for path in modules():
        if part_of(path) in DOMAIN | BASE | {"commands"}:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Compare):
                    words = [c.value for c in ast.walk(node) if isinstance(c, ast.Constant)]
                    assert "0.14" not in words, path


def test_modules_are_small():
    assert {str(path): lines for path in modules()
            if (lines := len(path.read_text().splitlines())) > 350} == {}
