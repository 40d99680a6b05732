# shellcheck shell=bash
# Checks that the PostgreSQL that is about to start can open the volume of its database. Sourced, in the checkout; needs fail().
#
# A server opens only files of its own major version. Given an older version's, some images refuse with a message of their own and others create a
# new, empty database next to it, so this is checked before the start.

versions_in_volume() { # versions_in_volume VOLUME IMAGE: the major version of the image, then of every database in the volume, one per line
  # Up to version 17 the official image kept its files at the top of the volume, from 18 on in a folder of each version.
  # shellcheck disable=SC2016 # for the shell in the container
  docker run --rm --network none --user root --volume "$1:/volume:ro" --entrypoint bash "$2" -c \
    'echo "$PG_MAJOR"; shopt -s nullglob; for file in /volume/{,*/,*/*/}PG_VERSION; do cat "$file"; done' 2>/dev/null
}

# check_database_volume COMPOSE...: fail if the service `db` could not open its volume. COMPOSE is `docker compose`, or a function that runs it.
check_database_volume() {
  local volume image versions wanted found
  [[ -z $("$@" ps --quiet --status running db 2>/dev/null) ]] || return 0 # it has opened the volume
  volume=$("$@" config | awk '/^[^ ]/ { top = $1 } /^  [^ ]/ { key = $1 } top == "volumes:" && key == "database:" && $1 == "name:" { print $2 }')
  docker volume inspect "$volume" >/dev/null 2>&1 || return 0
  image=$("$@" config --images db | sed -n 1p)
  docker image inspect "$image" >/dev/null 2>&1 || return 0 # it has not been pulled yet
  versions=$(versions_in_volume "$volume" "$image") || return 0 # the start of the database will report the problem
  wanted=${versions%%$'\n'*}
  [[ -n $wanted && $versions == *$'\n'* ]] || return 0
  found=${versions#*$'\n'}
  ! grep -qx "$wanted" <<<"$found" || return 0
  fail "the volume $volume holds a database of PostgreSQL $(sort -n <<<"$found" | tail -n 1), and $image is PostgreSQL $wanted, which cannot open it: move its data with a dump, as docs/troubleshooting.md shows (\"A database of another PostgreSQL version\"). Nothing was started."
}
