# shellcheck shell=bash
# The part of .env that the compose files read. Sourced by stack.sh, clean.sh, secrets.sh and production.sh, in the checkout.
#
# .env is created from .env.example. Existing values are kept, except for the owner of the checkout and, when an instance is requested
# (INSTANCE=2), the name and ports of that instance.

fail() {
  echo "draft-queen: $*" >&2
  exit 1
}

checksum() { # checksum TEXT
  printf '%s' "$1" | { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; } | cut -c1-64
}

# Use the values of .env, not what some other project has left in the environment.
unset COMPOSE_PROJECT_NAME COMPOSE_FILE

readonly PORT_STEP=200 MOST_INSTANCES=20 # as in tools/compose_variables.py; a test compares them

env_value() { # env_value NAME [FILE]: the last value given, without quotes; as Compose reads it
  awk -v name="$1" '
    { line = $0; sub(/\r$/, "", line); sub(/^[ \t]*(export[ \t]+)?/, "", line) }
    index(line, name "=") == 1 {
      value = substr(line, length(name) + 2)
      if (value ~ /^\047[^\047]*\047/) value = substr(value, 2, index(substr(value, 2), "\047") - 1)
      else if (value ~ /^"[^"]*"/) value = substr(value, 2, index(substr(value, 2), "\"") - 1)
      else { sub(/[ \t]+#.*$/, "", value); sub(/[ \t]+$/, "", value) }
    }
    END { print value }' "${2:-.env}"
}

has_env_value() { # has_env_value NAME: succeed if .env has the name
  grep -qE "^[[:space:]]*(export[[:space:]]+)?$1=" .env
}

set_env_value() { # set_env_value NAME VALUE: in its place, or at the end
  local quoted=$2 new advice="choose another value"
  case $1 in CHECKOUT_DIR | GIT_*) advice="move the checkout" ;; esac
  [[ $2 != *"'"* && $2 != *$'\n'* ]] || fail "$1=$2 contains a ' or a line break, which .env cannot hold: $advice."
  [[ $2 =~ ^[A-Za-z0-9._/:-]*$ ]] || quoted="'$2'"
  new=$(mktemp .env.XXXXXX) || fail "the folder $PWD cannot be written: use a checkout that belongs to you."
  NAME=$1 VALUE=$quoted awk '
    { line = $0; sub(/^[ \t]*(export[ \t]+)?/, "", line) }
    index(line, ENVIRON["NAME"] "=") == 1 { if (!done) print ENVIRON["NAME"] "=" ENVIRON["VALUE"]; done = 1; next }
    { print }
    END { if (!done) print ENVIRON["NAME"] "=" ENVIRON["VALUE"] }' .env >"$new"
  # Write into the old file, so that its owner and mode stay.
  if ! cmp -s "$new" .env; then cat "$new" >.env; fi
  rm -f "$new"
}

owner_of() { # owner_of PATH: its user and group, as numbers; Linux and macOS spell the option differently
  stat -c '%u %g' "$1" 2>/dev/null || stat -f '%u %g' "$1"
}

# The owner of files that the containers create: the caller, or, when the caller is root (`sudo make up`), the owner of the checkout.
ids_for_containers() {
  if [[ $(id -u) == 0 ]]; then owner_of .; else echo "$(id -u) $(id -g)"; fi
}

# The .env of another user, usually root's after a `sudo`, would end every command with "Permission denied".
check_env_access() {
  local owner
  [[ -e .env ]] || return 0
  [[ ! -r .env || ! -w .env ]] || return 0
  owner=$(owner_of .env)
  owner=${owner%% *}
  [[ $owner != "$(id -u)" ]] || fail "you may not read and write .env: run 'chmod u+rw .env'."
  [[ $owner != 0 ]] || owner=root
  fail ".env belongs to user $owner and you are user $(id -u): take the checkout back with 'sudo chown -R \$(id -u):\$(id -g) .'."
}

compose_names() { # the names of .env.example that are not commented out
  sed -n 's/^\([A-Z_]*\)=.*/\1/p' .env.example
}

# --- where Git keeps the history of this checkout --------------------------------------------------------------------------------
#
# In a clone it is the folder .git. In a worktree or submodule .git is a file with the path of the folder, absolute or relative to the
# checkout. Inside, the checkout is /workspace: the folder has to be mounted where the path leads from there. A submodule's folder refers
# back to the checkout (core.worktree), usually relative to itself; the image has a link at that path.
readonly WORKSPACE=/workspace

own_git() { # Git, even in a checkout of another user: only paths are read
  git -c safe.directory='*' "$@" 2>/dev/null
}

plain_path() { # plain_path PATH: an absolute path without . and ..; the parent of the root is the root, as for the kernel
  local rest=$1/ part out=
  while [[ -n $rest ]]; do
    part=${rest%%/*}
    rest=${rest#*/}
    case $part in
      '' | .) ;;
      ..) out=${out%/*} ;;
      *) out+=/$part ;;
    esac
  done
  echo "${out:-/}"
}

git_common_dir() { # on the host: for worktrees the repository's, for submodules in the outer repository; without Git, the checkout
  own_git rev-parse --path-format=absolute --git-common-dir || echo "$PWD"
}

git_common_dir_inside() { # git_common_dir_inside COMMON: its path in the containers
  local link own
  link=$([[ ! -f .git ]] || sed -n 's/^gitdir: //p' .git | tr -d '\r')
  own=$(own_git rev-parse --absolute-git-dir) || link=
  if [[ -z $link ]]; then
    echo "$1"
    return
  fi
  [[ $link == /* ]] || link=$WORKSPACE/$link
  link=$(plain_path "$link")
  echo "${link%"${own#"$1"}"}" # without /worktrees/NAME
}

git_work_tree_inside() { # git_work_tree_inside COMMON INSIDE: where Git looks for the checkout, coming from INSIDE
  local tree=
  # a worktree has a separate Git folder, for which Git uses the location of the .git file
  if [[ -f .git && $(own_git rev-parse --absolute-git-dir) == "$1" ]]; then tree=$(own_git config core.worktree) || tree=; fi
  if [[ -z $tree ]]; then
    echo "$WORKSPACE"
    return
  fi
  [[ $tree == /* ]] || tree=$2/$tree
  plain_path "$tree"
}

set_git_places() {
  local common inside tree
  common=$(git_common_dir)
  inside=$(git_common_dir_inside "$common")
  tree=$(git_work_tree_inside "$common" "$inside")
  set_env_value GIT_COMMON_DIR "$common"
  set_env_value GIT_COMMON_DIR_INSIDE "$inside"
  set_env_value GIT_WORK_TREE_INSIDE "$tree"
}

# The lowest number that no other worktree of this repository uses.
free_instance() {
  local folder taken=" 1 " number
  while IFS= read -r folder; do
    [[ $folder == "$PWD" || ! -f $folder/.env ]] || taken+="$(env_value INSTANCE "$folder/.env") "
  done < <(own_git worktree list --porcelain | sed -n 's/^worktree //p')
  for ((number = 2; number <= MOST_INSTANCES; number++)); do
    if [[ $taken != *" $number "* ]]; then echo "$number"; return; fi
  done
  fail "all $MOST_INSTANCES instances are taken by other worktrees: stop one, remove its .env, and try again."
}

is_worktree() { # succeed in a linked worktree: its Git folder is not the common one
  local own
  own=$(own_git rev-parse --path-format=absolute --git-dir) || return 1
  [[ $own != "$(git_common_dir)" ]]
}

# The stack's name. It contains a checksum of the path, so that two checkouts never share a name, and with it a database.
project_name() { # project_name INSTANCE
  local sum
  sum=$(printf '%s' "$PWD" | cksum | cut -d ' ' -f 1)
  printf 'draft-queen-%06x%s' "$((sum % 0x1000000))" "$( (($1 == 1)) || echo "-$1")"
}

# Succeed if another checkout's .env was copied here: its stack is not ours. A checkout that was moved keeps its stack.
was_copied() {
  local before
  before=$(env_value CHECKOUT_DIR)
  [[ -n $before && $before != "$PWD" && -d $before ]]
}

check_instance() { # check_instance NUMBER
  if [[ ! $1 =~ ^[1-9][0-9]?$ ]] || (($1 > MOST_INSTANCES)); then fail "INSTANCE=$1 is not a number from 1 to $MOST_INSTANCES."; fi
}

port_of_instance() { # port_of_instance NAME NUMBER
  echo "$(($(env_value "$1" .env.example) + PORT_STEP * ($2 - 1)))"
}

# Add what .env.example has and .env does not, as after `git pull` or `make service`. A port is that of this instance.
add_missing_values() {
  local name number
  for name in $(compose_names); do
    has_env_value "$name" && continue
    if [[ $name == *_PORT ]]; then
      number=$(env_value INSTANCE)
      check_instance "$number"
      set_env_value "$name" "$(port_of_instance "$name" "$number")"
    else
      set_env_value "$name" "$(env_value "$name" .env.example)"
    fi
  done
}

move_to_instance() { # move_to_instance NUMBER: name and ports
  local number=$1 name
  set_env_value INSTANCE "$number"
  set_env_value COMPOSE_PROJECT_NAME "$(project_name "$number")"
  for name in $(compose_names | grep '_PORT$'); do
    set_env_value "$name" "$(port_of_instance "$name" "$number")"
  done
}

readonly PRODUCTION_SIGNS='BIND_ADDRESS|HTTP_PORT|HTTPS_PORT|SECRETS_DIR|IMAGE_TAG|IMAGE_PREFIX|PULL_POLICY' # as in cli/doctor/machine.py; a test compares them

is_production() { # succeed if .env has settings of an operator, and nothing that the development stack has written
  [[ -f .env && -z $(env_value CHECKOUT_DIR) ]] && grep -qE "^[[:space:]]*(export[[:space:]]+)?($PRODUCTION_SIGNS)=" .env
}

prepare_env() {
  local name ids fresh=
  check_env_access
  # before anything is written
  ! is_production || fail "the .env here belongs to production: keep the development stack in a separate checkout."
  if [[ -n ${INSTANCE:-} ]]; then check_instance "$INSTANCE"; fi
  if [[ ! -f .env ]]; then
    cp .env.example .env || fail "the folder $PWD cannot be written: use a checkout that belongs to you."
    fresh=yes
  fi
  add_missing_values
  if [[ -n ${INSTANCE:-} ]]; then
    [[ $INSTANCE == "$(env_value INSTANCE)" && -n $(env_value COMPOSE_PROJECT_NAME) ]] || move_to_instance "$INSTANCE"
  elif [[ -n $fresh ]] && is_worktree; then
    # a failure inside an argument would not stop the script
    name=$(free_instance) || { rm -f .env; exit 1; }
    move_to_instance "$name"
  fi
  if [[ -z $(env_value COMPOSE_PROJECT_NAME) ]] || was_copied; then
    name=$(env_value INSTANCE)
    check_instance "$name"
    set_env_value COMPOSE_PROJECT_NAME "$(project_name "$name")"
  fi
  ids=$(ids_for_containers)
  set_env_value HOST_UID "${ids% *}"
  set_env_value HOST_GID "${ids#* }"
  if [[ $(id -u) == 0 ]]; then chown "${ids/ /:}" .env; fi # root's .env would lock out the owner of the checkout
  set_env_value CHECKOUT_DIR "$PWD"
  set_git_places
  name=$(env_value POSTGRES_PASSWORD)
  [[ $name != *\\* && $name != *:* ]] || fail "POSTGRES_PASSWORD in .env contains a : or a \\, which pgAdmin's password file cannot hold: choose another."
  [[ -n $name ]] || fail "POSTGRES_PASSWORD in .env is empty: give it a value, or remove the line for the default."
  # Other users read the configuration inside the containers, so it must be readable whatever the umask is.
  chmod -R a+rX docker 2>/dev/null || fail "files under docker/ belong to another user: take the checkout back with 'sudo chown -R \$(id -u):\$(id -g) .'."
}
