# What TAB can offer of a site, asked from its files by sed and ls alone; bash and zsh.
# Each function is given the words of the command line.  bash expands what it offers once
# more, so only names without any character that means something to a shell get through.

_snf_plain() {
    grep -x '[A-Za-z0-9][A-Za-z0-9._+-]*'
}

_snf_value() {
    # The last value that one of the options $1 (|a|b|) has among the words.
    local options=$1 previous= found= word
    shift
    for word in "$@"; do
        [ "$word" = = ] && continue
        case $options in *"|$previous|"*) found=$word;; esac
        case $word in --*=*) case $options in *"|${word%%=*}|"*) found=${word#*=};; esac;; esac
        previous=$word
    done
    case $found in "~/"*) found=$HOME/${found#*/};; esac
    printf '%s' "$found"
}

_snf_site_conf() {
    local named
    named=$(_snf_value '|-c|--site|' "$@")
    printf '%s' "${named:-${SNF_UPGRADE_SITE:-/etc/snf-upgrade/site.conf}}"
}

_snf_nodes() {
    sed -n '/^[[:space:]]*\[[[:space:]]*nodes[[:space:]]*\]/,/^[[:space:]]*\[[^[]/ {
        s/^[[:space:]]*\[\[[[:space:]"]*\([^]"]*[^]"[:space:]]\)[[:space:]"]*\]\].*/\1/p
        }' "$(_snf_site_conf "$@")" 2>/dev/null | _snf_plain
}

_snf_mapped() {
    # NODE= of each node, for the machine that takes its place.
    _snf_nodes "$@" | sed 's/$/=/'
}

_snf_backup_dir() {
    local named
    named=$(_snf_value '|--backup-dir|' "$@")
    [ -n "$named" ] || named=$(sed -n '/^[[:space:]]*\[/q
        s/^[[:space:]]*backup_dir[[:space:]]*=[[:space:]"]*\([^"#]*[^"#[:space:]]\).*/\1/p' \
        "$(_snf_site_conf "$@")" 2>/dev/null)
    printf '%s' "${named:-/var/backups/snf-upgrade}"
}

_snf_full_sets() {
    ls -1 "$(_snf_backup_dir "$@")" 2>/dev/null | grep '^[0-9]\{8\}T[0-9]\{6\}Z-' | _snf_plain
}

_snf_labels() {
    _snf_full_sets "$@" | sed 's/^[^-]*-//' | sort -u
}

_snf_sets() {
    echo latest
    _snf_labels "$@"
    _snf_full_sets "$@"
}

_snf_databases() {
    find "$(_snf_backup_dir "$@")/" -mindepth 2 -maxdepth 2 -type d 2>/dev/null \
        | sed 's,.*/,,' | _snf_plain | sort -u
}

_snf_node_steps() {
    # STEP.NODE of each step in $1 that is made on single nodes.
    local steps=$1 node
    shift
    _snf_nodes "$@" | while read -r node; do
        printf '%s\n' "$steps" | tr ' ' '\n' | sed "s/\$/.$node/"
    done
}
