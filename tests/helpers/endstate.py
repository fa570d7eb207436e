"""What a site is at the end, as plain data: databases, settings, packages, services."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Tuple

from tests.helpers import cli

# What differs between two sites by nature: times, tokens made at random, South's own clock.
_TYPES = "('timestamp with time zone', 'timestamp without time zone', 'date')"
_COLUMNS = ("auth_token", "session_key", "session_data")


def databases(site: Any, counted: bool = True) -> Dict[str, Dict[str, List[str]]]:
    """Every table's rows as sorted text, without times and random tokens.

    `counted` off: with the rank of each number that was counted up instead of the number.  A
    server that was killed goes on counting up to 32 later.
    """
    return {name: _tables(site, name, counted)
            for name in sorted(set(site.facts["databases"].values()))}


def _tables(site: Any, database: str, counted: bool) -> Dict[str, List[str]]:
    columns: Dict[str, List[str]] = {}
    numbers = {} if counted else _numbers(site, database)
    for table, column in site.psql(
            database, "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type NOT IN %s "
            "ORDER BY table_name, ordinal_position" % _TYPES):
        if column in _COLUMNS:
            continue
        word = 'x."%s"' % column
        if (table, column) in numbers:
            word = '(SELECT count(*) FROM "%s" r WHERE r.id <= %s)' % (numbers[table, column],
                                                                       word)
        columns.setdefault(table, []).append(word)
    return {table: sorted(_plain(site, str(row)) for row in site.psql(
        database, "SELECT %s FROM \"%s\" x" % (", ".join(names), table)))
        for table, names in columns.items()}


def _numbers(site: Any, database: str) -> Dict[Tuple[str, str], str]:
    """(table, column) of each counted id, and of what refers to one: the table that counts."""
    own = site.psql(
        database, "SELECT table_name, column_name FROM information_schema.columns WHERE "
        "table_schema = 'public' AND column_name = 'id' AND column_default LIKE 'nextval%'")
    referring = site.psql(
        database, "SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text "
        "FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND "
        "a.attnum = c.conkey[1] WHERE c.contype = 'f' AND array_length(c.conkey, 1) = 1")
    counting = {table for table, _ in own}
    return {**{(table, column): table for table, column in own},
            **{(table, column): target for table, column, target in referring
               if target in counting}}


def settings(site: Any) -> Dict[str, bytes]:
    """The bytes of every file in each node's /etc/synnefo."""
    found = {}
    for name in nodes(site):
        for path in sorted((site.node(name) / "etc/synnefo").glob("*")):
            if path.is_file():
                text = path.read_bytes().decode("latin-1")
                found["%s/%s" % (name, path.name)] = _plain(site, text).encode("latin-1")
    return found


def packages(site: Any) -> Dict[str, List[str]]:
    """The status file's packages, versions and states of each node."""
    found = {}
    for name in nodes(site):
        status = (site.node(name) / "var/lib/dpkg/status").read_text()
        found[name] = sorted(
            " ".join(re.findall(r"(?m)^(?:Package|Version|Status): (.*)$", block))
            for block in status.split("\n\n") if block.strip())
    return found


def services(site: Any) -> List[Any]:
    """Which services run where."""
    done = cli.run("snf-services", "status", "--node", "all", "--json", site=site).expect(0)
    return sorted(_running(done.json["result"]))


def _running(value: Any, node: str = "") -> List[Any]:
    """(node, service, running) wherever the answer has them."""
    found: List[Any] = []
    if isinstance(value, dict):
        if "running" in value and ("name" in value or "service" in value):
            return [(str(value.get("node") or node), str(value.get("name")
                     or value.get("service")), bool(value["running"]))]
        for key, item in value.items():
            found += _running(item, node if key in ("nodes", "services") else key)
    elif isinstance(value, list):
        for item in value:
            found += _running(item, node)
    return found


def whole(site: Any, counted: bool = True) -> Dict[str, Any]:
    """All of it."""
    return {"databases": databases(site, counted), "settings": settings(site),
            "packages": packages(site), "services": services(site)}


def nodes(site: Any) -> List[str]:
    """The names of the nodes."""
    return sorted(path.name for path in (site.dir / "nodes").iterdir())


def _plain(site: Any, text: str) -> str:
    """The text without what a copy of a site changes: its directory and its ports."""
    text = site.plain(text.replace(str(site.dir), "DIR"))
    text = re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,}", "TIME", text)
    return re.sub(r"127\.0\.0\.1:[0-9]+", "127.0.0.1:PORT", text)


def differences(one: Any, other: Any, path: str = "") -> List[str]:
    """Where two of them differ, in words short enough to read."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = []
        for key in sorted(set(one) | set(other), key=str):
            if key not in one or key not in other:
                found.append("%s/%s: only in the %s" % (path, key,
                                                        "first" if key in one else "second"))
            else:
                found += differences(one[key], other[key], "%s/%s" % (path, key))
        return found
    if one == other:
        return []
    if isinstance(one, list) and isinstance(other, list):
        return ["%s: -%s +%s" % (path, [row for row in one if row not in other][:3],
                                 [row for row in other if row not in one][:3])]
    return ["%s differs" % path]
