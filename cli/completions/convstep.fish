# Completion of convstep for fish. The command itself knows its words; ":files" among them asks for names of files.
function __convstep_words
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    for line in (command convstep __complete $typed[2..-1] "$current" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c convstep -f -a '(__convstep_words)'
