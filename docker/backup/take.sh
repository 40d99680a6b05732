# shellcheck shell=bash
# Makes a backup: base, snapshot, dump, counts.

readonly LOCK_SECONDS=600 # how long a round waits for a moment without writes

take() { # take NAME RECORD: into a hidden folder, which is renamed when it is complete
  local name=$1 record=$2 folder=$BACKUPS/.incoming-$1 chain bytes manifest finished
  wait_for_stream
  chain=$(current_chain)
  set_field "$record" chain "$chain"
  bytes=$(sql 'select sum(pg_database_size(oid)) from pg_database' 2>>"$LOG") || stop "the database does not respond: $(last_words "$LOG")"
  set_field "$record" cluster_bytes "$bytes"
  # Both copies, compressed, and both restored at the same time.
  room_for "$((bytes * 5 / 2 + 64000000))" "$BACKUPS" ||
    stop "the volume of the backups has less space than a backup and its restore need, $(megabytes "$((bytes * 5 / 2 + 64000000))"): enlarge it, or lower BACKUP_KEEP_DAYS"
  mkdir -m 0700 "$folder"

  try 'the database could not be copied' pg_basebackup --pgdata="$folder/base" --format=tar --compress=client-gzip:1 --checkpoint=fast \
    --wal-method=none --manifest-checksums=SHA256 --label="$name" --no-password
  finished=$(sql 'select clock_timestamp()' 2>>"$LOG") || stop "the database does not respond: $(last_words "$LOG")"
  set_field "$record" base_finished_at "$finished" # any time from here on can be restored
  manifest=$(grep -ao '"Timeline": [0-9]*, "Start-LSN": "[0-9A-F/]*"' "$folder/base/backup_manifest" | sed -n 1p)
  [[ $manifest =~ \"Timeline\":\ ([0-9]+),\ \"Start-LSN\":\ \"([0-9A-F/]+)\" ]] || stop "backup_manifest does not contain the start of the base: its format is not the expected one"
  set_field "$record" first_segment "$(segment_of "$chain" "$(printf '%08X' "${BASH_REMATCH[1]}")" "${BASH_REMATCH[2]}")"
  echo "$chain" >"$BASE"
  step "base taken: $(megabytes "$(du -sb "$folder/base" | cut -f 1)") of $(megabytes "$bytes")"

  take_snapshot "$name" "$record" "$folder"
  set_field "$record" rows "$(awk -F '|' '{ rows += $2 } END { print rows + 0 }' "$folder/contents")"
  step "dump taken: $(megabytes "$(stat --format %s "$folder/dump")"); $(wc -l <"$folder/contents") tables counted; writes were blocked for $(field "$record" locked_ms) ms"

  [[ $(current_chain) == "$chain" ]] || stop 'the database was replaced or restored during the backup: the next round copies the new one'
  (cd "$folder" && sha256sum base/base.tar.gz base/backup_manifest dump contents >checksums) || stop 'checksums could not be written: No space left on device'
  set_field "$record" size_bytes "$(du -sb "$folder" | cut -f 1)"
  cp "$record" "$folder/record"
  mv "$folder" "$BACKUPS/$name"
  sync --file-system "$BACKUPS"
}

take_snapshot() { # take_snapshot NAME RECORD FOLDER: retry until there is a moment without writes
  local deadline=$((SECONDS + LOCK_SECONDS)) target=verify-$1 answer place locked revision
  while true; do
    : >"$LOG"
    if answer=$(PGAPPNAME='draft-queen backup' DUMP=$3/dump CONTENTS=$3/contents psql --no-psqlrc --quiet --tuples-only --no-align --no-password \
      --set=ON_ERROR_STOP=1 --set=target="$target" --file="$library/snapshot.sql" 2>>"$LOG"); then
      break
    fi
    grep -qE 'statement timeout|deadlock detected|could not open relation|does not exist' "$LOG" || stop "the dump could not be taken: $(last_words "$LOG")"
    ((SECONDS < deadline)) || stop "the tables were written to for $LOCK_SECONDS s without a pause: look for a load that does not end"
    sleep "0.$((RANDOM % 900 + 100))"
  done
  read -r place locked revision <<<"$answer"
  set_field "$2" target "$target"
  set_field "$2" target_lsn "$place"
  set_field "$2" locked_ms "$locked"
  set_field "$2" revision "$revision"
  wait_for_stream "$place"
}
