"""What others need to help: journal, logs, plan, versions; every secret out."""

from __future__ import annotations

import io
import json
import os
import tarfile
from typing import Any, Dict, List, Mapping

from snftools import files
from snftools.errors import SnfError
from snftools.output import mask
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan

# Of the survey only what holds no setting and no token.
_LARGEST = 5 << 20  # bytes of one log; its end is what matters


def learn_secrets(up: Any) -> List[str]:
    """Let the mask know the secrets of settings and databases; what could not be read."""
    from snftools.registry import tokens
    from snftools.settings import masked
    from snftools.settings.directory import SettingsDir
    from snftools.settings.rules import Rules
    missed = []
    for node in up.ctx.all_nodes(("astakos", "cyclades", "pithos")):
        try:
            rules = Rules.of(up.release.name, up.release.part("settings"), node.roles)
            masked.learn(SettingsDir.read(node, "/etc/synnefo"), rules)
        except (SnfError, OSError) as error:
            missed.append("settings of %s: %s" % (node.name, error))
    try:
        from snftools.database import connect, find
        database = find.for_component(find.find(up.ctx.all_nodes(), up.site), "astakos")
        with connect.connect(database) as connection:
            for component in ("astakos", "cyclades", "pithos"):
                tokens.registered(connection, component)
    except (SnfError, OSError) as error:
        missed.append("tokens of the astakos database: %s" % error)
    return missed


def contents(up: Any, journal: Journal, plan: Plan, told: Mapping[str, Any]) -> Dict[str, bytes]:
    """The files of the bundle by name, cleaned."""
    run_dir = up.state.run_dir(journal.run)
    found = {"report.json": _json(told), "plan.json": _json(plan.words())}
    for name in ("journal.jsonl", "log", "back"):
        found.update(_below(run_dir, name))
    survey = os.path.join(run_dir, "survey")
    for node in (node.name for node in up.site.nodes):
        path = os.path.join(survey, node + ".json")
        if os.path.isfile(path):  # packages and services; the settings are in NODE.tar
            found["survey/%s.json" % node] = _read(path)
    return {name: mask.clean_program_output(data.decode("utf-8", "backslashreplace")).encode()
            for name, data in sorted(found.items())}


def write(path: str, found: Mapping[str, bytes], run: str) -> None:
    """Write the archive, 0600."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name, data in found.items():
            info = tarfile.TarInfo("%s/%s" % (run, name))
            info.size, info.mode = len(data), 0o600
            tar.addfile(info, io.BytesIO(data))
    files.write_atomic(path, target.getvalue(), mode=0o600)


def _below(run_dir: str, name: str) -> Dict[str, bytes]:
    path = os.path.join(run_dir, name)
    if os.path.isfile(path):
        return {name: _read(path)}
    names = sorted(os.listdir(path)) if os.path.isdir(path) else []
    return {"%s/%s" % (name, one): _read(os.path.join(path, one)) for one in names
            if os.path.isfile(os.path.join(path, one))}


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        stream.seek(max(0, os.path.getsize(path) - _LARGEST))
        return stream.read()


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode("ascii")
