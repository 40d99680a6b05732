# shellcheck shell=bash
# The service: the stream, and a round when it is due.

readonly RETRY_SECONDS=60 LONGEST_RETRY_SECONDS=3600
readonly STREAM_PATIENCE=120 # how long a restore waits for the stream before it starts everything without a backup
readonly LOOK_SECONDS=60 # how often the position of the stream is recorded

# Under the lock: make a backup, verify it, and prune; end the process on failure. Never call this in a condition, where errors inside would not stop
# it.
round() {
  local name record=$STATE/record problem='' status
  mkdir -p "$WAL"
  name=$(date -u +%Y%m%dT%H%M%SZ)
  rm -f "$PROBLEM" "$record" "$BASE"
  set_field "$record" name "$name"
  set_field "$record" started_at "$(now)"
  clear_leftovers
  close_interrupted
  prune
  step "backup $name"
  set +e
  (
    set -e
    take "$name" "$record"
    verify "$name"
  )
  status=$?
  set -e
  clear_leftovers
  if ((status)); then problem=$(cat "$PROBLEM" 2>/dev/null || echo "it was interrupted or failed unexpectedly ($status): $(last_words "$LOG")"); fi
  if [[ -z $problem ]]; then set_field "$record" verified_at "$(now)"; fi
  set_field "$record" problem "$problem"
  set_field "$record" finished_at "$(now)"
  # On a full volume this may fail; then only the table and the log have it.
  if ! { mkdir -p "$BACKUPS/$name" && cp "$record" "$BACKUPS/$name/.record" && mv "$BACKUPS/$name/.record" "$BACKUPS/$name/record"; } 2>/dev/null; then
    say "The record of $name cannot be written."
  fi
  look_at_stream
  look_again
  prune
  write_ledger "$record" || say 'The table of backups cannot be written now; the rows will be added later.'
  if [[ -n $problem ]]; then
    echo "failed: $problem" >"$LAST_ROUND"
    fail "backup $name is not verified: $problem."
  fi
  echo ok >"$LAST_ROUND"
  step "backup $name is verified: $(megabytes "$(field "$record" size_bytes)"), $(field "$record" rows) rows"
}

is_due() { # succeed if this chain has no verified backup, or the last one is too old
  local chain name
  chain=$(current_chain)
  while IFS= read -r name; do
    if is_verified "$name" && [[ $(field "$BACKUPS/$name/record" chain) == "$chain" ]]; then
      (($(date +%s) - $(seconds_of "$(field "$BACKUPS/$name/record" started_at)") >= BACKUP_EVERY_SECONDS))
      return
    fi
  done < <(names)
  return 0
}

round_if_due() {
  take_lock wait
  is_due || return 0
  round
}

round_now() {
  take_lock || fail "a backup is already being made: 'make backups' will show it."
  is_streaming || fail "the database's changes are not being received: $(why_it_ended)."
  round
}

verify_again() { # verify_again NAME: repeat the whole verification of an existing backup
  local problem='' status
  if [[ ! $1 =~ ^[0-9]{8}T[0-9]{6}Z$ ]] || ! is_whole "$1"; then fail "backup $1 does not exist or has no files: 'make backups' lists them."; fi
  take_lock wait # until a running round has finished
  rm -f "$PROBLEM"
  set +e
  (
    set -e
    verify "$1"
  )
  status=$?
  set -e
  if ((status)); then problem=$(cat "$PROBLEM" 2>/dev/null || echo 'the verification was interrupted'); fi
  clear_leftovers
  set_field "$BACKUPS/$1/record" problem "$problem"
  if [[ -z $problem ]]; then set_field "$BACKUPS/$1/record" verified_at "$(now)"; fi
  write_ledger || true
  [[ -z $problem ]] || fail "the verification of backup $1 failed: $problem."
  step "backup $1 is verified"
}

# After a restore: wait for the first base of the restored database, made by the service itself. Dump and verification continue in the background.
wait_for_base() {
  local system timeline name chain deadline=$((SECONDS + 7200)) streamed=$SECONDS identity
  while ((SECONDS < deadline)); do
    chain=$(current_chain)
    if identity=$(identify 2>/dev/null) && IFS='|' read -r system timeline _ <<<"$identity" && [[ $chain =~ ^$system-$(printf '%08X' "$timeline")(-[0-9]+)?$ ]]; then
      name=$(names | sed -n 1p)
      if [[ $(cat "$BASE" 2>/dev/null) == "$chain" ]] || { [[ $(field "$BACKUPS/$name/record" chain) == "$chain" ]] && is_whole "$name"; }; then
        step 'the first base of the restored database is complete; its dump and verification continue'
        return
      fi
      if [[ $(field "$BACKUPS/$name/record" chain) == "$chain" ]]; then
        fail "no backup of the restored database could be made: $(field "$BACKUPS/$name/record" problem)."
      fi
    fi
    if is_streaming; then streamed=$SECONDS; fi
    ((SECONDS - streamed < STREAM_PATIENCE)) || fail "no backup of the restored database can be made: $(why_it_ended)."
    sleep 0.3
  done
  fail "no backup of the restored database was made within two hours: docker compose -f compose.prod.yaml logs backup"
}

healthy() { # succeed if changes are being received and the last round did not fail
  is_streaming || { echo "changes are not being received: $(why_it_ended)"; exit 1; }
  [[ $(cat "$LAST_ROUND" 2>/dev/null) != failed:* ]] || { cat "$LAST_ROUND"; exit 1; }
}

nap() { # interruptible sleep: a signal does not wait for its end
  sleep "$1" &
  wait $! || true
}

ended() { # stop the service
  trap - TERM INT
  say 'Stopping.'
  # Process groups, so that their programs get the signal as well.
  kill -TERM -- "-$stream" ${running:+"-$running"} 2>/dev/null || true
  wait || true
  exit 0
}

last_outcome() { # the outcome of the newest record, for a container that has just started
  local newest problem
  newest=$(names | sed -n 1p)
  problem=$(field "$BACKUPS/${newest:-none}/record" problem)
  if [[ -n $problem ]]; then echo "failed: $problem"; else echo ok; fi
}

serve() {
  local stream running='' not_before=0 pause=$RETRY_SECONDS looked=0 written=''
  [[ -w $BACKUPS ]] || fail "the volume of the backups cannot be written by user $(id -u): give it to that user."
  mkdir -p "$WAL"
  last_outcome >"$LAST_ROUND"
  say "A backup every $BACKUP_EVERY_SECONDS s, kept for $BACKUP_KEEP_DAYS days."
  setsid bash "$library/backup.sh" stream &
  stream=$!
  trap ended TERM INT
  while true; do
    kill -0 "$stream" 2>/dev/null || fail 'the stream has ended: the service is restarted.'
    if is_streaming; then
      if ((SECONDS - looked >= LOOK_SECONDS || looked == 0)); then
        looked=$SECONDS
        look_at_stream
        if [[ -z $written ]] && write_ledger; then written=yes; fi
      fi
      if [[ -z $running ]] && ((SECONDS >= not_before)) && is_due; then
        setsid bash "$library/backup.sh" due &
        running=$!
      fi
    fi
    if [[ -n $running ]] && ! kill -0 "$running" 2>/dev/null; then
      if wait "$running"; then
        pause=$RETRY_SECONDS
      else
        not_before=$((SECONDS + pause))
        pause=$((pause * 2 < LONGEST_RETRY_SECONDS ? pause * 2 : LONGEST_RETRY_SECONDS))
      fi
      running=''
    fi
    nap "$((SECONDS < 60 ? 1 : 5))" # an operator may be waiting for the first backup
  done
}
