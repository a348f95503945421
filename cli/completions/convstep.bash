# Completion of convstep for bash. The command itself knows its words; ":files" among them asks for names of files.
_convstep() {
  local IFS=$'\n' current=${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  while read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      COMPREPLY+=($(compgen -f -- "$current"))
    else
      COMPREPLY+=("$line")
    fi
  done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _convstep convstep
