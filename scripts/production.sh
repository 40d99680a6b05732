# shellcheck shell=bash
# What everything that changes production shares. Sourced by deploy.sh, rotate.sh, backups.sh, scan.sh and load.sh, in the checkout.

# shellcheck source=scripts/stack_env.sh
source scripts/stack_env.sh

# macOS has bash 3.2, without EPOCHREALTIME; load.sh, the only one that runs there, prints no steps.
began=${EPOCHREALTIME:-}
began=${began/[.,]/}
step() { # a line with the seconds since the start; what has begun goes on when there is no terminal any more that takes it
  local now=${EPOCHREALTIME/[.,]/}
  printf '%6d.%d s  %s\n' $(((now - began) / 1000000)) $((((now - began) % 1000000) / 100000)) "$*" 2>/dev/null || exec >/dev/null 2>&1
}

compose() {
  docker compose --progress quiet -f compose.prod.yaml "$@"
}

setting() { # setting NAME DEFAULT: as Compose finds it, in the environment or in .env
  local value=${!1:-}
  if [[ -z $value && -f .env ]]; then value=$(env_value "$1" .env); fi
  echo "${value:-$2}"
}

# An .env from before SECRETS_DIR was required has none; `make deploy` writes it.
SECRETS_DIR=$(setting SECRETS_DIR ./secrets)
# These scripts start images that exist already; only deploy.sh builds. It also reads what the operator has set (release_images.sh).
GIVEN_PULL_POLICY=$(setting PULL_POLICY '')
readonly GIVEN_PULL_POLICY
PULL_POLICY=missing
export SECRETS_DIR PULL_POLICY

readonly HISTORY=.deploy/releases # one line per deployed release: time, release, schema

running_tags() { # those of the images that the API runs, also while it is stopped
  local id
  for id in $(compose ps --all --quiet api 2>/dev/null); do
    docker inspect --format '{{.Config.Image}}' "$id"
  done | sed 's/.*://' | sort -u
}

last_release() {
  [[ ! -f $HISTORY ]] || tail -n 1 "$HISTORY" | cut -d ' ' -f 2
}

# The tag of the images that run; without containers, of the last release; without one, of what plain Compose builds.
running_tag() {
  local tag
  tag=$(running_tags | sed -n 1p)
  if [[ -z $tag ]]; then tag=$(last_release); fi
  echo "${tag:-$(setting IMAGE_TAG local)}"
}

engine_answers() {
  command -v docker >/dev/null || fail "Docker is not installed: install Docker Engine."
  docker version >/dev/null 2>&1 || fail "the Docker engine does not answer, or you may not use it: start it, or add yourself to the group docker."
}

refuse_development() {
  [[ ! -f .env || -z $(env_value CHECKOUT_DIR .env) ]] ||
    fail "the .env here is the development stack's: keep production in a checkout of its own."
}

# With IMAGE_TAG alone plain Compose would build that tag again. It refuses as well, but these scripts set PULL_POLICY for it.
check_image_tag() {
  local tag=
  [[ ! -f .env ]] || tag=$(env_value IMAGE_TAG .env)
  [[ -z $tag || -n $GIVEN_PULL_POLICY ]] ||
    fail "IMAGE_TAG=$tag is in .env without PULL_POLICY: add PULL_POLICY=missing, or remove IMAGE_TAG ('make deploy' needs neither)."
}

# Also sets IMAGE_TAG, unless it is set: to the images that run.
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
  command -v flock >/dev/null || fail "flock is not installed, which keeps two deploys apart: install util-linux."
  [[ -d $SECRETS_DIR ]] || fail "there are no secrets here: run 'make secrets', then 'make deploy'."
  exec 9>"$SECRETS_DIR/.deploy.lock"
  flock --nonblock 9 || fail "another deploy is running, or a restore or a rotation: wait until it has ended."
}
