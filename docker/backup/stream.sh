# shellcheck shell=bash
# Receives the write-ahead log as the database writes it, and reconnects when the connection ends.

readonly SLOT=draft_queen_backup STREAM_NAME='draft-queen backup stream'
readonly LONGEST_PAUSE=60

identify() { # SYSTEM|TIMELINE|POSITION|, as reported by the database
  psql --no-psqlrc --quiet --tuples-only --no-align --no-password --dbname="dbname=$PGDATABASE replication=true" --command=IDENTIFY_SYSTEM
}

# open_chain SYSTEM TIMELINE: continue the present chain where it stopped, else begin a new one
open_chain() {
  local system=$1 timeline=$2 slot chain
  slot=$(sql "select coalesce(wal_status, 'reserved') from pg_replication_slots where slot_name = '$SLOT'") || return 1
  chain=$(current_chain)
  # Another database, or this one after a restore.
  if [[ ! $chain =~ ^$system-$timeline(-[0-9]+)?$ ]]; then new_chain "$system" "$timeline" replaced || return 1; fi
  [[ -z $slot || $slot == lost ]] || return 0
  if [[ $slot == lost ]]; then
    sql "select pg_drop_replication_slot('$SLOT')" >/dev/null || return 1
    say "The database has removed changes that were not received, because backups were stopped for too long: a new backup begins a new chain."
  fi
  # Without a slot the database retained nothing for us: there may be a gap.
  if [[ -n $(segments "$(current_chain)" | sed -n 1p) ]]; then new_chain "$system" "$timeline" gap || return 1; fi
  sql "select pg_create_physical_replication_slot('$SLOT', true)" >/dev/null || return 1
}

why_it_ended() { # as an error message
  local words
  [[ -s $STREAM_LOG ]] || { echo 'the receiver is just starting'; return; }
  words=$(last_words "$STREAM_LOG")
  # Its last message is only that it is disconnected.
  if grep -qa 'No space left on device' "$STREAM_LOG"; then words='No space left on device'; fi
  case $words in
    *'No space left on device'*)
      echo "the volume of the backups is full: enlarge it, or lower BACKUP_KEEP_DAYS; until then the database retains its log, up to max_slot_wal_keep_size" ;;
    *'onnection refused'* | *'could not translate'* | *'shutting down'* | *'starting up'* | *'closed the connection'* | *'terminating'* | *'timeout'* | *'no COPY in progress'* | *'unexpected termination'* | *disconnected* | *'could not receive'*)
      echo "the database is unavailable" ;;
    *'password authentication failed'*) echo "the database refuses the secret backup_password: 'make rotate SECRET=backup' sets a new one in both places" ;;
    *) echo "$words" ;;
  esac
}

stream_once() { # until it ends; every failure is logged
  local identity system timeline folder
  : >"$STREAM_LOG"
  identity=$(identify 2>>"$STREAM_LOG") || return 0
  IFS='|' read -r system timeline _ <<<"$identity"
  open_chain "$system" "$(printf '%08X' "$timeline")" 2>>"$STREAM_LOG" || return 0
  folder=$WAL/$(current_chain)
  # A full volume leaves a truncated segment, which the receiver would refuse; none of it was confirmed.
  find "$folder" -maxdepth 1 -name '*.partial' ! -size "$(segment_bytes "$(current_chain)")c" -delete
  # Every commit is written to the disk and confirmed as it arrives; commits do not wait for that. Keepalives detect a dead connection.
  PGAPPNAME=$STREAM_NAME pg_receivewal --directory="$folder" --slot="$SLOT" --synchronous --no-loop --no-password --verbose \
    --dbname="keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=30000" 2>>"$STREAM_LOG" &
  echo $! >"$STREAM_PID"
  wait $! || true
  rm -f "$STREAM_PID"
}

stream_forever() {
  local pause=1 since
  while true; do
    since=$SECONDS
    stream_once
    ((SECONDS - since < LONGEST_PAUSE)) || pause=1
    say "Changes are not being received: $(why_it_ended). Retrying in $pause s."
    sleep "$pause"
    pause=$((pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE))
  done
}

is_streaming() {
  local pid
  pid=$(cat "$STREAM_PID" 2>/dev/null) || return 1
  kill -0 "$pid" 2>/dev/null && grep -q 'starting log streaming' "$STREAM_LOG"
}

received() { # the position received so far, according to the database; empty while not streaming
  sql "select max(flush_lsn) from pg_stat_replication where application_name = '$STREAM_NAME'"
}

look_at_stream() { # record the position of the chain
  local chain place
  chain=$(current_chain)
  place=$(received 2>/dev/null) && [[ -n $place && -d $WAL/$chain ]] || return 0
  { write "$WAL/$chain/received" "$place $(now)" && note_segments "$chain"; } 2>/dev/null ||
    say "The position of the log cannot be recorded: check the free space on the volume of the backups."
}

wait_for_stream() { # wait_for_stream [LSN]: until it runs, or has reached that position
  local deadline=$((SECONDS + 60))
  while ((SECONDS < deadline)); do
    if [[ -z ${1:-} ]]; then
      if is_streaming; then return; fi
    elif [[ $(sql "select coalesce(max(flush_lsn) >= '$1', false) from pg_stat_replication where application_name = '$STREAM_NAME'" 2>>"$LOG") == t ]]; then
      return
    fi
    sleep 0.2
  done
  stop "the database's changes are not being received: $(why_it_ended)"
}
