"""Fills the databases of a practice site with Synnefo's 0.13 schema and made-up data."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Tuple

# Secrets of the practice site; its settings files hold the same (they are no one's real ones).
DATABASE_PASSWORD = "practice-password"
HOME_TOKEN = "mYg0wqZ8rTnC5k2yJdAeVQ=="
CYCLADES_TOKEN = "pR4c71ceCyc1adesT0kenA=="
PITHOS_TOKEN = "pR4c71cePith0sServ1ceQ=="
ENCRYPTION_KEY = "pR4c71ceRap1PasswordKey"

OWNER = "synnefo"
HERE = Path(__file__).parent
SCHEMA = HERE / "sql" / "0.13"

# What a component's 0.13 installation brings: files of the schema, applications, their rows.
SCHEMAS = {
    "astakos": ("django", "auth", "im", "quotaholder_app"),
    "cyclades": ("django", "db", "userdata"),
    "pithos": ("pithos",),
}
DJANGO_APPS = ("contenttypes", "sessions", "sites", "admin", "south")
APPS = {
    "astakos": DJANGO_APPS + ("quotaholder_app", "auth", "im"),
    "cyclades": DJANGO_APPS + ("db", "userdata"),
    "pithos": (),
}

# Explicit ids leave the sequences behind; one that no row was made with stays untouched.
SET_SEQUENCES = """
DO $$
DECLARE owned record; highest bigint;
BEGIN
    FOR owned IN
        SELECT s.oid::regclass AS sequence, d.refobjid::regclass AS relation,
               quote_ident(a.attname) AS attribute
        FROM pg_class s
        JOIN pg_depend d ON d.objid = s.oid AND d.deptype = 'a'
        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
             AND a.atthasdef
        WHERE s.relkind = 'S'
    LOOP
        EXECUTE format('SELECT max(%s) FROM %s', owned.attribute, owned.relation) INTO highest;
        IF highest > 0 THEN
            PERFORM setval(owned.sequence, highest);
        END IF;
    END LOOP;
END
$$
"""


def fill(
    connect: Callable[[str], Any],
    layout_databases: Mapping[str, str],
    scale: int,
    urls: Mapping[str, str],
) -> None:
    """Make schema and data of every database; each is one transaction of the role synnefo.

    `connect(dbname)` gives a superuser's psycopg2 connection to a database that exists and is
    empty; `layout_databases` maps components to databases (two may share one); `urls` maps
    components to the scheme and host of their 0.13 installation. Deterministic: equal
    arguments give equal rows. At scale 1 there are 40 users.
    """
    for dbname, components in _by_database(layout_databases).items():
        connection = connect(dbname)
        try:
            with connection, connection.cursor() as cursor:
                _fill_one(cursor, components, scale, urls)
        finally:
            connection.close()


def history(apps: Tuple[str, ...]) -> List[Tuple[str, str]]:
    """Return South's (application, migration) rows of 0.13 for `apps`, in order."""
    known = runpy.run_path(str(HERE / "programs" / "manage" / "history.py"))["HISTORY"]
    return [(app, migration) for app, migration in known if app in apps]


def _by_database(layout_databases: Mapping[str, str]) -> Dict[str, List[str]]:
    databases: Dict[str, List[str]] = {}
    for component in ("astakos", "cyclades", "pithos"):
        databases.setdefault(layout_databases[component], []).append(component)
    return databases


def _fill_one(cursor: Any, components: List[str], scale: int, urls: Mapping[str, str]) -> None:
    apps = tuple(dict.fromkeys(app for name in components for app in APPS[name]))
    files = dict.fromkeys(file for name in components for file in SCHEMAS[name])
    cursor.execute("SET ROLE %s" % OWNER)
    _set_parameters(cursor, scale, urls, apps)
    for file in files:
        cursor.execute((SCHEMA / (file + ".sql")).read_text("utf-8"))
    names = ["people"] + (["contenttypes"] if apps else []) + components
    for name in names:
        cursor.execute((SCHEMA / "data" / (name + ".sql")).read_text("utf-8"))
    for number, row in enumerate(history(apps)):
        cursor.execute(
            "INSERT INTO south_migrationhistory (app_name, migration, applied) VALUES"
            " (%s, %s, timestamptz '2013-03-01 08:00:00+00' + %s * interval '40 ms')",
            row + (number,),
        )
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(SET_SEQUENCES)


def _set_parameters(
    cursor: Any, scale: int, urls: Mapping[str, str], apps: Tuple[str, ...]
) -> None:
    parameters = {
        "scale": str(scale),
        "apps": " ".join(apps),
        "home_url": urls["astakos"] + "/im/",
        "cyclades_url": urls["cyclades"] + "/ui/",
        "pithos_url": urls["pithos"] + "/ui/",
        "home_token": HOME_TOKEN,
        "cyclades_token": CYCLADES_TOKEN,
        "pithos_token": PITHOS_TOKEN,
        "encryption_key": ENCRYPTION_KEY,
    }
    for name, value in parameters.items():
        cursor.execute("SELECT set_config(%s, %s, true)", ("practice." + name, value))
