#!/usr/bin/env bash
# Brings a release into production without losing a request: `make deploy`, `make rollback` (docs/deployment.md).
#
#   scripts/deploy.sh deploy      build or pull, migrate, start new containers beside the old, wait until they are ready, let the old ones go
#   scripts/deploy.sh rollback    the same with the release before, which is not built and migrates nothing
#
# RELEASE=tag deploys images that are there under that tag, and builds them if they are not, or pulls them when IMAGE_PREFIX begins with a
# registry (PULL=1, PULL=0: whatever it is). Without it the release is the Git revision, with a checksum of what is not committed. A migration
# that the running release could not live with is refused, unless FORCE=1. A release that does not get ready is taken away again, and the old one has answered all the time.
#
# After a kill in the middle nothing has to be repaired: the next deploy counts what is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

given=${RELEASE:-}
# shellcheck source=scripts/production.sh
source scripts/production.sh
# shellcheck source=scripts/database_volume.sh
source scripts/database_volume.sh

readonly READY_SECONDS=${READY_SECONDS:-180}
readonly HISTORY=.deploy/releases # one line per deployed release: time, release, schema
readonly ROLLED=(api pipeline)
readonly IMAGES=("${ROLLED[@]}" proxy backup) # of which a release consists

revision() { # of the checkout
  local commit
  commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || fail "this is no Git checkout, so the release has no name: give one, as in 'make deploy RELEASE=2026-05-01'."
  if [[ -n $(git status --porcelain) ]]; then
    commit+=-$({ git diff HEAD; git ls-files --others --exclude-standard -z | xargs -0 -r cat; } | sha256sum | cut -c1-8)
  fi
  echo "$commit"
}

image_of() { # image_of SERVICE: its name at this release, as compose.prod.yaml writes it
  local target=$1
  [[ $1 != api ]] || target=runtime
  echo "$(setting IMAGE_PREFIX draft-queen-)$target:$RELEASE"
}

# Whether images come from a registry: PULL says so, or IMAGE_PREFIX begins with one, which Docker knows by a dot or a port.
pulls() {
  case $(setting PULL '') in
    1) return 0 ;;
    0) return 1 ;;
  esac
  [[ $(setting IMAGE_PREFIX '') =~ ^(localhost|[^/]*[.:][^/]*)/ ]]
}

get_images() {
  local service
  if has_images; then
    step "its images are there"
  elif pulls; then
    for service in "${IMAGES[@]}"; do
      docker pull --quiet "$(image_of "$service")" >/dev/null ||
        fail "$(image_of "$service") could not be pulled: the lines above say why; nothing was changed. PULL=0 builds the images here."
    done
    step "images pulled"
  else
    compose build --quiet || fail "the images could not be built: the lines above say why; nothing was changed."
    step "images built"
  fi
}

# New code meets the old schema never, old code the new one during the update: what it could not live with is refused.
migrate() {
  local options=() code=0
  if [[ ${FORCE:-} != 1 && -n $(compose ps --quiet --status running api) ]]; then options+=(--compatible); fi
  compose run --rm --no-TTY migrate dq db migrate --json ${options[@]+"${options[@]}"} >/dev/null || code=$?
  case $code in
    0)
      step "schema migrated"
      # One that a plain `up` has left would be started again by the next one, of an old release.
      [[ -z $(compose ps --all --quiet migrate) ]] || compose rm --force migrate >/dev/null
      ;;
    3) fail "the migration was refused: the lines above say why; nothing was changed, the old release goes on answering." ;;
    *) fail "the migration failed and was rolled back: the lines above say why; the old release goes on answering." ;;
  esac
}

has_images() {
  local service
  for service in "${IMAGES[@]}"; do
    docker image inspect "$(image_of "$service")" >/dev/null 2>&1 || return 1
  done
}

wanted_count() {
  local name
  name=$(tr '[:lower:]' '[:upper:]' <<<"$1")_REPLICAS
  local value=${!name:-$(env_value "$name" .env)}
  echo "${value:-2}"
}

# sort_out SERVICE: sets fresh (of this very release and configuration, and well) and stale (anything else that runs)
sort_out() {
  local id image hash state
  fresh=() stale=()
  image=$(docker image inspect --format '{{.Id}}' "$(image_of "$1")")
  hash=$(compose config --hash "$1" | cut -d ' ' -f 2)
  for id in $(compose ps --all --quiet "$1"); do
    state=$(docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}} {{.Image}} {{index .Config.Labels "com.docker.compose.config-hash"}}' "$id")
    case $state in
      "running healthy $image $hash") fresh+=("$id") ;;
      running*) stale+=("$id") ;;
      *) docker rm --force "$id" >/dev/null ;; # stopped: it answers nobody, and Compose would start it
    esac
  done
}

before='' # the containers that were there
new=()    # what this deploy has started, and takes away again when it does not succeed

look_for_new() {
  mapfile -t new < <(comm -13 <(echo "$before") <(compose ps --all --quiet "${ROLLED[@]}" | sort))
}

take_away() {
  look_for_new # the start itself may have been what ended
  ((${#new[@]} == 0)) || docker rm --force "${new[@]}" >/dev/null 2>&1 || true
}

interrupted() {
  trap - INT TERM
  trap '' HUP # a terminal that goes says so more than once: when it closes, and when its first process has ended
  step "interrupted; taking away what was started, the old release goes on answering"
  take_away
  exit 130
}

# not_ready WHAT: says what the release did instead, and why, from the first such container's own words
not_ready() {
  local id last
  for id in "${new[@]}"; do
    [[ $(docker inspect --format '{{.State.Health.Status}}' "$id" 2>/dev/null) == healthy ]] && continue
    last=$(docker logs --tail 40 "$id" 2>&1 | grep -E 'Error|error|  - ' | tail -n 3 || true)
    [[ -z $last ]] || echo "$last" >&2 || true # without a terminal, too, it is taken away
    break
  done
  step "not ready: taking the new release away, the old one goes on answering"
  take_away
  fail "release $RELEASE $1 and was rolled back: the lines above are from its log."
}

# how_new_ones_are: 0 all are well, 1 not yet, 2 one of them has ended or keeps ending
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

start_beside() { # starts what is missing of this release; sets new, and old: what is to go afterwards
  local service count missing scale=() started=0
  before=$(compose ps --all --quiet "${ROLLED[@]}" | sort)
  old=()
  trap interrupted INT TERM
  # A terminal that has gone takes no words any more.
  trap 'exec >/dev/null 2>&1; interrupted' HUP
  for service in "${ROLLED[@]}"; do
    sort_out "$service"
    count=$(wanted_count "$service")
    missing=$((count > ${#fresh[@]} ? count - ${#fresh[@]} : 0))
    # Compose adds up to this number and, told so, leaves alone what is there.
    scale+=(--scale "$service=$((${#fresh[@]} + ${#stale[@]} + missing))")
    old+=(${stale[@]+"${stale[@]}"} ${fresh[@]+"${fresh[@]:count}"}) # of this release, but more than are wanted now: they go as well
  done
  compose up --detach --no-deps --no-build --no-recreate "${scale[@]}" "${ROLLED[@]}" || started=1
  look_for_new
  return "$started"
}

roll() {
  local state since=$SECONDS
  start_beside || not_ready "did not start"
  step "started ${#new[@]} containers of $RELEASE beside ${#old[@]} old ones"
  while true; do
    state=0
    how_new_ones_are || state=$?
    ((state != 0)) || break
    ((state == 1)) || not_ready "ended instead of getting ready"
    ((SECONDS - since < READY_SECONDS)) || not_ready "did not get ready within $READY_SECONDS s"
    sleep 0.3
  done
  step "ready"
  trap - INT TERM HUP
}

# It takes the place of the one that answers, so what nginx would not take is found before.
try_proxy() {
  is_current proxy && return
  compose run --rm --no-deps --no-TTY --quiet-pull proxy nginx -t -q || fail "the proxy of $RELEASE does not take its configuration: the lines above say why; the old release goes on answering."
}

note_release() { # as soon as it answers, so that a rollback goes back from here, whatever comes in between
  local schema
  schema=$(compose exec --no-TTY db psql --username draft_queen --dbname draft_queen --tuples-only --no-align --command 'select version_num from alembic_version' 2>/dev/null || true)
  printf '%s %s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$RELEASE" "${schema:-unknown}" >>"$HISTORY"
  set_env_value RELEASE "$RELEASE" # plain `docker compose -f compose.prod.yaml up` then means this release
}

let_old_ones_go() {
  local id
  ((${#old[@]})) || return 0
  # The proxy looks names up every second: after that the new ones answer as well.
  sleep 2.5
  for id in "${old[@]}"; do
    # No new requests from here on, the running ones are answered; how long that may take is the container's own stop grace.
    docker stop "$id" >/dev/null
    docker rm "$id" >/dev/null
  done
  step "the old ones have answered what they had, and are gone"
}

# The proxy holds the published ports, and the backups are in the middle of the database's log, so there cannot be two. Each is replaced only when its
# files or settings are others; the label with the revision alone is no reason to close connections.
is_current() { # is_current SERVICE
  local id running hash
  id=$(compose ps --quiet "$1")
  [[ -n $id ]] || return 1
  running=$(docker inspect --format '{{.Config.Image}}' "$id")
  hash=$(RELEASE=${running##*:} compose config --hash "$1" | cut -d ' ' -f 2)
  [[ $(docker inspect --format '{{index .Config.Labels "com.docker.compose.config-hash"}}' "$id") == "$hash" ]] || return 1
  [[ $(content_of "$(docker inspect --format '{{.Image}}' "$id")") == "$(content_of "$(image_of "$1")")" ]]
}

# There is one of each, which everybody uses: when their settings in compose.prod.yaml or .env have changed, Compose makes them anew.
announce_new_stores() {
  local service id
  for service in db redis; do
    id=$(compose ps --quiet "$service")
    [[ -n $id ]] || continue
    [[ $(docker inspect --format '{{index .Config.Labels "com.docker.compose.config-hash"}}' "$id") == "$(compose config --hash "$service" | cut -d ' ' -f 2)" ]] ||
      step "the settings of $service have changed: it is made anew, and is away for some seconds"
  done
}

# Their own files are read when they start, and no deploy starts them again.
mention_newer_files() {
  local service folder started file
  for service in db:docker/postgres redis:docker/redis; do
    folder=${service#*:} service=${service%%:*}
    started=$(docker inspect --format '{{.State.StartedAt}}' "$(compose ps --quiet "$service")")
    file=$(find "$folder" -name '*.conf' -newermt "$started" -print | sed -n 1p)
    [[ -z $file ]] || step "$file is newer than the running $service: 'docker compose -f compose.prod.yaml restart $service' brings it in"
  done
}

content_of() { # content_of IMAGE: its layers and what it starts, without its labels
  docker image inspect --format '{{.RootFS.Layers}} {{.Config.Env}} {{.Config.Entrypoint}} {{.Config.Cmd}} {{.Config.User}} {{.Config.StopSignal}} {{.Config.Healthcheck}}' "$1"
}

deploy() { # deploy [build] [migrate]
  step "release $RELEASE"
  if [[ $* == *build* ]]; then
    get_images
  else
    has_images || fail "the images of $RELEASE are not on this machine any more: check it out and run 'make deploy RELEASE=$RELEASE'."
  fi
  announce_new_stores
  compose up --detach --wait --no-build db redis || fail "database or Redis do not start: 'docker compose -f compose.prod.yaml logs db redis' says why."
  step "database and Redis are well"
  if [[ $* == *migrate* ]]; then
    migrate
  fi
  try_proxy
  roll
  note_release
  if ! is_current proxy; then
    compose up --detach --wait --no-deps --no-build proxy || fail "the proxy does not start: 'docker compose -f compose.prod.yaml logs proxy' says why."
    step "proxy started"
  fi
  if ! is_current backup; then
    # A release is not held up by backups: readiness and 'make backups' say how they are.
    compose up --detach --no-deps --no-build backup || fail "backups do not start: 'docker compose -f compose.prod.yaml logs backup' says why."
    step "backups started"
  fi
  let_old_ones_go
  mention_newer_files
  step "done: $RELEASE answers"
}

prepare() {
  engine_answers
  bash scripts/secrets.sh check
  lock
  # Whoever was refused until here finds everything as it was.
  [[ -f .env ]] || (umask 077 && : >.env)
  mkdir -p .deploy && touch "$HISTORY"
  # Configuration is read inside the containers by other users: a private umask must not keep it from them.
  chmod -R a+rX docker
}

case ${1:-} in
  deploy)
    prepare
    RELEASE=${given:-$(revision)}
    ;;
  rollback)
    prepare
    now=$(tail -n 1 "$HISTORY" | cut -d ' ' -f 2)
    RELEASE=${given:-$(awk -v now="$now" '$2 != now { last = $2 } END { print last }' "$HISTORY")}
    [[ -n $RELEASE ]] || fail "there is no release before this one to go back to: $HISTORY lists them."
    ;;
  *)
    sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
[[ $RELEASE =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || fail "RELEASE=$RELEASE is no tag of an image: use letters, digits, dots and dashes."
export RELEASE
configuration_is_read
check_database_volume compose
if [[ $1 == deploy ]]; then deploy build migrate; else deploy; fi
