"""Hosts that have our package and do their own part of the playbook; the others have nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Dict, List, Tuple

from tests.helpers import endstate
from tests.helpers.host_site import HostSite
from tests.helpers.hosts import call

NODES = ("astakos", "pithos")
OURS = "snf-upgrade-tools"
_STANZA = """Package: %s
Status: install ok installed
Maintainer: this machine
Architecture: %s
Multi-Arch: allowed
Version: 99
Description: what the machine has

"""


def install(site: HostSite, built: Any) -> List[str]:
    """Our package by the nodes' apt, a site.conf beside it; returns what it depends on.

    The hosts have this machine's programs, and their dpkg is told so.
    """
    found = sorted({re.split("[ :(]", word)[0] for word in built.depends(OURS)})
    has = "".join(_STANZA % (need, call("dpkg", "--print-architecture").strip())
                  for need in found)
    for name in NODES:
        host = site.host(name)
        place = host.root / "srv/ours"
        place.mkdir()
        shutil.copy(str(built.debs[OURS]), str(place))
        (place / "Packages").write_text(call("sh", "-c", "cd %s && dpkg-scanpackages -m . "
                                             "2>/dev/null" % place))
        host.put("etc/apt/sources.list.d/ours.list", "deb [trusted=yes] file:/srv/ours ./\n")
        with (host.root / "var/lib/dpkg/status").open("a") as status:
            status.write("\n" + has)
        for need in found:
            host.put("var/lib/dpkg/info/%s.list" % need, "/.\n")
            host.put("var/lib/dpkg/info/%s.md5sums" % need, "")
        host.sh("apt-get -q update && apt-get -q -y install " + OURS)
        host.put("etc/snf-upgrade/site.conf", _own_conf(site, name))
    return found


def _own_conf(site: HostSite, name: str) -> str:
    """The site's, in which the node is local."""
    address = site.host(name).address
    text = site.conf.read_text().replace('address = "%s"\nbecome = sudo' % address,
                                         "address = local")
    text = text.replace('address = "%s"' % address, "address = local")
    return re.sub('(?m)^(backup_dir|state_dir) = .*$', "", text)


def inventory(site: HostSite, path: Path) -> Tuple[str, str]:
    """An administrator's own, to stand beside ours, as the words of a command line.

    No module of Ansible may run on the other nodes.
    """
    path.write_text("".join(
        "%s snf_reach=node\n" % name if name in NODES
        else "%s ansible_python_interpreter=/nonexistent\n" % name
        for name in site.facts["nodes"]))
    return "-i", str(path)


def whole(site: HostSite, needs: List[str]) -> Dict[str, Any]:
    """The end state without what was installed here."""
    found = endstate.whole(site)
    found["packages"] = {name: [row for row in rows if row.split()[0] not in (OURS, *needs)]
                         for name, rows in found["packages"].items()}
    return found
