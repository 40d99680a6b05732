# shellcheck shell=bash
# What the scripts of production share: how they speak, Compose, and the lock that keeps two of them apart. Sourced in the checkout.

# shellcheck source=scripts/stack_env.sh
source scripts/stack_env.sh

fail() {
  echo "draft-queen: $*" >&2
  exit 1
}

began=${EPOCHREALTIME/[.,]/}
step() {
  local now=${EPOCHREALTIME/[.,]/}
  printf '%6d.%d s  %s\n' $(((now - began) / 1000000)) $((((now - began) % 1000000) / 100000)) "$*"
}

compose() {
  docker compose --progress quiet -f compose.prod.yaml "$@"
}

configuration_is_read() {
  local reason
  command -v docker >/dev/null || fail "Docker is not installed: install Docker Engine."
  docker version >/dev/null 2>&1 || fail "the Docker engine does not answer, or you may not use it: start it, or add yourself to the group docker."
  reason=$(compose config --quiet 2>&1) || fail "compose.prod.yaml and .env cannot be read together: ${reason##*$'\n'}: correct that."
}

lock() { # held until this process ends, however it ends
  local folder=''
  if [[ -f .env ]]; then folder=$(env_value SECRETS_DIR .env); fi
  command -v flock >/dev/null || fail "flock is not installed, which keeps two deploys apart: install util-linux."
  exec 9>"${SECRETS_DIR:-${folder:-./secrets}}/.deploy.lock"
  flock --nonblock 9 || fail "another deploy is running, or a restore: wait until it has ended."
}
