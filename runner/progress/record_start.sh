# shellcheck shell=bash
# Record a command line before it runs. `labs shell` puts this into PS0, so bash runs it in a subshell.
# The shell's history has the line at this moment, before a command can remove it, and `record_end.sh` resets what would
# keep it out. Where the learner has turned the history off, the number is empty, and the keystrokes have to do.
labs_previous_status=$?
{
    labs_number='' labs_line=''
    labs_entry=$(HISTTIMEFORMAT='' builtin history 1)
    if [[ -o history && $labs_entry =~ ^\ *([0-9]+)[*\ ]\ (.*)$ ]]; then
        labs_number=${BASH_REMATCH[1]} labs_line=${BASH_REMATCH[2]}
    fi
    set -f
    if [[ $labs_line =~ (^|[^[:alnum:]_-])(vi|vim|vim.tiny|nvim|nano|pico|emacs|ed|mcedit|micro|joe|editor|edit)($|[^[:alnum:]_-]) ]]; then
        : >"$LABS_RECORD.before"
    fi
    if [[ $labs_line == *docker* ]]; then
        labs_count=0 labs_seen=' '
        for labs_word in ${labs_line//[^[:alnum:]_.:-]/ }; do
            # Identifiers have digits and letters; the engine invents names such as silly_euler1 and web.1.x7k2.
            [[ $labs_word =~ ^[0-9a-f]{3,64}$|^[0-9a-z]{4,25}$|^[a-z]+_[a-z]+[0-9]?$|^[[:alnum:]_.-]+\.[0-9a-z]+\.[0-9a-z]{25}$ ]] || continue
            [[ $labs_word =~ [0-9] && $labs_word =~ [a-z] || $labs_word == *_* ]] || continue
            [[ $labs_word =~ ^[a-z]{3,}[0-9]{1,3}$ || $labs_seen == *" $labs_word "* ]] && continue
            labs_seen+="$labs_word "
            ((labs_count++ < 6)) || break
            labs_details=$(timeout 5 docker inspect -- "$labs_word" </dev/null | base64 --wrap=0) || continue
            printf 'object\x1f%s\x1f%s\x1f%s\x1e\n' "$$" "$labs_word" "$labs_details" >>"$LABS_RECORD"
        done
    fi
    printf 'start\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s\x1e\n' "$$" "$EPOCHREALTIME" "$labs_number" \
        "$labs_previous_status" "$PWD" "$labs_line" >>"$LABS_RECORD"
} 2>/dev/null
