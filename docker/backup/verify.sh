# shellcheck shell=bash
# Restores both copies of a backup and compares the results with the recorded counts: only then is the backup verified.

# damage NAME: describe the first damaged file; print nothing if the backup is intact
damage() {
  local bad
  is_whole "$1" || { echo 'some of its files are missing'; return; }
  bad=$(cd "$BACKUPS/$1" && sha256sum --check --quiet checksums 2>&1 | grep -v '^sha256sum:' | sed -n 1p || true)
  [[ -z $bad ]] || echo "its file ${bad%%:*} does not match its checksum"
}

verify() { # verify NAME
  local folder=$BACKUPS/$1 record=$BACKUPS/$1/record data=$SCRATCH/data chain target reason
  chain=$(field "$record" chain)
  target=$(field "$record" target)
  try 'the base is damaged' pg_verifybackup --no-parse-wal --exit-on-error --quiet "$folder/base"
  # A changed byte in the dump's table of contents, as in a comment, would not change a row.
  reason=$(damage "$1")
  [[ -z $reason ]] || stop "$reason"
  step 'base and dump: checksums match'

  clear_scratch
  mkdir -p "$data"
  chmod 0700 "$SCRATCH" "$data"
  try 'the base cannot be unpacked' tar --extract --gzip --directory "$data" --file "$folder/base/base.tar.gz"
  : >"$LOG"
  start_server "$data" "$chain" "recovery_target_name = '$target'" 'wal_level = minimal' ||
    stop "base and log cannot be restored to the moment of the snapshot: $(last_words "$SERVER_LOG")"
  step 'base: restored, with the log up to the snapshot'
  compare "$PGDATABASE" "$folder/contents" 'the restored base'
  step 'base: every table has the rows of the snapshot'

  try 'a scratch database cannot be created' on_server createdb --template=template0 restored_dump
  try 'the dump cannot be restored' on_server pg_restore --dbname=restored_dump --exit-on-error --single-transaction "$folder/dump"
  compare restored_dump "$folder/contents" 'the restored dump'
  step 'dump: restored, every table has the rows of the snapshot'
  stop_server immediate
  clear_scratch
}

compare() { # compare DATABASE EXPECTED WHAT
  local found=$SCRATCH/contents table
  : >"$LOG"
  on_server psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$1" --file="$library/contents.sql" >"$found" 2>>"$LOG" ||
    stop "$3 cannot be read: $(last_words "$LOG")"
  cmp --silent "$2" "$found" && return
  table=$(diff "$2" "$found" | sed -n 's/^[<>] \([^|]*\)|.*/\1/p' | sed -n 1p || true)
  stop "$3 does not have the rows of the database, first in ${table:-a table}"
}

clear_scratch() {
  end_left_server "$SCRATCH/data"
  rm -rf "$SCRATCH"
}
