# Completion of thumbery for fish, printed by: thumbery completion fish
function __thumbery_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l answer ($words[1] complete -- $words[2..] "$token" 2>/dev/null)
    set -l paths $answer[1]
    set -e answer[1]
    printf '%s\n' $answer
    set -l flag (string match -r '^--[^=]*=' -- $token)
    set -l path (string replace -r '^--[^=]*=' '' -- $token)
    switch "$paths"
        case files
            printf "$flag%s\n" (__fish_complete_path $path)
        case dirs
            printf "$flag%s\n" (__fish_complete_directories $path)
    end
end
complete -c thumbery -f -a '(__thumbery_complete)'
