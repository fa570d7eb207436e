"""A whole site over ssh (root): `check` beside its slowest node, the upgrade beside plain lines.

The lines are the runbook's, by a shell script on the control machine, one host after the other,
without anything that looks, backs up or proves.  Of our own time the steps that only look, back
up or prove are told apart.  SNF_BENCH_ROUNDS (3) is how often; the figures are medians.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.helpers import cli, endstate  # noqa: E402
from tests.helpers import hosts as making  # noqa: E402
from tests.helpers.host_site import HostSite  # noqa: E402
from tests.helpers.site import PracticeSite  # noqa: E402

ROUNDS = int(os.environ.get("SNF_BENCH_ROUNDS", "3"))
LOOKING = ("survey", "quiet", "backup-before", "versions", "settings-proof", "backup-migrate",
           "verify", "backup-quota", "proof")
PACKAGES = {
    "astakos": "snf-astakos-app", "cyclades": "snf-pithos-backend snf-cyclades-app",
    "pithos": "snf-pithos-backend snf-pithos-app snf-pithos-webclient",
    "ganeti": "snf-cyclades-gtools snf-pithos-backend"}
WEB = "python-objpool snf-common python-astakosclient snf-django-lib snf-webproject snf-branding"
PLAIN = """set -e
shared=$(mktemp -d)
trap 'for one in "$shared"/*; do command ssh -F "$CONFIG" -S "$one" -O exit x; done
      rm -rf "$shared"' EXIT
ssh() {
    command ssh -F "$CONFIG" -o ControlMaster=auto -o ControlPath="$shared/%C" \\
        -o ControlPersist=60 "$@"
}
for host in $ASTAKOS $CYCLADES $PITHOS; do ssh $host service gunicorn stop; done
ssh $CYCLADES service snf-dispatcher stop
ssh $GANETI service snf-ganeti-eventd stop
INSTALLS
ssh $ASTAKOS service gunicorn stop
ssh $CYCLADES 'service gunicorn stop; service snf-dispatcher stop'
ssh $PITHOS service gunicorn stop
for host in $ASTAKOS $CYCLADES $PITHOS; do
    ssh $host "cd /etc/synnefo && sed -i -e 's/ASTAKOS_URL/ASTAKOS_BASE_URL/g' \\
        -e 's/APP_INSTALL_URL/CYCLADES_BASE_URL/' \\
        -e 's/CYCLADES_ASTAKOS_SERVICE_TOKEN/CYCLADES_SERVICE_TOKEN/' \\
        -e 's/PITHOS_QUOTAHOLDER_POOLSIZE/PITHOS_ASTAKOSCLIENT_POOLSIZE/' *.conf"
done
ssh $PITHOS "cd /etc/synnefo
    echo \\"PITHOS_BASE_URL = '$PITHOS_URL'\\" >>20-snf-pithos-app-settings.conf"
ssh $ASTAKOS 'yes no | snf-manage syncdb; snf-manage migrate quotaholder_app 0001 --fake
    yes no | snf-manage migrate quotaholder_app; yes no | snf-manage migrate im'
ssh $CYCLADES 'yes no | snf-manage syncdb; yes no | snf-manage migrate'
ssh $PITHOS pithos-migrate upgrade head
ssh $ASTAKOS "snf-manage component-add astakos $ASTAKOS_URL/ui/
    snf-manage service-export-astakos >/root/astakos.json
    snf-manage service-import --json /root/astakos.json"
for pair in cyclades:$CYCLADES pithos:$PITHOS; do
    ssh ${pair#*:} "snf-manage service-export-${pair%:*}" | ssh $ASTAKOS "cat >/root/${pair%:*}.json
        snf-manage service-import --json /root/${pair%:*}.json"
done
ssh $ASTAKOS 'echo 2 | astakos-migrate-0.14'
for host in $ASTAKOS $CYCLADES $PITHOS; do ssh $host service gunicorn start; done
ssh $CYCLADES service snf-dispatcher start
ssh $GANETI service snf-ganeti-eventd start
"""


def script() -> str:
    """The runbook's lines."""
    lines = ["ssh $%s 'apt-get -q update; DEBIAN_FRONTEND=noninteractive apt-get -q -y -o "
             "Dpkg::Options::=--force-confold install %s %s'"
             % (name.upper(), "python-objpool snf-common" if name == "ganeti" else WEB, more)
             for name, more in PACKAGES.items()]
    return PLAIN.replace("INSTALLS", "\n".join(lines))


def timed(words: List[str], env: Dict[str, str], good: Sequence[int] = (0,)) -> float:
    """Seconds that a program takes; it must end well."""
    begun = time.monotonic()
    done = subprocess.run(words, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode in good, done.stdout.decode("utf-8", "replace")[-3000:]
    return time.monotonic() - begun


def checks(site: HostSite) -> Dict[str, float]:
    """Seconds of `check` of all nodes and of each in a site.conf of its own (what a node alone
    lacks are findings: 4)."""
    conf, found = site.conf.read_text(), {}
    for name in ["all", *site.facts["nodes"]]:
        text = conf
        for other in site.facts["nodes"] if name != "all" else ():
            if other != name:
                text = re.sub(r"(?ms)^\[\[%s\]\]\nroles.*?(?=^\[)" % other, "", text)
        site.conf.write_text(text)
        found[name] = statistics.median(timed(
            cli.argv_of("snf-upgrade", "check"), cli.environment(site), (0, 4))
            for _ in range(ROUNDS))
    return found


def ours(template: PracticeSite) -> Dict[str, float]:
    """Seconds of our upgrade: in all, and of it while something that changes is at work."""
    site = HostSite(template)
    try:
        with site.hosts.inside():
            whole = timed(cli.argv_of("snf-upgrade", "run", "--yes"), cli.environment(site))
        (journal,) = (site.dir / "state/runs").glob("*/journal.jsonl")
        return {"whole": whole, "acting": acting(journal)}
    finally:
        site.destroy()


def acting(journal: Path) -> float:
    """Seconds in which some step was at work that changes the site."""
    rows = [json.loads(line) for line in journal.read_text().splitlines()]
    at_work: List[str] = []
    total, since = 0.0, 0.0
    for row in rows:
        when = time.mktime(time.strptime(row["time"][:19], "%Y-%m-%dT%H:%M:%S")) \
            + float("0" + row["time"][19:-1])
        if not row["step"] or row["step"].split(".")[0] in LOOKING:
            continue
        if at_work:
            total += when - since
        since = when
        if row["event"] == "begun":
            at_work.append(row["step"])
        elif row["step"] in at_work:
            at_work.remove(row["step"])
    return total


def plain(template: PracticeSite) -> float:
    """Seconds of the runbook's lines."""
    site = HostSite(template)
    try:
        with site.hosts.inside():
            urls = {"%s_URL" % name.upper(): "http://%s:%d/%s" % (
                site.host(name).out, port, name) for name, port in site.facts["ports"].items()}
            env = {**os.environ, **{name.upper(): site.host(name).address
                                    for name in site.facts["nodes"]}, **urls,
                   "CONFIG": str(site.hosts.config)}
            took = timed(["sh", "-c", script()], env)
            packages = endstate.packages(site)
            assert all("0.14" in str(packages[name]) for name in site.facts["nodes"])
            return took
    finally:
        site.destroy()


def main() -> int:
    """Measure, print tables."""
    why = making.why_not()
    if why:
        print("not measured: %s" % why)
        return 0
    template = PracticeSite.create("three-hosts")
    try:
        site = HostSite(template)
        try:
            with site.hosts.inside():
                took = checks(site)
        finally:
            site.destroy()
        slowest = max(value for name, value in took.items() if name != "all")
        print("| `snf-upgrade check` | s |\n|---|---|")
        for name, seconds in took.items():
            print("| %s | %.1f |" % (name, seconds))
        print("| all / slowest | %.2f |\n" % (took["all"] / slowest))
        lines = [plain(template) for _ in range(ROUNDS)]
        runs = [ours(template) for _ in range(ROUNDS)]
        peer = statistics.median(lines)
        print("| upgrade over ssh | s | ratio |\n|---|---|---|\n| plain lines | %.1f | 1.00 |"
              % peer)
        for name in ("whole", "acting"):
            value = statistics.median(run[name] for run in runs)
            print("| `snf-upgrade run`, %s | %.1f | %.2f |" % (name, value, value / peer))
    finally:
        template.destroy()
    return 0


if __name__ == "__main__":
    sys.exit(main())
