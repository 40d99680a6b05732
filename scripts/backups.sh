#!/usr/bin/env bash
# Backups of production: `make backup`, `make backups`, `make restore` (docs/operations.md, "Backups").
#
#   scripts/backups.sh backup     one round now: copy, restore the copy elsewhere, compare
#   scripts/backups.sh list       list the backups
#   scripts/backups.sh restore    restore the database: to AT='2026-05-01 12:00:00+00', to the backup NAME=..., or to the latest state received
#   scripts/backups.sh forget     remove the database that the last restore kept
#
# A restore says what it will do and asks for confirmation, which YES=1 gives in advance. It keeps the previous database in its volume until the next
# restore. A killed restore needs no repair: the next start of the database waits for a restore that is still running, and opens one of the two.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/production.sh
source scripts/production.sh

is_running() { # is_running SERVICE
  [[ -n $(compose ps --status running --quiet "$1" 2>/dev/null) ]]
}

are_there() { # check that production has run here; otherwise a restore would create empty volumes
  docker volume inspect "$(setting COMPOSE_PROJECT_NAME draft-queen)-production-backups" >/dev/null 2>&1 ||
    fail "this machine has no backups: start production with 'make secrets', then 'make deploy', which also starts backups."
}

in_restore() { # in_restore COMMAND...: run it in a container with only the two volumes
  compose run --rm --no-deps --no-TTY --quiet-pull restore "$@"
}

backup() {
  is_running backup || fail "the service backup is not running: 'docker compose -f compose.prod.yaml start backup' starts it."
  local code=0
  compose exec --no-TTY backup backup now || code=$?
  # of a process that was killed with its container
  ((code < 128)) || fail "the backup was interrupted, because the service backup was stopped or replaced (by a deploy or a restore): run it again."
  return "$code"
}

list() {
  if is_running backup; then compose exec --no-TTY backup backup list; else in_restore list; fi
}

agreed() {
  local answer
  [[ ${YES:-} != 1 ]] || return 0
  [[ -t 0 ]] || fail "a restore needs confirmation, but standard input is not a terminal: read the lines above, then run it with YES=1."
  read -r -p 'This stops API, pipeline and database. Continue? [y/N] ' answer
  [[ $answer == [yY] || $answer == yes ]] || fail "not restored."
}

start_again() { # the containers as they were before
  step 'starting the previous containers again'
  compose up --detach --wait --no-build || fail "the previous containers do not start: 'docker compose -f compose.prod.yaml ps --all' shows what is missing."
}

interrupted() {
  trap - INT TERM
  trap '' HUP # a closing terminal sends it twice: when it closes, and when its first process has ended
  start_again
  exit 130
}

restore() {
  local plan name kind value
  plan=$(in_restore plan "${AT:-}" "${NAME:-}") || exit 1
  IFS='|' read -r name kind value <<<"$plan"
  agreed
  trap interrupted INT TERM
  # Writing to a closed terminal would fail.
  trap 'exec >/dev/null 2>&1; interrupted' HUP
  step "restoring from $name"
  # First the writers, then the database, which sends its last changes to the backup service while it stops, then that service.
  compose stop pipeline api migrate
  compose stop db
  compose stop backup
  step 'API, pipeline and database are stopped'
  if ! in_restore apply "$name" "$kind" "$value"; then
    start_again
    fail 'not restored: the line above says why; the database is unchanged.'
  fi
  trap - INT TERM
  trap '' HUP # the rest also runs without a terminal
  compose up --detach --wait --no-deps --no-build db || fail "the restored database does not start: 'docker compose -f compose.prod.yaml logs db' says why."
  step 'the restored database is running'
  compose up --detach --no-deps --no-build backup
  # Its first backup, before anything is written: later changes belong to a new timeline, which cannot be reached from older backups.
  compose exec --no-TTY backup backup base || echo 'draft-queen: the service starts anyway, without a backup: the line above says why.' >&2
  # Migrations too: the restored schema may be older than this release.
  compose up --detach --wait --no-build || fail "the database is restored, but not everything starts: 'docker compose -f compose.prod.yaml ps --all' shows what."
  step 'done: everything is ready'
}

forget() {
  in_restore forget
  step 'the database that the last restore kept is removed, if there was one'
}

case ${1:-} in
  backup | list | restore | forget) ;;
  *)
    sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
configuration_is_read
are_there
if [[ $1 == restore || $1 == forget ]]; then lock; fi
"$1"
