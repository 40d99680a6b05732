#!/usr/bin/env bash
# Loads the files of a folder into the stack that runs from this checkout: `make load FROM=DIR` (docs/operations.md, "No data").
#
#   FROM=DIR scripts/load.sh     FORCE=1 reads files that are already loaded, REPLACE=1 applies a load that was held for review,
#                                 OLDER=1 a release older than the loaded one, ACCEPT_GAP=1 a file without a season, DRY_RUN=1 only says
#                                 what would change
#
# The load runs in a separate container of the service `pipeline`, with its image, limits, networks and secrets, and the folder mounted read-only.
# No service is restarted and nothing is copied into a running container. It waits for a load that the schedule has started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/production.sh
source scripts/production.sh

readonly WAIT_SECONDS=600

folder() { # the absolute path of FROM, after checks for what would fail later
  [[ -n ${FROM:-} ]] || fail "FROM is empty: name the folder with draft_picks and combine as .csv or .parquet: make load FROM=DIR."
  [[ -d $FROM ]] || fail "FROM=$FROM is not a folder: name the one with draft_picks and combine as .csv or .parquet."
  local path
  path=$(cd "$FROM" && pwd) || fail "the folder $FROM cannot be opened: make it readable for you."
  [[ $path != *:* ]] || fail "the path $path contains a colon, which Docker reads as the end of a path: move the files to another folder."
  echo "$path"
}

# In production the container runs as a separate user, who can read only files that are readable by all.
readable_for_all() { # readable_for_all FOLDER
  local closed
  closed=$({ find -L "$1" -maxdepth 0 ! -perm -o=rx; find -L "$1" -maxdepth 2 -type f \( -iname '*.csv' -o -iname '*.parquet' \) ! -perm -o=r; } | sed -n 1p)
  [[ -z $closed ]] || fail "the pipeline's user (10001) may not read $closed: run 'chmod -R o+rX \"$1\"'."
}

# Mounted at its own path, the folder has the same name in messages and in the ledger as on the host. The image has files of its own in the folders
# listed here.
mounted_at() { # mounted_at FOLDER
  case $1/ in
    // | /home/ | /mnt/ | /srv/ | /tmp/ | /srv/draft-queen/* | /workspace/* | /app/* | /opt/* | /root/* | /var/* | /usr/* | /lib*/* | /bin/* | /sbin/* | \
      /etc/* | /run/* | /dev/* | /proc/* | /sys/*) echo /import ;;
    *) echo "$1" ;;
  esac
}

from=$(folder)
at=$(mounted_at "$from")
options=(--wait "$WAIT_SECONDS")
[[ ${FORCE:-} != 1 ]] || options+=(--force)
[[ ${REPLACE:-} != 1 ]] || options+=(--replace)
[[ ${OLDER:-} != 1 ]] || options+=(--older)
[[ ${ACCEPT_GAP:-} != 1 ]] || options+=(--accept-gap)
[[ ${DRY_RUN:-} != 1 ]] || options+=(--dry-run)
if [[ -n ${DRAFT_QUEEN_CONTAINER:-} ]] && ! command -v docker >/dev/null; then
  fail "the dev container has no Docker and does not need it: load the files with: dq etl run --from \"$from\"."
fi
engine_answers
files=(-f compose.prod.yaml)
if [[ -f .env && -n $(env_value CHECKOUT_DIR .env) ]]; then # written by `make up`
  files=(-f compose.dev.yaml)
else
  configuration_is_read
  readable_for_all "$from"
fi
[[ -n $(docker compose "${files[@]}" ps --quiet --status running db 2>/dev/null) ]] ||
  fail "no stack of this checkout is running: 'make deploy' (production) or 'make up' (development) starts one. With 'make run', use: dq etl run --from \"$from\"."
# dq may not be installed on the host, so messages name the command that works there
exec docker compose --progress quiet "${files[@]}" run --rm --no-deps --no-TTY --env "DQ_COMMAND=docker compose ${files[*]} exec pipeline dq" --volume "$from:$at:ro" pipeline dq etl run --from "$at" "${options[@]}"
