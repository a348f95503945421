# Completion of convstep for fish. The command itself knows its words; ":files" among them asks for names of files.
function __convstep_words
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    # Files are completed behind "--output=", in fish's own way, which knows quotes and backslashes.
    set -l option (string match -r -- '^--[^=]*=' "$current")
    set -l part (string replace -r -- '^--[^=]*=' '' "$current")
    for line in (command convstep __complete $typed[2..-1] "$current" 2>/dev/null)
        if test "$line" = :files
            for file in (complete -C "'' $part")
                echo "$option$file"
            end
        else
            echo $line
        end
    end
end
complete -c convstep -f -a '(__convstep_words)'
