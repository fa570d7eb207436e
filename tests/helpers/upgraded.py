"""Practice sites part of the way: new packages, settings, migrated, registered."""

from __future__ import annotations

from typing import Any, Iterable

from snftools.node import Node, open_node
from snftools.site import Site
from tests.helpers import cli

_COMMON = ("python-objpool", "snf-common", "python-astakosclient", "snf-django-lib",
           "snf-webproject", "snf-branding")
_APPS = {"astakos": ("snf-astakos-app",), "cyclades": ("snf-pithos-backend", "snf-cyclades-app"),
         "pithos": ("snf-pithos-backend", "snf-pithos-app", "snf-pithos-webclient"),
         "ganeti": ()}
_KEEP = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")


def nodes(site: Any) -> Iterable[Node]:
    """The site's nodes with a component."""
    for entry in Site.read(str(site.conf)).nodes:
        if set(entry.roles) & {"astakos", "cyclades", "pithos"}:
            yield open_node(entry)


def stop(site: Any) -> None:
    """Stop what runs on the nodes with a component."""
    for node in nodes(site):
        for service in ("gunicorn", "snf-dispatcher"):
            node.run(["service", service, "stop"])


def install(site: Any) -> None:
    """Stop what runs and put the new packages on every node, by apt-get itself."""
    stop(site)
    for node in nodes(site):
        names = dict.fromkeys(_COMMON)
        for role in node.roles:
            names.update(dict.fromkeys(_APPS[role]))
        node.write("/usr/sbin/policy-rc.d", b"#!/bin/sh\nexit 101\n", mode=0o755)
        node.run(["apt-get", "update"])
        done = node.run(["apt-get", "-y", *_KEEP, "install", *names],
                        env={"DEBIAN_FRONTEND": "noninteractive"})
        node.remove("/usr/sbin/policy-rc.d")
        assert done.ok, done.error_text


def settings(site: Any) -> None:
    """Base URLs in a file of their own on every node."""
    conf = Site.read(str(site.conf))
    for node in nodes(site):
        urls = {role.upper() + "_BASE_URL": conf.url(role)
                for role in ("astakos",) + tuple(node.roles)}
        text = "".join("%s = %r\n" % item for item in sorted(urls.items()))
        node.write("/etc/synnefo/99-base-urls.conf", text.encode(), mode=0o640)


def migrate(site: Any) -> None:
    """All databases migrated by our own command."""
    cli.run("snf-migrate-db", "--node", "all", "--no-way-back", site=site).expect(0)


def register(site: Any) -> None:
    """Everything registered by our own command."""
    cli.run("snf-register-services", site=site).expect(0)
