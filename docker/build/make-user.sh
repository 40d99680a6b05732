#!/usr/bin/env bash
# Creates the developer's user in the dev image, with the ids of the owner of the checkout on the host.
# usage: make-user.sh NAME UID GID
set -euo pipefail

name=$1 uid=$2 gid=$3
[[ $uid =~ ^[0-9]+$ && $gid =~ ^[0-9]+$ ]] || {
  echo "HOST_UID=$uid and HOST_GID=$gid must be numbers: run 'make up', which writes them into .env." >&2
  exit 1
}
# -o: the host's ids may be taken here. Root on the host (or a rootless engine, where it is the caller) works the same way.
groupadd --non-unique --gid "$gid" "$name"
useradd --non-unique --uid "$uid" --gid "$gid" --create-home --shell /bin/bash "$name"
# Volumes take over owner and mode of what they cover at their first use.
install -d -o "$uid" -g "$gid" -m 0755 "/home/$name/.history" "/home/$name/.vscode-server" "/home/$name/.cache"
install -d -o "$uid" -g "$gid" -m 0777 /var/lib/draft-queen
install -d -o "$uid" -g "$gid" /workspace
# History survives the container, written at every prompt; git trusts the mounted checkout regardless of its owner.
cat >>"/home/$name/.bashrc" <<'RC'
PROMPT_COMMAND="history -a; ${PROMPT_COMMAND:-}"
HISTSIZE=100000 HISTFILESIZE=100000
PS1='\[\e[35m\]draft-queen\[\e[0m\] \w \$ '
RC
git config --system --add safe.directory '*'
# Other worktrees of the repository lie outside of the container: Git's cleaning would forget them.
git config --system gc.worktreePruneExpire never
