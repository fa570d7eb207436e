#!/bin/sh
# Runs an init script of this root unless its policy-rc.d forbids it.
R=$(cd "${0%/*}/../.." && pwd -P)
while [ "${1#--}" != "$1" ]; do
    shift
done
if [ -x "$R/usr/sbin/policy-rc.d" ]; then
    "$R/usr/sbin/policy-rc.d" "$1" "$2"
    case $? in
    101)
        echo "invoke-rc.d: policy-rc.d denied execution of $2." >&2
        exit 0
        ;;
    esac
fi
exec "$R/usr/sbin/service" "$1" "$2"
