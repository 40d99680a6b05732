#!/usr/bin/env bash
# Runs a tool of the project's environment: /opt/venv in the dev container, .venv everywhere else.
#
#   scripts/in_environment.sh ruff check
#
# For the Git hooks: one hook file serves both environments, whichever of them installed it, so it cannot contain either path.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tool=${1:?usage: scripts/in_environment.sh TOOL [ARGUMENT...]}
shift
bin=$PWD/.venv/bin
[[ -z ${DRAFT_QUEEN_CONTAINER:-} ]] || bin=/opt/venv/bin
# -x follows links: a .venv created by another machine or a container may have an interpreter that does not exist here.
if [[ ! -x $bin/python || ! -x $bin/$tool ]]; then
  if [[ $bin == *.venv/bin ]]; then
    todo="run 'make install', or commit without the checks: git commit --no-verify"
  else
    todo="rebuild the image, on the host: make up-d"
  fi
  echo "draft-queen: $tool is not installed in ${bin%/bin} or not for this machine: $todo." >&2
  exit 1
fi
exec "$bin/$tool" "$@"
