# shellcheck shell=bash
# The part of .env that the compose files read. Sourced by stack.sh, in the checkout.
#
# .env is made from .env.example. What is in it stays, but for what this machine knows better: whose checkout it is, and, when an
# instance is asked for (INSTANCE=2), the name and ports of that instance.

# What .env says is meant, not what some other project has left in the environment.
unset COMPOSE_PROJECT_NAME COMPOSE_FILE

readonly PORT_STEP=200 MOST_INSTANCES=20 # as in app/compose_variables.py; a test compares them

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

has_env_value() { # has_env_value NAME: whether .env gives it at all
  grep -qE "^[[:space:]]*(export[[:space:]]+)?$1=" .env
}

set_env_value() { # set_env_value NAME VALUE: in its place, or at the end
  local quoted=$2 new
  [[ $2 != *"'"* && $2 != *$'\n'* ]] || fail "$2 has a ' or a line break in it, which .env cannot hold: move the checkout."
  [[ $2 =~ ^[A-Za-z0-9._/:-]*$ ]] || quoted="'$2'"
  new=$(mktemp .env.XXXXXX) || fail "the folder $PWD cannot be written: use a checkout that is yours."
  NAME=$1 VALUE=$quoted awk '
    { line = $0; sub(/^[ \t]*(export[ \t]+)?/, "", line) }
    index(line, ENVIRON["NAME"] "=") == 1 { if (!done) print ENVIRON["NAME"] "=" ENVIRON["VALUE"]; done = 1; next }
    { print }
    END { if (!done) print ENVIRON["NAME"] "=" ENVIRON["VALUE"] }' .env >"$new"
  # Through the old file, so that its owner and mode stay.
  if ! cmp -s "$new" .env; then cat "$new" >.env; fi
  rm -f "$new"
}

unset_env_value() { # unset_env_value NAME: takes its lines out of .env
  local rest
  has_env_value "$1" || return 0
  rest=$(grep -vE "^[[:space:]]*(export[[:space:]]+)?$1=" .env || true)
  printf '%s' "${rest:+$rest$'\n'}" >.env
}

compose_names() { # the names of .env.example that are not commented out
  sed -n 's/^\([A-Z_]*\)=.*/\1/p' .env.example
}

git_common_dir() { # where this checkout's history is: for a worktree, elsewhere; without Git, the checkout
  git rev-parse --path-format=absolute --git-common-dir 2>/dev/null || echo "$PWD"
}

# The lowest number that no other worktree of this repository has.
free_instance() {
  local folder taken=" 1 " number
  while IFS= read -r folder; do
    [[ $folder == "$PWD" || ! -f $folder/.env ]] || taken+="$(env_value INSTANCE "$folder/.env") "
  done < <(git worktree list --porcelain | sed -n 's/^worktree //p')
  for ((number = 2; number <= MOST_INSTANCES; number++)); do
    if [[ $taken != *" $number "* ]]; then echo "$number"; return; fi
  done
  fail "all $MOST_INSTANCES instances are taken by other worktrees: stop one, remove its .env, and try again."
}

is_worktree() { # a linked one: its own Git folder is not the common one
  local own common
  own=$(git rev-parse --path-format=absolute --git-dir 2>/dev/null) || return 1
  common=$(git rev-parse --path-format=absolute --git-common-dir)
  [[ $own != "$common" ]]
}

# The stack's name. Two checkouts never share one, and with it a database: the name carries a checksum of the place.
project_name() { # project_name INSTANCE
  local sum
  sum=$(printf '%s' "$PWD" | cksum | cut -d ' ' -f 1)
  printf 'draft-queen-%06x%s' "$((sum % 0x1000000))" "$( (($1 == 1)) || echo "-$1")"
}

# Another checkout's .env was copied here: its stack is not ours. A checkout that was moved keeps its stack.
was_copied() {
  local before
  before=$(env_value CHECKOUT_DIR)
  [[ -n $before && $before != "$PWD" && -d $before ]]
}

check_instance() { # check_instance NUMBER
  if [[ ! $1 =~ ^[1-9][0-9]?$ ]] || (($1 > MOST_INSTANCES)); then fail "INSTANCE=$1 is no number from 1 to $MOST_INSTANCES."; fi
}

move_to_instance() { # move_to_instance NUMBER: name and ports
  local number=$1 name
  set_env_value INSTANCE "$number"
  set_env_value COMPOSE_PROJECT_NAME "$(project_name "$number")"
  for name in $(compose_names | grep '_PORT$'); do
    set_env_value "$name" "$(($(env_value "$name" .env.example) + PORT_STEP * (number - 1)))"
  done
}

is_productions() { # whether .env holds what an operator sets, and nothing that this stack has written
  [[ -f .env && -z $(env_value CHECKOUT_DIR) ]] && grep -qE '^[[:space:]]*(export[[:space:]]+)?(RELEASE|BIND_ADDRESS|HTTPS?_PORT|SECRETS_DIR)=' .env
}

prepare_env() {
  local name fresh=
  # before anything is written
  ! is_productions || fail "the .env here is production's: keep the development stack in a checkout of its own."
  if [[ -n ${INSTANCE:-} ]]; then check_instance "$INSTANCE"; fi
  if [[ ! -f .env ]]; then
    cp .env.example .env || fail "the folder $PWD cannot be written: use a checkout that is yours."
    fresh=yes
  fi
  for name in $(compose_names); do
    if ! has_env_value "$name"; then set_env_value "$name" "$(env_value "$name" .env.example)"; fi
  done
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
  set_env_value HOST_UID "$(id -u)"
  set_env_value HOST_GID "$(id -g)"
  set_env_value CHECKOUT_DIR "$PWD"
  name=$(git_common_dir) || exit 1
  set_env_value GIT_COMMON_DIR "$name"
  name=$(env_value POSTGRES_PASSWORD)
  [[ $name != *\\* && $name != *:* ]] || fail "POSTGRES_PASSWORD in .env has a : or a \\ in it, which pgAdmin's password file cannot hold: choose another."
  [[ -n $name ]] || fail "POSTGRES_PASSWORD in .env is empty: give it a value, or take the line out for the default."
  # Configuration is read inside the containers by other users: a private umask must not keep it from them.
  chmod -R a+rX docker
}
