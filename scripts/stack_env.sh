# shellcheck shell=bash
# The part of .env that the compose files read. Sourced by stack.sh, in the checkout.
#
# .env is made from .env.example. What is in it stays, but for what this machine knows better: whose checkout it is, and, when an
# instance is asked for (INSTANCE=2), the name and ports of that instance.

readonly PORT_STEP=200 MOST_INSTANCES=20 # as in app/compose_variables.py; a test compares them

env_value() { # env_value NAME [FILE]: the last value given, without quotes
  awk -v name="$1" '
    index($0, name "=") == 1 {
      value = substr($0, length(name) + 2)
      sub(/\r$/, "", value)
      if (value ~ /^\x27.*\x27$/ || value ~ /^".*"$/) value = substr(value, 2, length(value) - 2)
    }
    END { print value }' "${2:-.env}"
}

set_env_value() { # set_env_value NAME VALUE: in its place, or at the end
  local quoted=$2 new
  [[ $2 =~ ^[A-Za-z0-9._/:-]*$ ]] || quoted="'$2'"
  new=$(mktemp .env.XXXXXX)
  NAME=$1 VALUE=$quoted awk '
    index($0, ENVIRON["NAME"] "=") == 1 { if (!done) print ENVIRON["NAME"] "=" ENVIRON["VALUE"]; done = 1; next }
    { print }
    END { if (!done) print ENVIRON["NAME"] "=" ENVIRON["VALUE"] }' .env >"$new"
  # Through the old file, so that its owner and mode stay.
  if ! cmp -s "$new" .env; then cat "$new" >.env; fi
  rm -f "$new"
}

compose_names() { # the names of .env.example that are not commented out
  sed -n 's/^\([A-Z_]*\)=.*/\1/p' .env.example
}

checkout_dir() {
  [[ $PWD != *"'"* ]] || fail "the path of this checkout has a ' in it, which .env cannot hold: move it."
  echo "$PWD"
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

move_to_instance() { # move_to_instance NUMBER: name and ports
  local number=$1 name default
  if [[ ! $number =~ ^[1-9][0-9]?$ ]] || ((number > MOST_INSTANCES)); then fail "INSTANCE=$number is no number from 1 to $MOST_INSTANCES."; fi
  set_env_value INSTANCE "$number"
  default=$(env_value COMPOSE_PROJECT_NAME .env.example)
  set_env_value COMPOSE_PROJECT_NAME "$default$( ((number == 1)) || echo "-$number")"
  for name in $(compose_names | grep '_PORT$'); do
    set_env_value "$name" "$(($(env_value "$name" .env.example) + PORT_STEP * (number - 1)))"
  done
}

prepare_env() {
  local name fresh=
  if [[ ! -f .env ]]; then
    cp .env.example .env || fail "the folder $PWD cannot be written: use a checkout that is yours."
    fresh=yes
  fi
  for name in $(compose_names); do
    if ! grep -q "^$name=" .env; then set_env_value "$name" "$(env_value "$name" .env.example)"; fi
  done
  if [[ -n ${INSTANCE:-} ]]; then
    [[ $INSTANCE == "$(env_value INSTANCE)" ]] || move_to_instance "$INSTANCE"
  elif [[ -n $fresh ]] && is_worktree; then
    move_to_instance "$(free_instance)"
  fi
  set_env_value HOST_UID "$(id -u)"
  set_env_value HOST_GID "$(id -g)"
  set_env_value CHECKOUT_DIR "$(checkout_dir)"
  set_env_value GIT_COMMON_DIR "$(git_common_dir)"
  [[ -n $(env_value POSTGRES_PASSWORD) ]] || fail "POSTGRES_PASSWORD in .env is empty: give it a value, or take the line out for the default."
  # Configuration is read inside the containers by other users: a private umask must not keep it from them.
  chmod -R a+rX docker
}
