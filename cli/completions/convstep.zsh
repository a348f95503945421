#compdef convstep
# Completion of convstep for zsh. The command itself knows its words; ":files" among them asks for names of files.
_convstep() {
  local -a lines
  lines=("${(@f)$(${(Q)words[1]} __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- "${(@)lines:#(|:files)}"
  if (( ${lines[(Ie):files]} )); then
    [[ ${words[CURRENT]} == --*=* ]] && compset -P '*='
    _files
  fi
}
if [[ ${funcstack[1]} == _convstep ]]; then
  _convstep "$@"
else
  compdef _convstep convstep
fi
