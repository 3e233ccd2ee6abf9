# shellcheck shell=bash
# Record the end of a command line. `labs shell` puts this into PROMPT_COMMAND, so bash runs it before each prompt.
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
    shopt -s cmdhist lithist
    HISTCONTROL='' HISTIGNORE=''
    [[ ${HISTSIZE-500} == [0-9] ]] && HISTSIZE=500
    :
} 2>/dev/null
