#!/usr/bin/env bash
# Installs the libraries with which the development loop is tested (requirements/matrix.txt), separate from .venv:
# in the user's cache, one environment for each lock and Python.
#
#   scripts/matrix.sh          install them; a second call does nothing. Without a network it says so, and the tests are skipped
#   scripts/matrix.sh torch    add PyTorch, which is not locked: its build for graphics cards takes gigabytes. UV_FIND_LINKS or UV_DEFAULT_INDEX
#                              can name an index with a smaller build; `scripts/matrix.sh torch torch==2.13.0+cpu` requests exactly that
#   scripts/matrix.sh path     print the folder of the environment, whether it exists or not
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=.venv/bin/python uv=.venv/bin/uv
if [[ -n ${DRAFT_QUEEN_CONTAINER:-} ]]; then python=/opt/venv/bin/python uv=uv; fi
kind=$("$python" -c 'import sys, sysconfig; print(f"{sys.version_info.major}.{sys.version_info.minor}-{sysconfig.get_platform()}")')
matrix=${XDG_CACHE_HOME:-$HOME/.cache}/draft-queen/matrix
target=$matrix/$kind-$(sha256sum requirements/matrix.txt | cut -c1-12)

explain() { # explain LOG
  tail -n 5 "$1" >&2
  echo "draft-queen: the libraries of the compatibility tests could not be installed in $target, so these tests are skipped;" \
    "check the network and the free disk space (500 MB), then run: make test-loop" >&2
}

install() {
  mkdir -p "$matrix" || return 0 # the tests report that nothing is installed
  exec 9>"$matrix/.lock"
  ! command -v flock >/dev/null || flock 9
  if [[ -x $target/bin/python && -e $target/.complete ]]; then return; fi
  echo "draft-queen: installing the libraries of the compatibility tests in $target; the first time they are downloaded ..." >&2
  local log=$matrix/install.log
  rm -rf "$matrix/$kind"-* # an older lock's
  export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1} UV_NO_PROGRESS=1 UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-}}
  [[ -n $UV_DEFAULT_INDEX ]] || unset UV_DEFAULT_INDEX
  {
    "$uv" venv --quiet --python "$(realpath "$python")" "$target" &&
      { VIRTUAL_ENV=$target "$uv" pip sync --require-hashes requirements/matrix.txt ||
        VIRTUAL_ENV=$target "$uv" pip sync --require-hashes --offline requirements/matrix.txt; } &&
      touch "$target/.complete"
  } >"$log" 2>&1 || explain "$log"
}

case ${1:-install} in
path) echo "$target" ;;
install) install ;;
torch)
  install
  VIRTUAL_ENV=$target "$uv" pip install "${2:-torch}"
  ;;
*) echo "draft-queen: usage: scripts/matrix.sh [torch|path]" >&2 && exit 2 ;;
esac
