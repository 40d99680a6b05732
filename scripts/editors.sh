#!/usr/bin/env bash
# Installs the editor that `make test-editors` drives: code-server, which is VS Code in a browser, in the user's cache and outside of every checkout.
#
#   scripts/editors.sh         check the requirements of the machine, then install; fast the second time
#   scripts/editors.sh path    print the folder of the installation, whether it exists or not
#
# code-server and all its dependencies have fixed versions: its package contains its lock files, and its hash is below. No script of a package
# runs, apart from the compilation of the native modules that the server loads.
set -euo pipefail

version=4.100.3
integrity=sha512-q/Fh2DOxCRNhC/WiG/6sAhSKnj7ZACTVBaeeZ+rWjol//0FCbl/qg1ln5ecZ99jYcfqMxZZAyWcN+YBIo0DgpA==
node_major=20 # required by this version

editors=${XDG_CACHE_HOME:-$HOME/.cache}/draft-queen/editors
target=$editors/code-server-$version

fail() {
  echo "draft-queen: $*" >&2
  exit 1
}

check_machine() {
  local command missing=() chromium
  [[ $(uname) == Linux ]] || fail "the tests with real editors need Linux, as the development loop does."
  for command in node npm python3 make g++ emacs flock; do
    command -v "$command" >/dev/null || missing+=("$command")
  done
  chromium=$(command -v chromium chromium-browser google-chrome google-chrome-stable | head -n 1) || true
  [[ -n $chromium ]] || missing+=(chromium)
  ((${#missing[@]} == 0)) ||
    fail "the tests with real editors need ${missing[*]}; install them (Debian: apt install g++ make chromium emacs-nox elpa-dap-mode, and Node.js $node_major)."
  [[ $(node --version) == "v$node_major."* ]] ||
    fail "code-server $version needs Node.js $node_major and \`node\` is $(node --version); put version $node_major first in PATH."
  emacs --batch --no-init-file --funcall package-initialize --eval "(require 'dap-mode)" >/dev/null 2>&1 ||
    fail "Emacs has no dap-mode; install it (Debian: apt install elpa-dap-mode)."
}

# The headers that belong to this Node.js; without them node-gyp downloads them.
use_own_headers() {
  local prefix
  prefix=$(node -p 'require("path").resolve(process.execPath, "../..")')
  if [[ -f $prefix/include/node/node.h ]]; then export npm_config_nodedir=$prefix; fi
}

install_code_server() { # install_code_server <folder>
  local server=$1/node_modules/code-server quiet=(--ignore-scripts --omit=dev --no-fund --no-audit --loglevel=error)
  echo '{"private": true}' >"$1/package.json"
  (cd "$1" && npm install "${quiet[@]}" --save-exact "code-server@$version")
  grep -qF "\"integrity\": \"$integrity\"" "$1/node_modules/.package-lock.json" ||
    fail "the downloaded code-server $version is not the one whose hash is in scripts/editors.sh; it was not installed."
  # Not `npm ci`: the lock file lacks a peer dependency that this package names.
  (cd "$server/lib/vscode" && npm install "${quiet[@]}")
  use_own_headers
  # The modules that the server loads when it starts. The others are for terminals, desktops and proxies that use Kerberos.
  (cd "$1" && npm_config_build_from_source=true npm rebuild --no-fund --loglevel=error argon2)
  (cd "$server/lib/vscode" && npm rebuild --no-fund --loglevel=error @vscode/spdlog native-watchdog)
  # As code-server's own script does: modules are resolved under this name as well.
  ln -s node_modules "$server/lib/vscode/node_modules.asar"
  node "$server/out/node/entry.js" --version >/dev/null
}

# Remove an unfinished installation, and say what to check after a failure.
finish() {
  local status=$?
  rm -rf "$unfinished"
  ((status == 0)) ||
    fail "code-server $version could not be installed: check the network, npm's registry and the C++ compiler. The log above is also in $log."
}

case ${1:-install} in
path) echo "$target" ;;
install)
  check_machine
  mkdir -p "$editors" || fail "cannot write to $editors; make it writable or set XDG_CACHE_HOME."
  exec 9>"$editors/.lock"
  flock 9
  if [[ -d $target ]]; then exit 0; fi
  echo "draft-queen: installing code-server $version in $editors; this takes a minute and needs a network ..." >&2
  unfinished=$(mktemp -d "$editors/unfinished.XXXXXX")
  log=$editors/install.log
  trap finish EXIT
  install_code_server "$unfinished" 2>&1 | tee "$log" >&2
  mv "$unfinished" "$target"
  ;;
*) fail "usage: scripts/editors.sh [path]" ;;
esac
