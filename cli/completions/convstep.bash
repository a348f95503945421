# Completion of convstep for bash. The command itself knows its words; ":files" among them asks for names of files.
_convstep() {
  # bash takes words apart at = and :, which may stand within ours: --stride=2, layer.npz:W.
  local words=() word joined=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ ${#words[@]} -gt 0 && ($word =~ ^[=:]+$ || $joined) ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    [[ $word =~ ^[=:]+$ ]] && joined=yes || joined=
  done
  # What is completed is what follows the last of them.
  local current=${words[-1]} before= breaks=${COMP_WORDBREAKS//[^=:]/}
  [[ $breaks && $current == *[$breaks]* ]] && before=${current%"${current##*[$breaks]}"}
  local option=
  [[ $current == --*=* ]] && option=${current%%=*}=
  local IFS=$'\n' line file
  COMPREPLY=()
  while read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      for file in $(compgen -f -- "${current#"$option"}"); do
        file=$option$file
        COMPREPLY+=("${file#"$before"}")
      done
    else
      COMPREPLY+=("${line#"$before"}")
    fi
  done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${words[@]}" 2>/dev/null)
}
complete -F _convstep convstep
