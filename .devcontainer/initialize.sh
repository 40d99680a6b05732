#!/usr/bin/env bash
# The dev container's first step, on the host: what `make up` does before it starts anything.
# With Windows line ends bash takes a carriage return into the last word of every line; the # at the end of this one keeps it out of here.
if LC_ALL=C grep -q "$(printf '\r')" "$0"; then echo "draft-queen: this checkout has Windows line ends: run 'git config core.autocrlf input', then 'git rm --cached -rq . && git reset --hard' (uncommitted edits are lost)." >&2; exit 1; fi #
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

exec bash scripts/stack.sh check
