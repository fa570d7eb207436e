"""A site as Ansible's inventory scripts tell theirs: roles are groups, nodes are hosts.

https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html has the convention:
`--list` with all variables below `_meta`, so that nobody asks `--host` for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

from snftools.node.connection import parse_address
from snftools.site import ROLES

if TYPE_CHECKING:
    from snftools.site import NodeEntry, Site

OFFLINE = "offline"      # a group of its own: what is off is in no role's


def inventory(site: "Site") -> Dict[str, Any]:
    """The answer to `--list`."""
    found: Dict[str, Any] = {}
    for role in ROLES:
        found[role] = {"hosts": [node.name for node in site.with_role(role)]}
    found[OFFLINE] = {"hosts": [node.name for node in site.nodes if node.offline]}
    found["_meta"] = {"hostvars": {node.name: host(site, node) for node in site.nodes}}
    return found


def host(site: "Site", node: "NodeEntry") -> Dict[str, Any]:
    """The answer to `--host`: how it is reached, and what site.conf says that it is.

    A node that is this machine, or a directory of it, is reached without ssh.
    """
    variables: Dict[str, Any] = {"snf_node": node.name, "snf_roles": list(node.roles),
                                 "snf_site": site.path}
    if node.root or node.address == "local":
        variables["ansible_connection"] = "local"
    else:
        address, user, port = parse_address(node.address)
        variables["ansible_host"] = address
        if user:
            variables["ansible_user"] = user
        if port:
            variables["ansible_port"] = port
    if node.become:
        variables.update(ansible_become=True, ansible_become_method=node.become)
    return variables
