#!/bin/sh
# Asks the ansible-inventory that is installed what it makes of every inventory in the golden folder.
# Not part of npm test: the answers are committed, with the version that gave them.
set -eu
cd "$(dirname "$0")/../test/unit/inventory/golden/ansible"
export ANSIBLE_CONFIG="$PWD/none.cfg" ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_NOCOLOR=1 LC_ALL=C.UTF-8
for file in *.ini *.yaml; do
  ansible-inventory -i "$file" --list >"$file.json"
done
ansible-inventory --version | { read -r first; echo "$first"; cat >/dev/null; } >VERSION
