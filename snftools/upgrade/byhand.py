"""What no command does, as far as there is something to do: asked of nodes and databases."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from snftools.errors import SnfError

# How many there are, and their names; None: nothing to do.
Answer = Optional[Tuple[int, List[str]]]


def left(up: Any, facts: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """What is left after an upgrade: the rows that apply now, with their titles filled in."""
    found = []
    for name, row in up.release.part("by_hand").items():
        if row["when"] == "before":
            continue
        try:
            answer = _KINDS[row["kind"]](up, facts)
        except (SnfError, OSError) as error:
            answer = (0, ["could not be found out: %s" % error])
        if answer is None:
            continue
        count, names = answer
        title = row["title"].replace("{count}", str(count)).replace(
            "{names}", ", ".join("'%s'" % item for item in names))
        found.append({"name": name, "title": title, "why": row["why"], "line": row["line"],
                      "node": _node(up, row["role"])})
    return found


def _node(up: Any, role: str) -> str:
    nodes = up.site.with_role(role) if role else []
    return nodes[0].name if nodes else ""


def _always(up: Any, facts: Mapping[str, Any]) -> Answer:
    return 1, []


def _dpkg_dist(up: Any, facts: Mapping[str, Any]) -> Answer:
    """The new conffiles beside the kept ones (OBSERVED K)."""
    names = []
    for node in up.ctx.all_nodes():
        try:
            names += [node.name + ":" + name for name in node.list("/etc/synnefo")
                      if name.endswith(".dpkg-dist")]
        except FileNotFoundError:
            continue
    return (len(names), names) if names else None


def _leftover_components(up: Any, facts: Mapping[str, Any]) -> Answer:
    """Components that no role of this release owns (OBSERVED D)."""
    known = list(up.release.part("registry")["components"])
    rows = _ask(up, "astakos", "SELECT name FROM im_component ORDER BY name")
    names = [row[0] for row in rows if row[0] not in known]
    return (len(names), names) if names else None


def _building_servers(up: Any, facts: Mapping[str, Any]) -> Answer:
    """VMs whose building was not heard of to its end (SOURCE 6.1 no. 22)."""
    rows = _ask(up, "cyclades", "SELECT count(*) FROM db_virtualmachine WHERE operstate = "
                "'BUILD' AND NOT deleted")
    return (rows[0][0], []) if rows[0][0] else None


def _public_links(up: Any, facts: Mapping[str, Any]) -> Answer:
    """Published objects, when the base URL has a path (SOURCE 1.9)."""
    from urllib.parse import urlsplit
    if urlsplit(up.site.url("pithos")).path.strip("/") == "":
        return None
    rows = _ask(up, "pithos", "SELECT count(*) FROM public WHERE active")
    return (rows[0][0], []) if rows[0][0] else None


def _ask(up: Any, component: str, sql: str) -> List[Any]:
    import psycopg2

    from snftools.database import connect, find
    from snftools.errors import Failed
    database = find.for_component(find.find(up.ctx.all_nodes((component,)), up.site), component)
    try:
        with connect.connect(database) as connection:
            return list(connect.rows(connection, sql))
    except psycopg2.Error as error:
        raise Failed(str(error).splitlines()[0])


_KINDS: Dict[str, Callable[[Any, Mapping[str, Any]], Answer]] = {
    "always": _always,
    "dpkg-dist": _dpkg_dist,
    "leftover-components": _leftover_components,
    "building-servers": _building_servers,
    "public-links": _public_links,
}
