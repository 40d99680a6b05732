#!/usr/bin/env bash
# Compiles the lock files in requirements/ from pyproject.toml: hashed, for every platform, naming no index.
# dev.txt is resolved first and constrains the others, so that a package has the same version everywhere.
#   scripts/lock.sh            keep what is locked, add new requirements of pyproject.toml
#   scripts/lock.sh --upgrade  take the newest versions (accepts any option of `uv pip compile`)
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/bootstrap.sh run # for uv itself
uv=.venv/bin/uv
compile() { # compile <lock> <input> [options...]
  local lock=requirements/$1 input=$2
  shift 2
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --no-header --annotation-style line --no-emit-package asgi-devloop "$input" --output-file "$lock" "$@"
  echo "$lock: $(grep -c '==' "$lock") packages"
}

compile bootstrap.txt requirements/bootstrap.in "$@"
compile dev.txt pyproject.toml --extra pipeline --extra embedded --extra dev "$@"
same=(--constraint requirements/dev.txt)
compile runtime.txt pyproject.toml "${same[@]}"
compile pipeline.txt pyproject.toml --extra pipeline "${same[@]}"
compile run.txt pyproject.toml --extra pipeline --extra embedded "${same[@]}"
compile peers.txt requirements/peers.in "${same[@]}"
compile matrix.txt requirements/matrix.in "${same[@]}"

if grep -nE '://|^(-i|-f|--(index|extra-index|find-links|trusted-host))|(^|[[:space:]])/[a-z]' requirements/*.txt; then
  echo "The lines above name a host or a path of this machine, which lock files must not." >&2
  exit 1
fi
