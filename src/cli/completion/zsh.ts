/** As a file named _pssh-ts in fpath, or sourced. */
export const ZSH_SCRIPT = `#compdef pssh-ts
# Completion of pssh-ts for zsh; made by: pssh-ts completion zsh
_pssh-ts() {
  local -a lines names described
  local line
  lines=("\${(@f)$(command pssh-ts __complete zsh "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  local kind=\${lines[1]} before=\${lines[2]}
  [[ -n $kind ]] || return 1
  compset -p "$before"
  case $kind in
    files) _files; return ;;
    folders) _files -/; return ;;
  esac
  for line in "\${(@)lines[3,-1]}"; do
    names+=("\${line%%$'\\t'*}")
    described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (($#names)) || return 1
  if [[ $kind == list ]]; then
    # A comma or an operator takes the blank's place.
    compadd -S ' ' -r ' ,!&^' -a names
  else
    _describe -t values value described
  fi
}
if [[ \${funcstack[1]} == _pssh-ts ]]; then
  _pssh-ts "$@"
else
  compdef _pssh-ts pssh-ts
fi
`;
