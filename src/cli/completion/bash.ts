/** For bash 3.2 and later; needs no bash-completion. */
export const BASH_SCRIPT = `# Completion of pssh-ts for bash; made by: pssh-ts completion bash
_pssh_ts() {
  local IFS=$' \\t\\n' line=\${COMP_LINE:0:COMP_POINT} words=() part trimmed index
  # bash cuts words at = : @ too: what stood together is put together again.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    part=\${COMP_WORDS[index]}
    trimmed=\${line#"\${line%%[![:space:]]*}"}
    ((index == COMP_CWORD)) && part=$trimmed
    if ((index > 0)) && [[ $trimmed == "$line" ]]; then
      words[\${#words[@]}-1]+=$part
    else
      words+=("$part")
    fi
    line=\${trimmed#"$part"}
  done
  local kind='' before='' skip='' typed='' each found=()
  COMPREPLY=()
  {
    IFS= read -r kind && IFS= read -r before && IFS= read -r skip && IFS= read -r typed
    while IFS= read -r each; do COMPREPLY+=("$each"); done
  } < <(command pssh-ts __complete bash "$COMP_WORDBREAKS" "\${words[@]:1}" 2>/dev/null)
  case $kind in
    list) compopt -o nospace 2>/dev/null ;;
    files | folders)
      [[ $kind == files ]] && kind=-f || kind=-d
      compopt -o filenames 2>/dev/null
      while IFS= read -r each; do
        # Behind other text bash would not see that it is a folder.
        if [[ -n $before$skip && $before$skip != 0 && -d \${each/#\\~/$HOME} ]]; then
          each+=/
          compopt -o nospace 2>/dev/null
        fi
        each=$before$each
        COMPREPLY+=("\${each:skip}")
      done < <(compgen "$kind" -- "$typed")
      ;;
  esac
}
complete -F _pssh_ts pssh-ts
`;
