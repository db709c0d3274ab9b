/** As ~/.config/fish/completions/pssh-ts.fish, or sourced. */
export const FISH_SCRIPT = `# Completion of pssh-ts for fish; made by: pssh-ts completion fish
function __pssh_ts_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l lines (command pssh-ts __complete fish $words "$current" 2>/dev/null)
    set -q lines[1]; or return
    switch $lines[1]
        case files
            for each in (__fish_complete_path "$lines[3]")
                printf '%s%s\\n' "$lines[2]" $each
            end
        case folders
            for each in (__fish_complete_directories "$lines[3]" '')
                printf '%s%s\\n' "$lines[2]" $each
            end
        case '*'
            set -q lines[4]; and printf '%s\\n' $lines[4..-1]
    end
end
complete -c pssh-ts -e
complete -c pssh-ts -f -a '(__pssh_ts_complete)'
`;
