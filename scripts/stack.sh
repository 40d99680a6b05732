#!/usr/bin/env bash
# The development stack (compose.dev.yaml) for `make` and for the dev container's first step.
#
#   scripts/stack.sh env       write or complete .env: ids, instance, ports
#   scripts/stack.sh check-engine  check the Docker engine, then env
#   scripts/stack.sh check     check the Docker engine, then env, and check that the ports are free
#   scripts/stack.sh up        start in the background, wait until the API responds, print the URLs
#   scripts/stack.sh follow    up, then show the logs; Ctrl-C stops the stack
#   scripts/stack.sh tools     start Adminer and the Redis browser too, now and at every later start
#   scripts/stack.sh check-env check that .env can be read and written
#   scripts/stack.sh is-up     exit with code 0 when the API's container is running
#   scripts/stack.sh need-up   the same, with an error message when it is not
#
# Needs bash, awk and docker, but not Python. Every failure ends in one error message that says what to do, and leaves nothing half-started behind:
# without an engine not even a .env.
# `| sed -n 1p` and not `| head -n 1`: head exits early, and a program that still writes to it fails.
# With Windows line ends bash includes a carriage return in the last word of every line; the # at the end of the next line keeps it out of that line.
if LC_ALL=C grep -q "$(printf '\r')" "$0"; then echo "draft-queen: this checkout has Windows line ends: run 'git config core.autocrlf input', then 'git rm --cached -rq . && git reset --hard' (uncommitted edits are lost)." >&2; exit 1; fi #
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/stack_env.sh
source scripts/stack_env.sh
# shellcheck source=scripts/stack_ports.sh
source scripts/stack_ports.sh
# shellcheck source=scripts/database_volume.sh
source scripts/database_volume.sh

readonly OLDEST_COMPOSE=2.24 # start_interval, inline configs
readonly WAIT_SECONDS=180

limited() { # limited SECONDS COMMAND...: macOS has no timeout(1)
  if command -v timeout >/dev/null; then timeout "$@"; else "${@:2}"; fi
}

older() { # older A B: succeed if version A comes before B
  [[ $1 != "$2" && $(printf '%s\n%s\n' "$1" "$2" | sort -V | sed -n 1p) == "$1" ]]
}

check_engine() {
  local version reason
  command -v docker >/dev/null || fail "Docker is not installed: install Docker Engine or Docker Desktop, or work without it: make run."
  if ! reason=$(limited 20 docker version --format '{{.Server.Version}}' 2>&1); then
    case $reason in
      *"permission denied"*) fail "you may not use Docker: run 'sudo usermod -aG docker $(id -un)', log out and in again." ;;
      *) fail "the Docker engine does not respond: start it (Docker Desktop, or 'sudo systemctl start docker'), or work without it: make run." ;;
    esac
  fi
  version=$(docker compose version --short 2>/dev/null) || fail "Docker has no 'compose' command: install its plugin (Debian: docker-compose, elsewhere docker-compose-plugin)."
  version=${version#v}
  ! older "$version" "$OLDEST_COMPOSE" || fail "Docker Compose $version is too old: install $OLDEST_COMPOSE or newer."
  docker buildx version >/dev/null 2>&1 || fail "Docker has no 'buildx' command: install its plugin (docker-buildx)."
}

check_configuration() { # after the ports, whose check has a better error message
  local reason
  reason=$(docker compose config --quiet 2>&1) || fail "compose.dev.yaml and .env cannot be read together: ${reason%%$'\n'*}: correct that line."
}

# With a rootless engine the caller is root inside the container, and every other id there maps to an unknown user.
adapt_ids() {
  if [[ $(docker info --format '{{.SecurityOptions}}' 2>/dev/null) == *rootless* ]]; then
    set_env_value HOST_UID 0
    set_env_value HOST_GID 0
  fi
}

state_of() { # state_of SERVICE: "running healthy", "exited none 1", ...; empty without a container
  local id
  id=$(docker compose ps --all --quiet "$1" 2>/dev/null | sed -n 1p)
  [[ -z $id ]] || docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.ExitCode}} {{.RestartCount}}' "$id"
}

is_up() {
  check_env_access
  [[ -f .env ]] && command -v docker >/dev/null && [[ $(state_of api) == running* ]]
}

made_by_editor() { # recognised by labels: those of the dev container tools, or the Compose file that they add to ours
  local labels
  labels=$(docker ps --filter "label=com.docker.compose.project=$(env_value COMPOSE_PROJECT_NAME)" \
    --filter label=com.docker.compose.service=api --format '{{.Labels}}')
  [[ $labels == *devcontainer.metadata=* || $labels == *docker-compose.devcontainer* ]]
}

explain() { # explain SINCE: report why the stack does not start, from the logs of its containers
  local logs last
  # only the logs of this start: a database that refused a password last week is not a reason to start from scratch
  logs=$(docker compose logs --no-color --no-log-prefix --since "$1" --tail 60 db migrate api 2>/dev/null || true)
  case $logs in
    *"password authentication failed"*)
      fail "the database was made with another POSTGRES_PASSWORD: put the old one back into .env, or start from scratch with 'make clean' (which removes its data)." ;;
    *'database "draft_queen" does not exist'* | *'role "draft_queen" does not exist'* | *"could not locate a valid checkpoint"* | *"is not a valid data directory"* | *"could not open file \"global/pg_control\""* | *"directory"*"exists but is not empty"*)
      fail "the database's volume is incomplete (its first start was interrupted): remove it with 'make clean' and start again." ;;
    *"No space left on device"*) fail "the disk is full: free some space ('docker system df' shows what Docker uses) and start again." ;;
  esac
  # the last error, with the list that belongs to it
  last=$(awk '/^(Error|draft-queen):|FATAL|ERROR/ { said = $0; next } said && /^  - / { said = said "\n" $0 } END { if (said) print said }' <<<"$logs")
  [[ -z $last ]] || echo "$last" >&2
  fail "the stack did not start: 'make doctor' looks for the cause."
}

tear_down() { # remove the containers of this start; the data are kept
  docker compose down --remove-orphans >/dev/null 2>&1 || true
}

interrupted() {
  echo "Interrupted; removing what was started ..." >&2
  tear_down
  exit 130
}

start_containers() { # start_containers LOG
  local services
  # A tool that was stopped and then not included in a "down" has lost its network, and would fail at every later start. It stores no data.
  docker compose --profile tools rm --force adminer redis-commander >/dev/null 2>&1 || true
  if made_by_editor; then
    # Recreating the editor's container would disconnect the editor; everything else gets the newest image.
    services=(db redis migrate load pipeline pgadmin)
    ! tools_started || services+=(adminer redis-commander)
    docker compose up --detach --no-deps "${services[@]}" >"$1" 2>&1
    [[ $(docker inspect --format '{{.Image}}' "$(docker compose ps --quiet api)") == "$(docker image inspect --format '{{.Id}}' "$(env_value COMPOSE_PROJECT_NAME)-dev")" ]] ||
      echo "The editor's container keeps its image: use the editor's 'Rebuild Container' to give it the newest."
  else
    docker compose up --detach --remove-orphans >"$1" 2>&1
  fi
}

wait_for_api() {
  local state restarts started=$SECONDS
  while true; do
    state=$(state_of api)
    restarts=${state##* }
    case $state in
      "running healthy"*) return 0 ;;
      "exited"* | "dead"*) return 1 ;;
    esac
    if ((${restarts:-0} > 3 || SECONDS - started > WAIT_SECONDS)); then return 1; fi
    sleep 0.3
  done
}

up() {
  local was_there log since
  check_engine
  prepare_env
  adapt_ids
  check_ports
  check_configuration
  check_database_volume docker compose
  was_there=$(docker compose ps --all --quiet 2>/dev/null | sed -n 1p)
  log=$(mktemp)
  # shellcheck disable=SC2064 # expand the name now
  trap "rm -f '$log'" EXIT
  echo "Building the image (minutes at first, seconds later) ..."
  docker compose build --quiet api >"$log" 2>&1 || { tail -n 25 "$log" >&2; fail "the image could not be built; the lines above say why."; }
  echo "Starting: database, migrations, data, API, pgAdmin ..."
  since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  [[ -n $was_there ]] || trap interrupted INT TERM
  if ! start_containers "$log" || ! wait_for_api; then
    grep -iE 'error|denied|cannot|no such' "$log" | tail -n 3 >&2 || true
    if [[ -n $was_there ]]; then explain "$since"; fi
    # read the logs before the containers are removed
    (explain "$since") || { tear_down; exit 1; }
  fi
  trap - INT TERM
  addresses
}

tools_started() { # succeed if this stack starts Adminer and the Redis browser
  [[ ,${COMPOSE_PROFILES:-$(env_value COMPOSE_PROFILES)}, == *,tools,* ]]
}

tools() {
  local profiles
  check_engine
  prepare_env
  profiles=$(env_value COMPOSE_PROFILES)
  [[ ,$profiles, == *,tools,* ]] || profiles=${profiles:+$profiles,}tools
  export COMPOSE_PROFILES=$profiles
  up
  # Without the profile, plain `docker compose down` would leave them and their network behind.
  set_env_value COMPOSE_PROFILES "$profiles"
}

addresses() {
  local tools=
  ! tools_started || printf -v tools '\n  %-14s http://127.0.0.1:%s/' Adminer "$(env_value ADMINER_PORT)" 'Redis browser' "$(env_value REDIS_COMMANDER_PORT)"
  cat <<TEXT

  Draft Queen    http://127.0.0.1:$(env_value API_PORT)/
  API            http://127.0.0.1:$(env_value API_PORT)/docs
  pgAdmin        http://127.0.0.1:$(env_value PGADMIN_PORT)/      (a moment later; no login)
  PostgreSQL     127.0.0.1:$(env_value POSTGRES_PORT)    make psql
  Redis          127.0.0.1:$(env_value REDIS_PORT)$tools

  make logs      follow the logs          make shell    a shell in the API's container
  make down      stop and remove it; the data are kept

TEXT
}

follow() {
  up
  # Ctrl-C ends the logs for the whole terminal; stopping the stack afterwards must not be interrupted by the same key.
  trap : INT
  docker compose logs --follow --tail 20 || true
  trap '' INT
  echo "Stopping ..."
  docker compose stop
}

case ${1:-} in
  env) prepare_env ;;
  check-engine) check_engine; prepare_env; adapt_ids ;;
  check-env) check_env_access ;;
  check) check_engine; prepare_env; adapt_ids; check_ports; check_configuration; check_database_volume docker compose ;;
  up) up ;;
  follow) follow ;;
  tools) tools ;;
  is-up) is_up ;;
  need-up) if ! is_up; then check_engine; fail "the stack is not running: 'make up' starts it."; fi ;;
  *) sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
