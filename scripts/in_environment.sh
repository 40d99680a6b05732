#!/usr/bin/env bash
# Runs a tool of the project's environment: /opt/venv in the dev container, .venv everywhere else.
#
#   scripts/in_environment.sh ruff check
#
# For the Git hooks: one hook file serves both sides, whichever of them installed it, so neither path may stand in it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tool=${1:?usage: scripts/in_environment.sh TOOL [ARGUMENT...]}
shift
bin=$PWD/.venv/bin
[[ -z ${DRAFT_QUEEN_CONTAINER:-} ]] || bin=/opt/venv/bin
# -x follows links: a .venv that another machine or a container has made may have an interpreter that does not exist here.
if [[ ! -x $bin/python || ! -x $bin/$tool ]]; then
  if [[ $bin == *.venv/bin ]]; then
    todo="run 'make install', or commit without the checks: git commit --no-verify"
  else
    todo="build the image again, on the host: make up-d"
  fi
  echo "draft-queen: $tool is not installed in ${bin%/bin} or not for this machine: $todo." >&2
  exit 1
fi
exec "$bin/$tool" "$@"
