# Bash sources this file before it runs a block of a submission, so that blocks on a node share a shell's memory as in a
# terminal. It restores what earlier blocks have saved in $__labs_state, and saves it when the shell ends, in
# $__labs_state.new, because a shell may be killed while it writes. Everything here is a builtin, because each process is
# expensive in user-mode Linux. The file belongs to the submission: if it is damaged, the block runs without it.
builtin unset BASH_ENV

# If what was saved ends the shell, run the block without it. The time limit sends SIGTERM, which must not do that.
builtin trap 'builtin exec bash -c "$BASH_EXECUTION_STRING"' EXIT
builtin trap 'builtin trap - EXIT; builtin exit 143' TERM
builtin shopt -s expand_aliases
if [[ -f $__labs_state ]]; then
    builtin source "$__labs_state" >/dev/null 2>&1
fi
builtin trap - EXIT TERM

__labs_failure=''
__labs_save() {
    local __labs_status=$? __labs_name __labs_names=()
    # Without braces and globs: the block may have turned them off.
    for __labs_name in "${!a@}" "${!b@}" "${!c@}" "${!d@}" "${!e@}" "${!f@}" "${!g@}" "${!h@}" "${!i@}" "${!j@}" \
        "${!k@}" "${!l@}" "${!m@}" "${!n@}" "${!o@}" "${!p@}" "${!q@}" "${!r@}" "${!s@}" "${!t@}" "${!u@}" "${!v@}" \
        "${!w@}" "${!x@}" "${!y@}" "${!z@}" "${!A@}" "${!B@}" "${!C@}" "${!D@}" "${!E@}" "${!F@}" "${!G@}" "${!H@}" \
        "${!I@}" "${!J@}" "${!K@}" "${!L@}" "${!M@}" "${!N@}" "${!O@}" "${!P@}" "${!Q@}" "${!R@}" "${!S@}" "${!T@}" \
        "${!U@}" "${!V@}" "${!W@}" "${!X@}" "${!Y@}" "${!Z@}" "${!_@}"; do
        case $__labs_name in
            # Bash maintains these itself, and some of them are read-only.
            _ | __labs_* | BASH | BASHOPTS | BASHPID | BASH_* | COMP_* | DIRSTACK | EPOCH* | EUID | FUNCNAME | GROUPS) ;;
            HISTCMD | LINENO | OLDPWD | OPTERR | OPTIND | PIPESTATUS | PPID | PWD | RANDOM | SECONDS | SHELLOPTS) ;;
            SHLVL | SRANDOM | UID) ;;
            *) __labs_names+=("$__labs_name") ;;
        esac
    done
    {
        builtin printf '# %s\n' "${__labs_failure//$'\n'/ }"
        builtin printf '__labs_folder=%q\n' "$PWD"
        builtin umask -p
        builtin shopt -p
        # Function bodies contain expanded aliases, so aliases must not be expanded once more when they are read.
        builtin printf 'builtin shopt -u expand_aliases\n'
        builtin declare -p "${__labs_names[@]}"
        builtin alias -p
        builtin declare -f
        builtin declare -Fx
        for __labs_name in allexport braceexpand keyword noclobber noglob nounset physical pipefail; do
            [[ -o $__labs_name ]] && builtin printf 'builtin set -o %s\n' "$__labs_name" ||
                builtin printf 'builtin set +o %s\n' "$__labs_name"
        done
        if builtin shopt -q expand_aliases; then
            builtin printf 'builtin shopt -s expand_aliases\n'
        fi
        builtin printf '# end\n'
    } >|"$__labs_state.new"
    # A block that failed and then went on has still failed.
    if [[ $__labs_failure ]]; then
        builtin exit "${__labs_failure%% *}"
    fi
    builtin return "$__labs_status"
} 2>/dev/null

if [[ $__labs_continue == 1 && ${__labs_folder-} ]]; then
    builtin cd -- "$__labs_folder"
fi
builtin trap '{ __labs_failure=${__labs_failure:-"$? $LINENO $BASH_COMMAND"}; } 2>/dev/null' ERR
builtin trap '{ builtin trap "" TERM; __labs_save; } 2>/dev/null' EXIT
