# shellcheck shell=bash
# What everything that changes production shares. Sourced by deploy.sh and rotate.sh, in the checkout.

# shellcheck source=scripts/stack_env.sh
source scripts/stack_env.sh

fail() {
  echo "draft-queen: $*" >&2
  exit 1
}

began=${EPOCHREALTIME/[.,]/}
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

engine_answers() {
  command -v docker >/dev/null || fail "Docker is not installed: install Docker Engine."
  docker version >/dev/null 2>&1 || fail "the Docker engine does not answer, or you may not use it: start it, or add yourself to the group docker."
}

configuration_is_read() {
  local reason
  [[ ! -f .env || -z $(env_value CHECKOUT_DIR .env) ]] ||
    fail "the .env here is the development stack's: keep production in a checkout of its own."
  engine_answers
  reason=$(compose config --quiet 2>&1) || fail "compose.prod.yaml and .env cannot be read together: ${reason##*$'\n'}: correct that."
}

lock() { # held until this process ends, however it ends
  command -v flock >/dev/null || fail "flock is not installed, which keeps two deploys apart: install util-linux."
  [[ -d $(setting SECRETS_DIR ./secrets) ]] || fail "there are no secrets here: run 'make secrets', then 'make deploy'."
  exec 9>"$(setting SECRETS_DIR ./secrets)/.deploy.lock"
  flock --nonblock 9 || fail "another deploy is running, or a restore or a rotation: wait until it has ended."
}
