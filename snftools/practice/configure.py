"""What the administrator of a 0.13 site does after the packages: settings, services, site.conf."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Iterable, List, Mapping

HERE = Path(__file__).resolve().parent

_STATEMENT = re.compile(r"^(\w+) = ")

_GUNICORN = """CONFIG = {
    'mode': 'django',
    'environment': {
        'DJANGO_SETTINGS_MODULE': 'synnefo.settings',
    },
    'working_dir': '/etc/synnefo',
    'user': 'www-data',
    'group': 'www-data',
    'args': (
        '--bind=%s',
        '--workers=1',
        '--worker-class=gevent',
        '--log-level=debug',
    ),
}
"""

_SITE_CONF = """# A practice site.  Every command of snf-upgrade-tools takes it as --site.
name = practice
backup_dir = "%(dir)s/backups"
state_dir = "%(dir)s/state"
pending_app_limit = 2

[components]
%(components)s
[nodes]
%(nodes)s
[databases]
admin = "postgresql://postgres@/postgres?host=%(dir)s/run"

[email]
contact = support@example.org
helpdesk = "Help Desk <helpdesk@example.org>",
managers = "Joe Doe <doe@example.org>",
admins = "Joe Doe <doe@example.org>",
from = "Example Cloud <noreply@example.org>"
"""


def edit_settings(root: Path, roles: Iterable[str], values: Mapping[str, str]) -> None:
    """Set in R/etc/synnefo what an administrator of these roles has set, once each."""
    done = set()
    for role in roles:
        for source in sorted((HERE / "settings/administrator" / role).glob("*.conf")):
            if source.name not in done:
                path = root / "etc/synnefo" / source.name
                text = merge(path.read_text(), fill_in(source.read_text(), values))
                path.write_text(text)
                done.add(source.name)


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Put the values in the place of their @NAMES@."""
    return re.sub(r"@([A-Z_]+)@", lambda match: values[match.group(1)], text)


def merge(shipped: str, wanted: str) -> str:
    """Put each statement where the shipped file has it commented out, else at the end."""
    lines = shipped.splitlines()
    for statement in _statements(wanted):
        name = _STATEMENT.match(statement[0]).group(1)  # type: ignore[union-attr]
        places = [number for number, line in enumerate(lines)
                  if re.match(r"^# ?(# )?%s = .*[^({\[,]$" % name, line)]
        if places and len(statement) == 1:
            lines[places[0]] = statement[0]
        else:
            lines += [*([""] if len(statement) > 1 else []), *statement]
    return "\n".join(lines) + "\n"


def _statements(text: str) -> List[List[str]]:
    statements: List[List[str]] = []
    for line in text.splitlines():
        if _STATEMENT.match(line):
            statements.append([line])
        else:
            statements[-1].append(line)
    return statements


def enable_services(root: Path, roles: Iterable[str], address: str, master: str) -> None:
    """What /etc/default and /etc/gunicorn.d say once the install guide was followed.

    `master` is the name of the Ganeti master.
    """
    for name in ("snf-dispatcher", "snf-ganeti-eventd"):
        path = root / "etc/default" / name
        if path.exists():
            path.write_text(path.read_text().replace("ENABLE=false", "ENABLE=true"))
    if set(roles) - {"ganeti"}:
        (root / "etc/gunicorn.d/synnefo").write_text(_GUNICORN % address)
    else:
        hostname = (root.parent / master / "etc/hostname").read_text()
        (root / "var/lib/ganeti/ssconf_master_node").write_text(hostname)


def site_conf(directory: Path, nodes: Mapping[str, Iterable[str]], urls: Dict[str, str]) -> str:
    """The text of site.conf; urls are where each component listens, without a path."""
    components = "".join('[[%s]]\nbase_url = "%s/%s"\n' % (name, url, name)
                         for name, url in urls.items())
    entries = "".join('[[%s]]\nroles = %s,\nroot = "%s/nodes/%s"\n'
                      % (name, ", ".join(roles), directory, name)
                      for name, roles in nodes.items())
    return _SITE_CONF % {"dir": directory, "components": components, "nodes": entries}
