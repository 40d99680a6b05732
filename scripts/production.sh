# shellcheck shell=bash
# Shared by all scripts that change production. Sourced by deploy.sh, rotate.sh, backups.sh, scan.sh and load.sh, in the checkout.

# shellcheck source=scripts/stack_env.sh
source scripts/stack_env.sh

# macOS has bash 3.2, without EPOCHREALTIME; load.sh, the only one that runs there, prints no steps.
began=${EPOCHREALTIME:-}
began=${began/[.,]/}
step() { # a line with the seconds since the start; without a terminal the work continues silently
  local now=${EPOCHREALTIME/[.,]/}
  printf '%6d.%d s  %s\n' $(((now - began) / 1000000)) $((((now - began) % 1000000) / 100000)) "$*" 2>/dev/null || exec >/dev/null 2>&1
}

compose() {
  docker compose --progress quiet -f compose.prod.yaml "$@"
}

setting() { # setting NAME DEFAULT: as Compose reads it, from the environment or .env
  local value=${!1:-}
  if [[ -z $value && -f .env ]]; then value=$(env_value "$1" .env); fi
  echo "${value:-$2}"
}

# An .env older than the requirement of SECRETS_DIR does not have it; `make deploy` writes it.
SECRETS_DIR=$(setting SECRETS_DIR ./secrets)
# These scripts start images that exist already; only deploy.sh builds. It also reads what the operator has set (release_images.sh).
GIVEN_PULL_POLICY=$(setting PULL_POLICY '')
readonly GIVEN_PULL_POLICY
PULL_POLICY=missing
export SECRETS_DIR PULL_POLICY

readonly HISTORY=.deploy/releases # one line per deployed release: time, release, schema

# Running or not, but without those of `docker compose run`, which `ps --all` lists too: a deploy must leave the container of `make load` alone.
containers() { # containers SERVICE...
  local service project
  project=$(setting COMPOSE_PROJECT_NAME draft-queen)
  for service in "$@"; do
    docker ps --all --quiet --no-trunc --filter label=com.docker.compose.oneoff=False \
      --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service"
  done
}

running_tags() { # the tags of the API's images, even while it is stopped
  local id
  for id in $(containers api 2>/dev/null); do
    docker inspect --format '{{.Config.Image}}' "$id"
  done | sed 's/.*://' | sort -u
}

last_release() {
  [[ ! -f $HISTORY ]] || tail -n 1 "$HISTORY" | cut -d ' ' -f 2
}

# The tag of the running images; without containers, that of the last release; without a release, that of plain Compose.
running_tag() {
  local tag
  tag=$(running_tags | sed -n 1p)
  if [[ -z $tag ]]; then tag=$(last_release); fi
  echo "${tag:-$(setting IMAGE_TAG local)}"
}

engine_answers() {
  command -v docker >/dev/null || fail "Docker is not installed: install Docker Engine."
  docker version >/dev/null 2>&1 || fail "the Docker engine does not respond, or you may not use it: start it, or add yourself to the group docker."
}

refuse_development() {
  [[ ! -f .env || -z $(env_value CHECKOUT_DIR .env) ]] ||
    fail "the .env here belongs to the development stack: keep production in a separate checkout."
}

# With IMAGE_TAG alone, plain Compose would rebuild that tag. The compose file refuses that, but these scripts set PULL_POLICY.
check_image_tag() {
  local tag=
  [[ ! -f .env ]] || tag=$(env_value IMAGE_TAG .env)
  [[ -z $tag || -n $GIVEN_PULL_POLICY ]] ||
    fail "IMAGE_TAG=$tag is in .env without PULL_POLICY: add PULL_POLICY=missing, or remove IMAGE_TAG ('make deploy' needs neither)."
}

# Also set IMAGE_TAG to that of the running images, unless it is set.
configuration_is_read() {
  local reason
  refuse_development
  check_image_tag
  engine_answers
  IMAGE_TAG=${IMAGE_TAG:-$(running_tag)}
  export IMAGE_TAG
  reason=$(compose config --quiet 2>&1) || fail "compose.prod.yaml and .env cannot be read together: ${reason##*$'\n'}: correct that."
}

lock() { # held until this process ends, however it ends
  command -v flock >/dev/null || fail "flock is not installed, which prevents concurrent deploys: install util-linux."
  [[ -d $SECRETS_DIR ]] || fail "this checkout has no secrets: run 'make secrets', then 'make deploy'."
  exec 9>"$SECRETS_DIR/.deploy.lock"
  flock --nonblock 9 || fail "another deploy, restore or rotation is running: wait until it has finished."
}
