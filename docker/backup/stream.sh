# shellcheck shell=bash
# Receives what the database writes, as it writes it, and starts again when that ends.

readonly SLOT=draft_queen_backup STREAM_NAME='draft-queen backup stream'
readonly LONGEST_PAUSE=60

identify() { # SYSTEM|TIMELINE|PLACE|, as the database itself says
  psql --no-psqlrc --quiet --tuples-only --no-align --no-password --dbname="dbname=$PGDATABASE replication=true" --command=IDENTIFY_SYSTEM
}

# open_chain SYSTEM TIMELINE: the present chain when it goes on where it stopped, else a new one
open_chain() {
  local system=$1 timeline=$2 slot chain
  slot=$(sql "select coalesce(wal_status, 'reserved') from pg_replication_slots where slot_name = '$SLOT'") || return 1
  chain=$(current_chain)
  # Another database, or this one after a restore.
  if [[ ! $chain =~ ^$system-$timeline(-[0-9]+)?$ ]]; then new_chain "$system" "$timeline" replaced || return 1; fi
  [[ -z $slot || $slot == lost ]] || return 0
  if [[ $slot == lost ]]; then
    sql "select pg_drop_replication_slot('$SLOT')" >/dev/null || return 1
    say "The database has removed changes that were not received, because backups were away for too long: a new backup begins a new chain."
  fi
  # Without a slot nothing was kept for us: what comes may not follow what is there.
  if [[ -n $(segments "$(current_chain)" | sed -n 1p) ]]; then new_chain "$system" "$timeline" gap || return 1; fi
  sql "select pg_create_physical_replication_slot('$SLOT', true)" >/dev/null || return 1
}

why_it_ended() { # in a sentence
  local words
  [[ -s $STREAM_LOG ]] || { echo 'the receiver is just being started'; return; }
  words=$(last_words "$STREAM_LOG")
  # What it says last is that it is disconnected.
  if grep -qa 'No space left on device' "$STREAM_LOG"; then words='No space left on device'; fi
  case $words in
    *'No space left on device'*)
      echo "the volume of the backups is full: give it more room, or lower BACKUP_KEEP_DAYS; until then the database keeps what it writes, up to max_slot_wal_keep_size" ;;
    *'onnection refused'* | *'could not translate'* | *'shutting down'* | *'starting up'* | *'closed the connection'* | *'terminating'* | *'timeout'* | *'no COPY in progress'* | *'unexpected termination'* | *disconnected* | *'could not receive'*)
      echo "the database is away" ;;
    *'password authentication failed'*) echo "the database refuses the secret backup_password: 'make rotate SECRET=backup' makes one that both know" ;;
    *) echo "$words" ;;
  esac
}

stream_once() { # until it ends; every failure is in the log
  local identity system timeline folder
  : >"$STREAM_LOG"
  identity=$(identify 2>>"$STREAM_LOG") || return 0
  IFS='|' read -r system timeline _ <<<"$identity"
  open_chain "$system" "$(printf '%08X' "$timeline")" 2>>"$STREAM_LOG" || return 0
  folder=$WAL/$(current_chain)
  # A volume that was full leaves one that is shorter, which the receiver would refuse; nothing of it was confirmed.
  find "$folder" -maxdepth 1 -name '*.partial' ! -size "$(segment_bytes "$(current_chain)")c" -delete
  # Every commit is written to the disk as it comes, and confirmed; nobody waits for that. A connection that died without a word is noticed.
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
    say "Changes are not received: $(why_it_ended). Trying again in $pause s."
    sleep "$pause"
    pause=$((pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE))
  done
}

is_streaming() {
  local pid
  pid=$(cat "$STREAM_PID" 2>/dev/null) || return 1
  kill -0 "$pid" 2>/dev/null && grep -q 'starting log streaming' "$STREAM_LOG"
}

received() { # how far changes have come, as the database knows; empty while nobody receives
  sql "select max(flush_lsn) from pg_stat_replication where application_name = '$STREAM_NAME'"
}

look_at_stream() { # writes down how far the chain has come
  local chain place
  chain=$(current_chain)
  place=$(received 2>/dev/null) && [[ -n $place && -d $WAL/$chain ]] || return 0
  { write "$WAL/$chain/received" "$place $(now)" && note_segments "$chain"; } 2>/dev/null ||
    say "What was received cannot be written down: look at the room on the volume of the backups."
}

wait_for_stream() { # wait_for_stream [LSN]: until it runs, or has come so far
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
