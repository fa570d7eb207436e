"""The node's packages are those that the upgrade starts from, and nobody else changes them."""

from __future__ import annotations

import re
from typing import Any, List

from snftools.report import Finding
from snftools.upgrade.checks import NODE, Check, Look

_APT = re.compile(r"^(/\S*/)?(python[0-9.]* (-\S+ )*)?(/\S*/)?"
                  r"(apt-get|apt|aptitude|dpkg|unattended-upgrade)( |$)")


def configured(look: Look, node: Any) -> List[Finding]:
    """`dpkg --audit` is empty; what is half configured the install finishes."""
    answer = node.run(["dpkg", "--audit"], timeout=120)
    if answer.ok and not answer.text.strip():
        return []
    if not answer.ok:
        return [Finding("half-configured", "error", "dpkg --audit: exit %d" % answer.exit,
                        node=node.name, code=1, remedy="dpkg --audit")]
    return [Finding("half-configured", "warning", "dpkg --audit has packages to tell of",
                    node=node.name, why=answer.lines[0],
                    remedy="dpkg --force-confdef --force-confold --configure -a")]


def enabled_but_down(look: Look, node: Any) -> List[Finding]:
    """A service that is enabled and does not run: it will be started unless a survey says no."""
    return [Finding("service-down", "warning", "%s is enabled but does not run" % state.name,
                    node=node.name, why="only what the survey sees running is started again",
                    remedy="snf-services start %s --node %s" % (state.name, node.name))
            for state in look.states(node)
            if state.enabled and not state.running and not state.elsewhere]


def source_version(look: Look, node: Any) -> List[Finding]:
    """No package of Synnefo is older than the release that this upgrade starts from."""
    from snftools.packages import query
    names = look.up.release.part("packages")["lockstep"]["packages"]
    oldest = look.up.release.source + "~"  # its own pre-releases count
    return [Finding("source-version", "error", "%s is at %s, this upgrade begins at %s"
                    % (name, package.version, look.up.release.source), node=node.name, code=3,
                    remedy="upgrade it to %s first" % look.up.release.source)
            for name, package in sorted(query.installed(node, names).items())
            if package.there and query.compare(node, package.version, "<<", oldest)]


def libraries(look: Look, node: Any) -> List[Finding]:
    """What does Synnefo's work is of a version that the migrations are known to go with."""
    from snftools.packages.libraries import unknown
    return [Finding("library", "warning", "%s is at %s: not known to do" % (name, version),
                    node=node.name, why=why, remedy="snf-upgrade rehearse    (shows whether it "
                    "does)")
            for name, version, why in unknown(node, look.up.release.part("packages"))]


def busy(look: Look, node: Any) -> List[Finding]:
    """Another apt or dpkg holds dpkg's lock: the install would be turned away."""
    return [Finding("apt-busy", "error", "%s is at work (pid %d)"
                    % (one.args.split()[0], one.pid), node=node.name, code=3, waivable=True,
                    remedy="wait for its end:  ps -fp %d" % one.pid)
            for one in node.processes() if _APT.match(one.args)][:1]


def policy(look: Look, node: Any) -> List[Finding]:
    """A policy-rc.d of the administrator is put aside during the install, and back."""
    if not node.exists("/usr/sbin/policy-rc.d"):
        return []
    return [Finding("policy-rc.d", "warning", "there is a /usr/sbin/policy-rc.d",
                    node=node.name, why="it is put aside while apt runs, and put back",
                    remedy="cat /usr/sbin/policy-rc.d    (is it still wanted?)")]


def etckeeper(look: Look, node: Any) -> List[Finding]:
    """etckeeper with uncommitted changes may stop apt, or commit them as its own."""
    answer = node.run(["etckeeper", "unclean"], timeout=120)
    if answer.exit != 0:  # 127: not there; 1: nothing to commit
        return []
    return [Finding("etckeeper", "warning", "/etc has changes that etckeeper has not committed",
                    node=node.name, why="its hook runs before apt installs, and may end it",
                    remedy="etckeeper commit 'before snf-upgrade'")]


def unattended(look: Look, node: Any) -> List[Finding]:
    """apt's own timer may begin in the middle of the window."""
    answer = node.run(["apt-config", "dump", "APT::Periodic::Unattended-Upgrade"], timeout=60)
    value = answer.text.partition('"')[2].partition('"')[0]
    if not answer.ok or value in ("", "0"):
        return []
    return [Finding("unattended-upgrades", "warning", "unattended upgrades are on",
                    node=node.name, why="they may hold dpkg's lock, or restart services, in "
                    "the middle of the window", remedy="dpkg-reconfigure unattended-upgrades")]


CHECKS = [Check("half-configured", "install", NODE, configured),
          Check("source-version", "install", NODE, source_version),
          Check("library", "migrate", NODE, libraries),
          Check("apt-busy", "install", NODE, busy),
          Check("policy-rc.d", "install", NODE, policy),
          Check("etckeeper", "install", NODE, etckeeper),
          Check("unattended-upgrades", "install", NODE, unattended),
          Check("service-down", "install", NODE, enabled_but_down)]
