"""Settings that kept their name and changed their meaning (SOURCE 1.6)."""

from __future__ import annotations

from typing import Iterator

from snftools.report import Finding
from snftools.settings.checks import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """Old shapes and old paths."""
    conf = subject.conf
    for name in conf["landing"]:
        value = subject.value(name)
        if isinstance(value, str) and value.rstrip("/").endswith(conf["landing_path"]):
            yield subject.finding("landing", "warning", "%s is %s" % (name, value), name,
                                  "that page is not there any more", "delete the line")
    name, key = conf["per_hypervisor"], conf["per_hypervisor_key"]
    value = subject.value(name)
    if isinstance(value, dict) and isinstance(value.get(key), dict) and value[key] and not all(
            isinstance(item, dict) for item in value[key].values()):
        yield subject.finding("hvparams", "error", "%s['%s'] is flat" % (name, key), name,
                              "it is read by hypervisor now, a flat one is ignored silently",
                              "'%s': {'kvm': {...}, 'xen-pvm': {}, 'xen-hvm': {}}" % key)
    yield from _middleware(subject)
    yield from _defaults(subject)


def _middleware(subject: Subject) -> Iterator[Finding]:
    name, entry = subject.conf["middleware"], subject.conf["middleware_value"]
    for place in subject.directory.bindings(name):
        if place.bound is None:
            continue
        text = " ".join(token.text for token in place.bound.statement.tokens)
        if ". remove" in text and entry in text:
            yield Finding("settings-csrf", "warning", "%s is taken out of %s" % (entry, name),
                          subject.node, subject.directory.file_path(place.where),
                          "the guide of 0.13 said so; it switches a protection off, and where the "
                          "entry is missing it stops Synnefo", "delete the line")


def _defaults(subject: Subject) -> Iterator[Finding]:
    for name, why in subject.conf["changed_defaults"].items():
        role = name.split("_")[0].lower()
        if role in subject.rules.roles and not subject.directory.has(name):
            yield subject.finding("default", "note", "%s is not set" % name, "", why)
