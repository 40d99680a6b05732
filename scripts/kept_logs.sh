# shellcheck shell=bash
# The logs of containers that a deploy removes: Docker removes a log with its container. Sourced by deploy.sh, in the checkout.

readonly LOGS=.deploy/logs MOST_LOGS=60 MOST_LOG_BYTES=500000000

# keep_log CONTAINER: save its log, before Docker removes both
keep_log() {
  local name old
  name=$(date -u +%Y%m%dT%H%M%SZ)-$(docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}' "$1" 2>/dev/null)-${1:0:12}.log.gz || return 0
  if ! (umask 077 && mkdir -p "$LOGS" && docker logs "$1" 2>&1 | gzip >"$LOGS/$name"); then
    step "the log of ${1:0:12} could not be saved in $LOGS"
  fi
  # The names begin with the time, so the oldest come last. The newest stays, whatever its size.
  while IFS= read -r old; do rm -f "$LOGS/$old"; done < <(
    find "$LOGS" -name '*.log.gz' -printf '%f %s\n' | sort -r |
      awk -v most="$MOST_LOGS" -v bytes="$MOST_LOG_BYTES" '{ sum += $2 } NR > most || (NR > 1 && sum > bytes) { print $1 }'
  )
}

keep_logs_of() { # keep_logs_of SERVICE: before Compose replaces its container
  local id
  for id in $(containers "$1"); do keep_log "$id"; done
}

remove_containers() { # remove_containers ID...
  local id
  for id in "$@"; do
    keep_log "$id"
    docker rm --force "$id" >/dev/null 2>&1 || true
  done
}
