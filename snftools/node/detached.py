"""What sh runs on another machine for a program that outlives the line to it (kept.py).

Each gets the program's directory as $1; what they can do is what a shell of 2010 can.
"""

from __future__ import annotations

HEAD = """
umask 077
d=$1
# By its words too: after a reboot another process may have that number.
alive() { [ -s "$d/pid" ] && ps -o args= -p "$(cat "$d/pid")" | grep -q -F -e " $d "; }
"""
# $2: its id, $3: who wants it, where nobody else does.  0: started; 3: one of that name is alive.
START = HEAD + """
shift
mkdir -p "$d" || exit 126
[ -e "$d/exit" ] || ! alive || exit 3
rm -f "$d"/*
[ -z "$2" ] || printf '%s\n' "$2" >"$d/owner" || exit 126
: >"$d/id-$1" || exit 126
shift 2
cat >"$d/in" && : >"$d/out" && : >"$d/err" && echo "     " >"$d/exit.new" || exit 126
setsid sh -c '
    d=$1
    shift
    export SNF_JOB="$d"
    echo $$ >"$d/pid.new" && mv -f "$d/pid.new" "$d/pid"
    "$@" <"$d/in" >>"$d/out" 2>>"$d/err"
    # Over its blanks: a disk that is full by now has room for that.
    echo $? 1<>"$d/exit.new"
    mv -f "$d/exit.new" "$d/exit"
' sh "$d" "$@" </dev/null >/dev/null 2>&1 &
n=0
until [ -s "$d/pid" ] || [ -e "$d/exit" ]; do
    n=$((n + 1))
    [ $n -lt 100 ] || exit 126
    sleep 0.1 2>/dev/null || sleep 1
done
"""
# Prints what comes after the first $2 bytes of output; 0: ended, 4: gone without a status.
FOLLOW = HEAD + """
done=$2
while :; do
    ended=
    if [ -e "$d/exit" ]; then ended=0; elif ! alive; then ended=4; fi
    [ -e "$d/out" ] || exit 4
    size=$(wc -c <"$d/out")
    if [ "$size" -gt "$done" ]; then
        tail -c +$((done + 1)) "$d/out" | head -c $((size - done))
        done=$size
    fi
    if [ -n "$ended" ]; then
        [ ! -e "$d/exit" ] || ended=0
        exit $ended
    fi
    sleep 0.2 2>/dev/null || sleep 1
done
"""
END = HEAD + """
alive || exit 0
pid=$(cat "$d/pid")
kill -s TERM -- "-$pid"
n=0
while kill -s 0 -- "-$pid" 2>/dev/null && [ $n -lt 25 ]; do
    n=$((n + 1))
    sleep 0.2 2>/dev/null || sleep 1
done
kill -s KILL -- "-$pid" 2>/dev/null || :
"""
# One line for each that lives, of those that somebody else may wait for: its name.
LIVING = HEAD + """
for d in "$1"/*; do
    [ -e "$d/owner" ] || [ -e "$d/exit" ] || ! alive || basename "$d"
done
exit 0
"""
# One line for each that only its owner wants: its name, then the owner.
OWNED = """
for d in "$1"/*; do
    [ ! -s "$d/owner" ] || printf '%s %s\n' "$(basename "$d")" "$(cat "$d/owner")"
done
exit 0
"""
