"""policy-rc.d 101 while apt runs, so that no package starts a service; put back whatever happens.

The one that was there is renamed, not copied: owner, mode and links stay.  A shell on the node
puts it back in a trap; what a killed shell left behind the next start finds by its mark.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, List, Mapping, Sequence

from snftools import failpoint
from snftools.errors import Failed, Locked

if TYPE_CHECKING:
    from snftools.node import Node, Result

PATH = "/usr/sbin/policy-rc.d"
KEPT = PATH + ".snf-kept"
MARK = "snf-install-packages"

_PUT_BACK = r"""
policy=$1 kept=$1.snf-kept mark=%s
shift
ours() { grep -q "$mark" "$policy" 2>/dev/null; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
put_back() {
    if there "$policy" && ! ours; then
        rm -f "$kept"
    elif there "$kept"; then
        mv -f "$kept" "$policy"
    else
        rm -f "$policy"
    fi
}
""" % MARK

_RECOVER = _PUT_BACK + "put_back\n"

# Output goes to a file that `tail` follows: a daemon that some maintainer script starts may
# hold a pipe open for ever.
_GUARDED = _PUT_BACK + r"""
log=$(mktemp) || exit 126
pid=
end() {
    [ -z "$pid" ] || wait "$pid" 2>/dev/null
    put_back
    rm -f "$log" "$policy.new"
}
trap end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
if there "$policy" && ! ours; then
    mv -f "$policy" "$kept" || exit 126
fi
printf '#!/bin/sh\n# %s: nothing starts while packages are installed\nexit 101\n' "$mark" \
    >"$policy.new" && chmod 755 "$policy.new" && mv -f "$policy.new" "$policy" || exit 126
"$@" </dev/null >"$log" 2>&1 &
pid=$!
tail -n +1 -f -s 0.2 --pid="$pid" "$log"
wait "$pid"
code=$?
pid=
exit "$code"
"""

_WORKING = re.compile(r"^(\S*/)?(apt-get|aptitude|dpkg)( |$)")


def guarded(node: "Node", argv: Sequence[str], env: Mapping[str, str],
            line: Callable[[str], None]) -> "Result":
    """Run a command with policy-rc.d forbidding every start; `line` gets its output.

    Both streams of the command come as the Result's standard output.
    """
    got: List[bytes] = []

    def take(data: bytes) -> None:
        got.append(data)
        failpoint.reach("apt.line:" + data.decode("latin-1").rstrip("\n"))
        line(data.decode("utf-8", "backslashreplace").rstrip("\n"))

    failpoint.reach("apt.before:" + " ".join(argv))
    result = node.run(["sh", "-c", _GUARDED, "sh", node.path(PATH), *argv], env=env,
                      stdout=take, keep="packages")
    failpoint.reach("apt.after:" + " ".join(argv))
    if result.exit == 126:
        raise Failed("can't forbid services to start: %s" % result.error_text.strip(),
                     node=node.name, unchanged="everything")
    return type(result)(tuple(argv), result.exit, b"".join(got), result.stderr)


def is_left(node: "Node") -> bool:
    """Whether an interrupted run left its policy-rc.d, or the one that it kept."""
    if node.stat(KEPT, follow=False) is not None:
        return True
    try:
        return MARK.encode() in node.read(PATH)
    except OSError:
        return False


def recover(node: "Node") -> bool:
    """Put back what an interrupted run left; True when there was something.

    Locked (75) while its apt or dpkg still works: it needs the policy.
    """
    if not is_left(node):
        return False
    refuse_working(node)
    result = node.run(["sh", "-c", _RECOVER, "sh", node.path(PATH)])
    if not result.ok or is_left(node):
        raise Failed("can't put back %s: %s" % (PATH, result.error_text.strip()),
                     node=node.name, next="look at %s and %s" % (PATH, KEPT))
    return True


def refuse_working(node: "Node") -> None:
    """Locked (75) when apt or dpkg is at work on the node."""
    busy = [one for one in node.processes() if _WORKING.match(one.args)]
    if busy:
        raise Locked("apt or dpkg is at work: pid %d: %s" % (busy[0].pid, busy[0].args[:60]),
                     node=node.name, unchanged="everything",
                     next="wait for its end, then the same line again")
