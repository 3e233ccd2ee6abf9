# shellcheck shell=bash
# Record a command line before it runs. `labs shell` puts this into PS0, so bash runs it in a subshell.
# The shell's history has the line at this moment, before a command can remove it, and `record_end.sh` resets what would
# keep it out. Where the learner has turned the history off, and in a new shell that keeps lines out of it, the number is
# empty, and the keystrokes have to do.
labs_previous_status=$?
{
    labs_number='' labs_line=''
    labs_entry=$(HISTTIMEFORMAT='' builtin history 1)
    if [[ -o history && -z ${HISTIGNORE-} && ${HISTCONTROL-} != *@(ignorespace|ignoreboth)* && $labs_entry =~ ^\ *([0-9]+)[*\ ]\ (.*)$ ]]; then
        labs_number=${BASH_REMATCH[1]} labs_line=${BASH_REMATCH[2]}
    fi
    set -f
    if [[ $labs_line =~ (^|[^[:alnum:]_-])(vi|vim|vim.tiny|nvim|nano|pico|emacs|ed|mcedit|micro|joe|editor|edit)($|[^[:alnum:]_-]) ]]; then
        : >"$LABS_RECORD.before"
    fi
    labs_docker=''
    [[ $labs_line == *docker* ]] && labs_docker=1
    for labs_word in "${!BASH_ALIASES[@]}"; do
        [[ ${BASH_ALIASES[$labs_word]} == *docker* && " ${labs_line//[^[:alnum:]_-]/ } " == *" $labs_word "* ]] && labs_docker=1
    done
    labs_end='($|[^[:alnum:]_-])' labs_verbs='rm|rmi|remove|kill|stop|start|restart|pause|unpause|wait|attach|inspect|logs|stats'
    labs_verbs+='|update|diff|export|history|cp|connect|disconnect|ps|promote|demote|scale|rollback|exec|rename|commit|port|top|tag'
    [[ $labs_docker && $labs_line =~ [[:space:]]($labs_verbs)$labs_end ]] && labs_docker=object
    labs_words=()
    for labs_word in ${labs_line//[^[:alnum:]_.-]/ }; do
        if [[ $labs_word =~ ^[0-9a-f]{12,64}$|^[0-9a-z]{25}$ && $labs_word =~ [0-9] && $labs_word =~ [a-z] ]]; then
            :
        elif [[ ! $labs_docker || $labs_word =~ ^($labs_verbs)$ ]]; then
            continue
        elif [[ $labs_docker == object && $labs_word =~ ^[0-9a-z]{2,4}$|^[0-9a-z]*[0-9][0-9a-z]*$ ]]; then
            # The first characters of an identifier, where a command expects one.
            :
        elif [[ $labs_word =~ ^[a-z]+_[a-z]+[0-9]?$|^[[:alnum:]_.-]+\.[0-9a-z]+\.[0-9a-z]{25}$ ]]; then
            # The engine invents names such as silly_euler1 and web.1.x7k2.
            :
        elif [[ ! ($labs_word =~ ^[0-9a-z]{4,25}$ && $labs_word =~ [0-9] && $labs_word =~ [a-z]) || $labs_word =~ ^[a-z]{3,}[0-9]{1,3}$ ]]; then
            continue
        fi
        labs_words+=("$labs_word")
    done
    if ((${#labs_words[@]})); then
        labs_details=$(timeout 5 docker inspect -- "${labs_words[@]:0:32}" </dev/null | base64 --wrap=0)
        [[ $labs_details ]] && printf 'objects\x1f%s\x1f%s\x1f%s\x1e\n' "$$" "${labs_words[*]}" "$labs_details" >>"$LABS_RECORD"
    fi
    printf 'start\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s\x1e\n' "$$" "$EPOCHREALTIME" "$labs_number" \
        "$labs_previous_status" "$PWD" "$labs_line" >>"$LABS_RECORD"
} 2>/dev/null
