# shellcheck shell=bash
# Record the end of a command line. PS0 puts this into the array PROMPT_COMMAND before each line, at an index that no
# assignment to the variable changes, so bash runs it before each prompt.
# Before the prompt of a continued line, PS2 records an event `more`, so that each line is answered by an event.
{
    labs_status=$?
    if [[ -e $LABS_RECORD.before ]]; then
        # On other file systems too: /tmp is one, and so are /etc/hosts and /etc/hostname.
        find / \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /var/lib -o -path /var/log \
            -o -path /var/cache \) -prune -o \
            -type f -newer "$LABS_RECORD.before" -size -513k ! -name '.*.sw?' ! -name '.viminfo*' ! -name '.bash_history' \
            ! -path '*/.local/share/*' ! -path '*/.cache/*' -print0 |
            while IFS= read -r -d '' labs_path; do
                printf 'file\x1f%s\x1f%s\x1f%s\x1e\n' "$$" "$labs_path" "$(base64 --wrap=0 "$labs_path")"
            done >>"$LABS_RECORD"
        rm -f "$LABS_RECORD.before"
    fi
    printf 'end\x1f%s\x1f%s\x1f%s\x1e\n' "$$" "$EPOCHREALTIME" "$labs_status" >>"$LABS_RECORD"
    unset labs_status
    # The record needs each line as it was typed, whatever the learner has set meanwhile.
    [[ ${PS0-} == *LABS_RECORD_START* ]] || export PS0=$LABS_RECORD_HOOK${PS0-}
    [[ ${PS2-} == *LABS_RECORD_MORE* ]] || export PS2='$(eval "$LABS_RECORD_MORE")'"${PS2-}"
    shopt -s cmdhist lithist promptvars
    HISTCONTROL='' HISTIGNORE=''
    [[ ${HISTSIZE-500} == [0-9] ]] && HISTSIZE=500
    :
} 2>/dev/null
