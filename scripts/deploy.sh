#!/usr/bin/env bash
# Deploys a release to production without losing a request: `make deploy`, `make rollback` (docs/deployment.md).
#
#   scripts/deploy.sh deploy      build or pull, migrate, start new containers next to the old, wait until they are ready, stop the old ones
#   scripts/deploy.sh rollback    the same with the previous release, without building or migrating
#
# RELEASE=tag deploys the images with that tag. If they do not exist, they are built, or pulled when IMAGE_PREFIX begins with a registry (PULL=1 or
# PULL=0 overrides that). The default is the Git revision, with a checksum of uncommitted changes. A migration that is incompatible with the
# running release is refused, unless FORCE=1. A release that does not become ready is removed again; the old one serves requests throughout.
#
# The services to start come from compose.prod.yaml: those with the label draft-queen.rolled, those with an image of ours, and all others.
# The logs of removed containers are saved in .deploy/logs.
#
# A killed deploy needs no repair: the next one takes stock of the containers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

given=${RELEASE:-}
# shellcheck source=scripts/production.sh
source scripts/production.sh
# shellcheck source=scripts/database_volume.sh
source scripts/database_volume.sh
# shellcheck source=scripts/stack_ports.sh
source scripts/stack_ports.sh
# shellcheck source=scripts/release_images.sh
source scripts/release_images.sh
# shellcheck source=scripts/kept_logs.sh
source scripts/kept_logs.sh

readonly READY_SECONDS=${READY_SECONDS:-180}

revision() { # of the checkout
  local commit
  commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || fail "this is not a Git checkout, so the release has no name: choose one, as in 'make deploy RELEASE=2026-05-01'."
  if [[ -n $(git status --porcelain) ]]; then
    commit+=-$({ git diff HEAD; git ls-files --others --exclude-standard -z | xargs -0 -r cat; } | sha256sum | cut -c1-8)
  fi
  echo "$commit"
}

# Before anything is started: otherwise a wrong setting would only show when the new containers fail. This does not need a database.
check_settings() {
  local service
  for service in "${ROLLED[@]}"; do
    compose run --rm --no-deps --no-TTY --quiet-pull "$service" python -m app.settings ||
      fail "the settings of $service were refused: the lines above say why. Correct them in .env and deploy again; nothing was started, $(situation)."
  done
}

situation() { # the state after a failure, for messages
  if [[ -n $serving ]]; then echo "the old release stays in service"; else echo "no release is in service yet"; fi
}

# Migrations run before the rollout, so old code briefly sees the new schema: refuse migrations that it cannot tolerate.
migrate() {
  local options=() code=0
  if [[ ${FORCE:-} != 1 && -n $(compose ps --quiet --status running api) ]]; then options+=(--compatible); fi
  compose run --rm --no-TTY migrate dq db migrate --json ${options[@]+"${options[@]}"} >/dev/null || code=$?
  case $code in
    0)
      step "schema migrated"
      # A container left by a plain `up` would be started again by the next one, with an old release.
      [[ -z $(containers migrate) ]] || compose rm --force migrate >/dev/null
      ;;
    3) fail "the migration was refused: the lines above say why; nothing was changed, $(situation)." ;;
    *) fail "the migration failed and was rolled back: the lines above say why; $(situation)." ;;
  esac
}

# sort_out SERVICE: set fresh (healthy containers of exactly this release and configuration) and stale (all other running ones)
sort_out() {
  local id image hash state
  fresh=() stale=()
  image=$(docker image inspect --format '{{.Id}}' "${IMAGE_OF[$1]}")
  hash=$(compose config --hash "$1" | cut -d ' ' -f 2)
  for id in $(containers "$1"); do
    state=$(docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}} {{.Image}} {{index .Config.Labels "com.docker.compose.config-hash"}}' "$id")
    case $state in
      "running healthy $image $hash") fresh+=("$id") ;;
      running*) stale+=("$id") ;;
      *) remove_containers "$id" ;; # stopped: it serves no requests, but Compose would start it
    esac
  done
}

serving='' # the API's containers that were running at the start
before='' # all containers at the start
new=()    # containers that this deploy has started, and removes if it fails

look_for_new() {
  mapfile -t new < <(comm -13 <(echo "$before") <(containers "${ROLLED[@]}" | sort))
}

take_away() {
  look_for_new # the start itself may have been interrupted
  remove_containers ${new[@]+"${new[@]}"}
}

interrupted() {
  trap - INT TERM
  trap '' HUP # a closing terminal sends it twice: when it closes, and when its first process has ended
  step "interrupted; removing the new containers, $(situation)"
  take_away
  exit 130
}

# not_ready WHAT: report what the release did instead, and why, from the log of the first such container
not_ready() {
  local id last
  for id in "${new[@]}"; do
    [[ $(docker inspect --format '{{.State.Health.Status}}' "$id" 2>/dev/null) == healthy ]] && continue
    last=$(docker logs --tail 40 "$id" 2>&1 | grep -E 'Error|error|  - ' | awk '!said[$0]++' | tail -n 3 || true) # a restarted container repeats its errors
    [[ -z $last ]] || echo "$last" >&2 || true # without a terminal, the containers must still be removed
    break
  done
  step "not ready: removing the new release, $(situation)"
  take_away
  fail "release $RELEASE $1 and was rolled back: the lines above are from its log."
}

# how_new_ones_are: 0 all are healthy, 1 not yet, 2 one of them has exited or keeps restarting
how_new_ones_are() {
  local id state all=0
  for id in ${new[@]+"${new[@]}"}; do
    state=$(docker inspect --format '{{.State.Status}} {{.State.Health.Status}} {{.RestartCount}}' "$id" 2>/dev/null) || return 2
    case $state in
      "running healthy "*) ;;
      exited* | dead* | *" "[3-9] | *" "[1-9][0-9]) return 2 ;;
      *) all=1 ;;
    esac
  done
  return "$all"
}

start_beside() { # start the missing containers of this release; set new, and old: the containers to remove afterwards
  local service count missing scale=() started=0
  before=$(containers "${ROLLED[@]}" | sort)
  old=()
  trap interrupted INT TERM
  # Writing to a closed terminal would fail.
  trap 'exec >/dev/null 2>&1; interrupted' HUP
  for service in "${ROLLED[@]}"; do
    sort_out "$service"
    count=${REPLICAS_OF[$service]}
    missing=$((count > ${#fresh[@]} ? count - ${#fresh[@]} : 0))
    # Compose scales up to this number and, with --no-recreate, leaves existing containers alone.
    scale+=(--scale "$service=$((${#fresh[@]} + ${#stale[@]} + missing))")
    old+=(${stale[@]+"${stale[@]}"} ${fresh[@]+"${fresh[@]:count}"}) # surplus containers of this release are removed as well
  done
  compose up --detach --no-deps --no-build --no-recreate "${scale[@]}" "${ROLLED[@]}" || started=1
  look_for_new
  return "$started"
}

roll() {
  local state since=$SECONDS
  start_beside || not_ready "did not start"
  step "started ${#new[@]} containers of $RELEASE next to ${#old[@]} old ones"
  while true; do
    state=0
    how_new_ones_are || state=$?
    ((state != 0)) || break
    ((state == 1)) || not_ready "exited before it was ready"
    ((SECONDS - since < READY_SECONDS)) || not_ready "was not ready within $READY_SECONDS s"
    sleep 0.3
  done
  step "ready"
  trap - INT TERM HUP
}

# The new proxy replaces the running one, so check its configuration before.
try_proxy() {
  is_current proxy && return
  compose run --rm --no-deps --no-TTY --quiet-pull --env NGINX_ENTRYPOINT_QUIET_LOGS=1 proxy nginx -t -q || fail "the proxy of $RELEASE rejects its configuration: the lines above say why; $(situation)."
}

local_address() { # the address at which this machine reaches the proxy
  local address
  address=$(setting BIND_ADDRESS 127.0.0.1)
  [[ $address != 0.0.0.0 ]] || address=127.0.0.1
  echo "$address"
}

local_url() {
  local port
  port=$(published_port HTTPS_PORT)
  echo "https://$(local_address)$([[ $port == 443 ]] || echo ":$port")/"
}

# Check from this machine, and through the proxy to the API.
answers_through_proxy() {
  local address until=$((SECONDS + 20)) status
  address=$(local_address)
  while ((SECONDS < until)); do
    # Plain HTTP redirects to TLS, for which bash has no client. The proxy looks up the names of new containers every second.
    status=$({ exec 3<>"/dev/tcp/$address/$(setting HTTP_PORT 80)" && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && read -r -t 3 _ status _ <&3 && echo "$status"; } 2>/dev/null || true)
    if [[ $status == 308 ]] && compose exec --no-TTY proxy healthcheck http /ready 8081 2>/dev/null; then return 0; fi
    sleep 0.5
  done
  return 1
}

note_release() { # as soon as it responds, so that a rollback starts from here, whatever happens in between
  local schema
  schema=$(compose exec --no-TTY db psql --username draft_queen --dbname draft_queen --tuples-only --no-align --command 'select version_num from alembic_version' 2>/dev/null || true)
  printf '%s %s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$RELEASE" "${schema:-unknown}" >>"$HISTORY"
}

let_old_ones_go() {
  local id
  ((${#old[@]})) || return 0
  # The proxy resolves names every second: after that the new containers get requests as well.
  sleep 2.5
  for id in "${old[@]}"; do
    # It takes no new requests and finishes the running ones, within the container's stop grace period.
    docker stop "$id" >/dev/null
    remove_containers "$id"
  done
  step "the old containers have finished their requests and are removed"
}

# The proxy holds the published ports, and the backup service streams the database's log, so each can exist only once. Replace them only if their
# files or settings have changed; a new revision label alone does not justify closing connections.
is_current() { # is_current SERVICE
  local id running hash
  id=$(compose ps --quiet "$1")
  [[ -n $id ]] || return 1
  running=$(docker inspect --format '{{.Config.Image}}' "$id")
  hash=$(IMAGE_TAG=${running##*:} compose config --hash "$1" | cut -d ' ' -f 2)
  [[ $(docker inspect --format '{{index .Config.Labels "com.docker.compose.config-hash"}}' "$id") == "$hash" ]] || return 1
  [[ $(content_of "$(docker inspect --format '{{.Image}}' "$id")") == "$(content_of "${IMAGE_OF[$1]}")" ]]
}

# All other services share one container of each. Compose replaces it when its settings in compose.prod.yaml or .env have changed, or when its
# image has been pulled again.
announce_new_stores() {
  local service id image hash newest
  for service in "${STORES[@]}"; do
    id=$(compose ps --quiet "$service")
    [[ -n $id ]] || continue
    IFS='|' read -r image newest hash < <(docker inspect --format '{{.Image}}|{{.Config.Image}}|{{index .Config.Labels "com.docker.compose.config-hash"}}' "$id")
    newest=$(docker image inspect --format '{{.Id}}' "$newest" 2>/dev/null || true)
    if [[ $hash != "$(compose config --hash "$service" | cut -d ' ' -f 2)" || $image != "$newest" ]]; then
      keep_log "$id"
      step "the settings or the image of $service have changed: its container is replaced, and $service is unavailable for some seconds"
    fi
  done
}

# The stores read their configuration files when they start, and a deploy does not restart them.
mention_newer_files() {
  local service folder started file
  for service in db:docker/postgres redis:docker/redis; do
    folder=${service#*:} service=${service%%:*}
    started=$(docker inspect --format '{{.State.StartedAt}}' "$(compose ps --quiet "$service")")
    file=$(find "$folder" -name '*.conf' -newermt "$started" -print | sed -n 1p)
    [[ -z $file ]] || step "$file is newer than the running $service: 'docker compose -f compose.prod.yaml restart $service' applies it"
  done
}

published_port() { # published_port HTTP_PORT|HTTPS_PORT
  setting "$1" "$([[ $1 == HTTP_PORT ]] && echo 80 || echo 443)"
}

# Compose refuses wrong ports as well, but without the name of the setting.
check_port_numbers() {
  local name
  for name in HTTP_PORT HTTPS_PORT; do check_port_number "$name" "$(published_port "$name")"; done
}

# Before anything is built or started. The ports of our own proxy do not count as taken.
check_published_ports() {
  local name port holder problems=() project
  project=$(setting COMPOSE_PROJECT_NAME draft-queen)
  for name in HTTP_PORT HTTPS_PORT; do
    port=$(published_port "$name")
    holder=$(taken_by "$port" "$project" "$(setting BIND_ADDRESS 0.0.0.0)")
    [[ -z $holder ]] || problems+=("$port ($name) by $holder")
  done
  ((${#problems[@]} == 0)) ||
    fail "ports are taken: $(printf '%s, ' "${problems[@]}" | sed 's/, $//'). Stop what uses them, or set HTTP_PORT and HTTPS_PORT in .env; nothing was changed."
}

deploy() { # deploy deploy|rollback
  step "release $RELEASE"
  check_published_ports
  if [[ $1 == deploy ]]; then
    get_images
  else
    has_images || cut -d ' ' -f 2 "$HISTORY" | grep -qxF "$RELEASE" || fail "$RELEASE was never deployed here: $HISTORY lists the releases."
    has_images || fail "the images of $RELEASE are no longer on this machine: check that revision out and run 'make deploy RELEASE=$RELEASE'."
  fi
  serving=$(compose ps --quiet --status running api)
  check_settings
  announce_new_stores
  compose up --detach --wait --no-build "${STORES[@]}" ||
    fail "some of these do not start: ${STORES[*]}. 'docker compose -f compose.prod.yaml logs ${STORES[*]}' says why."
  step "ready: ${STORES[*]}"
  if [[ $1 == deploy ]]; then migrate; fi
  try_proxy
  roll
  if ! is_current proxy; then
    keep_logs_of proxy
    compose up --detach --wait --no-deps --no-build proxy ||
      fail "the proxy does not start: the lines above and 'docker compose -f compose.prod.yaml logs proxy' say why. Correct that and deploy again."
    step "proxy started"
  fi
  answers_through_proxy ||
    fail "release $RELEASE is ready, but does not respond through the proxy: 'docker compose -f compose.prod.yaml logs proxy' says why. Correct that and deploy again."
  note_release
  if ! is_current backup; then
    keep_logs_of backup
    # Backups do not delay a release: readiness and 'make backups' show their state.
    compose up --detach --no-deps --no-build backup || fail "backups do not start: 'docker compose -f compose.prod.yaml logs backup' says why."
    step "backups started"
  fi
  let_old_ones_go
  mention_newer_files
  step "done: $RELEASE is running at $(local_url)"
}

prepare() {
  refuse_development
  engine_answers
  bash scripts/secrets.sh check
  lock
  # A deploy that was refused above has changed nothing.
  [[ -f .env ]] || (umask 077 && : >.env)
  [[ -n $(env_value SECRETS_DIR .env) ]] || set_env_value SECRETS_DIR "$SECRETS_DIR"
  mkdir -p .deploy && touch "$HISTORY"
  # Other users read the configuration inside the containers, so it must be readable whatever the umask is.
  chmod -R a+rX docker
}

case ${1:-} in
  deploy)
    prepare
    RELEASE=${given:-$(revision)}
    ;;
  rollback)
    prepare
    RELEASE=${given:-$(release_to_go_back_to)}
    [[ -n $RELEASE ]] || fail "no previous release to go back to: $HISTORY lists the releases."
    ;;
  *)
    sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
[[ $RELEASE =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || fail "RELEASE=$RELEASE is not a valid image tag: use letters, digits, dots and dashes."
[[ $RELEASE != local ]] || fail "RELEASE=local is the tag that plain Compose uses: choose another one."
IMAGE_TAG=$RELEASE
check_port_numbers
configuration_is_read
check_database_volume compose
read_services
deploy "$1"
