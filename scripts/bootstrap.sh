#!/usr/bin/env bash
# Creates .venv and installs exactly what a lock file names, verified by its hashes.
#
#   scripts/bootstrap.sh run    what `make run` needs
#   scripts/bootstrap.sh dev    that, and what tests and checks need
#
# Needs bash and a Python >= 3.11 (on Debian with python3-venv): uv comes from requirements/bootstrap.txt. A second call finds its stamp and does nothing.
# Concurrent calls wait for each other. PYTHON=/path/to/python3 chooses another interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

want=${1:?usage: scripts/bootstrap.sh run|dev}
venv=$PWD/.venv
stamp=$venv/.installed

fail() { # an error message: what is wrong, and what to do
  echo "draft-queen: $*" >&2
  exit 1
}

# The checkout belongs to the host, and so does its .venv: its interpreter does not exist in the container, and vice versa.
[[ -z ${DRAFT_QUEEN_CONTAINER:-} ]] ||
  fail "the dev container has its packages in /opt/venv and make uses them: there is nothing to install. The .venv of this checkout belongs to the host: create it there."

sha256() { # macOS before version 15 has no sha256sum
  if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

# What an installed set depends on: its lock, the tool, the project's metadata (the part of pyproject.toml before the
# tools' settings), and the folder, because a venv cannot be moved.
fingerprint() {
  {
    cat "requirements/$1.txt" requirements/bootstrap.txt
    sed '/^\[tool\./,$d' pyproject.toml
    cat devloop/pyproject.toml
    echo "$venv"
  } | sha256 | cut -c1-64
}

installed() { # dev contains run, so a checkout that is tested is not reinstalled to be run
  # -x follows the link: the interpreter may be gone, or in a folder that only the creator of the environment may read
  [[ -x $venv/bin/dq && -x $venv/bin/python && -r $stamp ]] || return 1
  local have
  read -r have <"$stamp"
  [[ $have == "dev $(fingerprint dev)" ]] || [[ $have == "$want $(fingerprint "$want")" ]]
}

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.14 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  fail "Python 3.11 or newer is needed and $(python3 --version 2>/dev/null || echo none) was found; install it" \
    "(Debian: apt install python3 python3-venv) or name one: make run PYTHON=/path/to/python3."
}

make_venv() { # make_venv <python> <log>
  if [[ -x $venv/bin/python && -x $venv/bin/uv ]] && grep -qxF "$venv" "$venv/.made-for" 2>/dev/null; then
    return
  fi
  [[ ! -e $venv || -w $venv ]] ||
    fail "the environment $venv belongs to another user and does not work for you: have its owner remove it (rm -r .venv), or use your own checkout."
  rm -rf "$venv"
  "$1" -m venv --without-pip "$venv" 2>"$2" || # uv does its work
    fail "the environment $venv could not be created: check the free space, the folder's permissions, and that Python is complete (Debian: apt install python3-venv)."
  get_uv "$1" >"$2" 2>&1 || explain "$2"
  echo "$venv" >"$venv/.made-for"
}

# Install the locked uv, which pip downloads once for all checkouts: it is cached, so that later checkouts do not need a network.
get_uv() { # get_uv <python>
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/draft-queen index=${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-}} python=$1 kept
  kept=$cache/uv-$(uname -sm | tr ' ' -)-$(sha256 requirements/bootstrap.txt | cut -c1-12)
  if [[ ! -x $kept ]]; then
    if ! "$python" -m pip --version >/dev/null 2>&1; then # as in a Debian with python3-venv alone
      "$python" -m venv "$venv/pip" || return
      python=$venv/pip/bin/python
    fi
    PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 "$python" -m pip install --quiet --disable-pip-version-check --retries 1 --no-deps --no-compile \
      --only-binary :all: --require-hashes ${index:+--index-url "$index"} --target "$venv/uv" --requirement requirements/bootstrap.txt || return
    mkdir -p "$cache" && cp "$venv/uv/bin/uv" "$kept.$$" && mv "$kept.$$" "$kept" || return
    rm -rf "$venv/uv" "$venv/pip"
  fi
  cp "$kept" "$venv/bin/uv"
}

# Users usually have pip configured (a company's index, a proxy's certificate); let uv use the same settings.
adopt_pip_settings() { # adopt_pip_settings <python>
  local index
  if [[ -z ${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-} ]]; then
    index=$("$1" -m pip config get global.index-url 2>/dev/null || echo "${PIP_INDEX_URL:-}")
    [[ -z $index ]] || export UV_DEFAULT_INDEX=$index
  fi
  export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}
}

sync() { # sync <set> [options...]
  # `pip sync` takes this project out first, and dq with it: let it find the packages installed, so that a running `make run` can be used meanwhile.
  "$venv/bin/uv" pip install --no-deps --require-hashes --requirement "requirements/$1.txt" "${@:2}" &&
    "$venv/bin/uv" pip sync --require-hashes "requirements/$1.txt" "${@:2}"
}

install() {
  local set=$want log python
  # Never remove the development tools once they are installed.
  ! grep -q '^dev ' "$stamp" 2>/dev/null || set=dev
  python=$(find_python) || exit 1
  echo "draft-queen: installing the locked packages ($set) into .venv; the first time they are downloaded ..." >&2
  log=$(mktemp)
  adopt_pip_settings "$python"
  make_venv "$python" "$log"
  rm -f "$stamp" "$log"
  log=$venv/bootstrap.log
  export PYTHONDONTWRITEBYTECODE='' UV_COMPILE_BYTECODE=1 UV_NO_PROGRESS=1 UV_LINK_MODE=${UV_LINK_MODE:-} VIRTUAL_ENV=$venv
  [[ -n $UV_LINK_MODE ]] || UV_LINK_MODE=$(link_mode)
  {
    # Without a network everything may still be in the cache.
    { sync "$set" || sync "$set" --offline; } &&
      "$venv/bin/uv" pip install --quiet --no-deps --no-index --editable . --editable ./devloop
  } >"$log" 2>&1 || explain "$log"
  echo "$set $(fingerprint "$set")" >"$stamp"
}

# Hard links from uv's cache are quickest, but only within one file system; anything else copies quietly.
link_mode() {
  local cache
  cache=$("$venv/bin/uv" cache dir 2>/dev/null) || cache=${XDG_CACHE_HOME:-$HOME/.cache}
  mkdir -p "$cache" 2>/dev/null || true
  if [[ $(stat -c %d "$cache" 2>/dev/null) == "$(stat -c %d "$venv")" ]]; then echo hardlink; else echo copy; fi
}

explain() { # print the end of the log, then the error message
  tail -n 15 "$1" >&2
  if grep -qiE 'no space left|disk quota' "$1"; then
    fail "the disk is full: free about 700 MB under $PWD and start again."
  elif grep -qiE 'certificate' "$1"; then
    fail "the package index has a certificate that this machine does not trust: install your network's root certificate" \
      "(Debian: ca-certificates, update-ca-certificates), or name it in SSL_CERT_FILE."
  elif grep -qiE 'failed to fetch|error sending request|dns error|name resolution|timed out|unreachable|connection (refused|broken)|new connection|not known|proxyerror' "$1"; then
    fail "the package index cannot be reached: check the network or proxy, or name a reachable index with UV_DEFAULT_INDEX and PIP_INDEX_URL."
  elif grep -qiE 'hash' "$1"; then
    fail "a downloaded package is not the one that was locked: clear the cache (rm -r ~/.cache/uv ~/.cache/pip ~/.cache/draft-queen) and start again."
  fi
  fail "the packages could not be installed; the whole log is in $1."
}

if installed; then exit 0; fi
exec 9>"$PWD/.bootstrap.lock" || fail "the folder $PWD cannot be written: use a checkout that belongs to you."
if command -v flock >/dev/null && ! flock --nonblock 9; then
  echo "draft-queen: waiting for another installation in this checkout to finish ..." >&2
  flock 9
fi
if installed; then exit 0; fi
install
