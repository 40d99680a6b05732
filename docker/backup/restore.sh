# shellcheck shell=bash
# Chooses a backup, and restores it to a point in time in the database's volume. scripts/backups.sh stops and starts the services.

readonly MISSED=1000000 # the log may end at most this many bytes before the last position that was confirmed

say_plan() { # for the operator; standard output is for the script
  echo "$*" >&2
}

read_time() { # read_time TEXT: in the format of the records; the default zone is UTC
  local form='^([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?) ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?$'
  if [[ $1 =~ $form ]] && utc "${BASH_REMATCH[1]} ${BASH_REMATCH[2]} ${BASH_REMATCH[5]:-UTC}" 2>/dev/null; then return; fi
  if [[ $1 =~ ^[0-9]{8}T[0-9]{6}Z$ ]]; then fail "AT=$1 is the name of a backup, not a time: write NAME=$1."; fi
  # The beginning of a day would lose its changes, and its end may be in the future: the operator has to decide.
  if [[ $1 =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] && utc "$1" >/dev/null 2>&1; then
    fail "AT=$1 has no time of day: write one, as in AT='$1 12:00:00+00', or give the NAME of a backup."
  fi
  fail "AT=$1 is not a valid time: write it like AT='2026-05-01 12:00:00+00'."
}

candidates() { # candidates [TIME]: verified backups from which the time can be reached, the newest first
  local name
  while IFS= read -r name; do
    is_verified "$name" || continue
    # All times have the same format, so they compare as strings.
    if [[ -z ${1:-} || ! $(utc "$(field "$BACKUPS/$name/record" base_finished_at)") > $1 ]]; then echo "$name"; fi
  done < <(names)
}

utc() { # utc TIME: in the format of the records
  date -u -d "$1" '+%Y-%m-%d %H:%M:%S.%6N+00'
}

offer() { # offer NAME [TIME]: suggest the next older intact backup
  local name at=''
  if [[ -n ${2:-} ]]; then at="AT='${2:0:19}+00' "; fi
  while IFS= read -r name; do
    if [[ $name < $1 && -z $(damage "$name") ]]; then
      echo "The next older intact backup is $name, from $(field "$BACKUPS/$name/record" started_at | cut -c1-19) UTC: make restore ${at}NAME=$name"
      return
    fi
  done < <(candidates)
  echo 'No older backup is intact.'
}

choose() { # choose TIME NAME: set chosen
  local at=$1 name=$2
  [[ -n $(names) ]] || fail "no backup to restore: copy one into the volume of the backups (docs/operations.md)."
  if [[ -n $name ]]; then
    [[ $name =~ ^[0-9]{8}T[0-9]{6}Z$ && -e $BACKUPS/$name/record ]] || fail "backup NAME=$name does not exist: 'make backups' lists them."
    is_whole "$name" || fail "the files of backup $name have been removed ($(field "$BACKUPS/$name/record" problem)): 'make backups' lists the others."
    if [[ -n $at && $(utc "$(field "$BACKUPS/$name/record" base_finished_at)") > $at ]]; then
      fail "AT=${at:0:19} is earlier than the end of backup $name ($(field "$BACKUPS/$name/record" base_finished_at | cut -c1-19) UTC): choose an older backup, or omit NAME."
    fi
    is_verified "$name" || say_plan "Backup $name was never verified, or is damaged: $(state_of "$name")."
    chosen=$name
    return
  fi
  chosen=$(candidates "$at" | sed -n 1p)
  [[ -z $chosen ]] || return 0
  name=$(candidates | tail -n 1)
  [[ -n $name ]] || fail "no backup has been verified yet: 'make backups' shows why; make restore NAME=... restores one anyway."
  fail "AT=${at:0:19} is earlier than the first backup: the earliest time is $(field "$BACKUPS/$name/record" base_finished_at | cut -c1-19) UTC."
}

look_at_files() { # look_at_files TIME NAME_GIVEN: check the files of the chosen backup and of the log it needs
  local at=$1 record=$BACKUPS/$chosen/record chain reason last='' end
  chain=$(field "$record" chain)
  reason=$(damage "$chosen")
  if [[ -n $reason ]]; then fail "backup $chosen is damaged: $reason. Nothing was changed. $(offer "$chosen" "$at")"; fi
  if [[ -z $at && -n $2 ]]; then last=$(last_segment "$chosen"); fi
  reason=$(damage_in_wal "$chain" "$(field "$record" first_segment)" "$last")
  if [[ -n $reason ]]; then
    if [[ -n $(damage_in_wal "$chain" "$(field "$record" first_segment)" "$(last_segment "$chosen")") ]]; then
      fail "backup $chosen is damaged: $reason. Nothing was changed. $(offer "$chosen" "$at")"
    fi
    fail "after backup $chosen $reason, so later changes cannot be restored. Nothing was changed. The backup itself is intact: make restore NAME=$chosen"
  fi
  end=$(end_of_chain "$chain")
  if [[ -z $2 && $chain != "$(current_chain)" ]] && [[ -z $at || $at > $(utc "$end") ]]; then
    fail "changes after ${end:0:19} UTC, when the database was restored or replaced, are not in a verified backup yet: see 'make backups', and restore a backup of the present database with NAME=... even if it is not verified. NAME=$chosen goes back to the previous database."
  fi
  if [[ -n $at && $(cat "$WAL/$chain/ended" 2>/dev/null) == gap && $at > $(utc "$end") ]]; then
    fail "changes between ${end:0:19} UTC and the next backup were not received, so AT=${at:0:19} cannot be restored: choose a time before that, or after the next backup."
  fi
}

look_at_room() { # check the free space on the database's volume
  local root=${PGDATA%/*/*} need kept
  need=$(field "$BACKUPS/$chosen/record" cluster_bytes)
  need=$((need * 11 / 10 + 100000000))
  room_for "$need" "$root" && return
  kept=$(find "$root" -maxdepth 2 -name 'before-restore-*' | sed -n 1p)
  fail "the database's volume has $(megabytes "$(df --output=avail --block-size=1 "$root" | tail -n 1)") of free space and the restored database needs $(megabytes "$need") in addition to the present one. Nothing was changed: enlarge the volume${kept:+, or remove the database that the last restore kept: make forget}."
}

plan() { # plan [TIME] [NAME]: describe on standard error what a restore would do; print NAME|KIND|VALUE on standard output
  local at=${1:-} name=${2:-} record chosen=''
  if [[ -n $at ]]; then
    at=$(read_time "$at")
    [[ ! $at > $(now) ]] || fail "AT=${at:0:19} UTC is in the future: omit AT for the latest state."
  fi
  choose "$at" "$name"
  record=$BACKUPS/$chosen/record
  look_at_files "$at" "$name"
  look_at_room
  say_plan "Backup $chosen: $(megabytes "$(field "$record" cluster_bytes)"), $(field "$record" rows) rows, schema $(field "$record" revision), $(state_of "$chosen")."
  if [[ -n $at ]]; then
    say_plan "The database will be restored to its state at ${at:0:26} UTC."
    echo "$chosen|time|$at"
  elif [[ -n $name ]]; then
    say_plan "The database will be restored to its state when this backup was made, $(field "$record" base_finished_at | cut -c1-19) UTC."
    echo "$chosen|name|$(field "$record" target)"
  else
    say_plan "The database will be restored to the latest state received, with everything until at least $(end_of_chain "$(field "$record" chain)" | cut -c1-19) UTC."
    echo "$chosen|end|"
  fi
}

# --- the restore itself ----------------------------------------------------------------------------------------------------------

recover() { # recover DATA CHAIN KIND VALUE
  local data=$1 chain=$2 setting=''
  case $3 in
    name) setting="recovery_target_name = '$4'" ;;
    time) setting="recovery_target_time = '$4'" ;;
  esac
  start_server "$data" "$chain" "$setting" && return
  if [[ $3 == time ]] && grep -q 'recovery ended before configured recovery target was reached' "$SERVER_LOG"; then
    # The database did not change after that time: the end of the log is the state at that time.
    stop_server immediate
    start_server "$data" "$chain" && recovered_to_end=yes && return
  fi
  fail "backup $chosen and its log cannot be restored to that point: $(last_words "$SERVER_LOG"). Nothing was changed. $(offer "$chosen")"
}

recovered_to_end=''
look_at_end() { # look_at_end DATA CHAIN: check that the log ended where it should
  local known reached history
  known=$(cut -d ' ' -f 1 "$WAL/$2/received" 2>/dev/null || true)
  [[ -n $known ]] || return 0
  history=$(find "$1/pg_wal" -name '*.history' | sort | tail -n 1)
  reached=$(awk 'NF { place = $2 } END { print place }' "$history")
  (($(lsn_number "$reached") + MISSED >= $(lsn_number "$known"))) ||
    fail "the log after backup $chosen is damaged at $reached, though changes up to $known were received. Nothing was changed. Up to the damage: make restore AT='$(last_change | cut -c1-19)+00' NAME=$chosen"
}

last_change() { # the time of the last restored transaction
  sed -nE 's/.*last completed transaction was at log time ([-0-9]+ [0-9:.]+).*/\1/p' "$SERVER_LOG" | tail -n 1
}

# hold_volume FOLDER: the database holds this lock while it runs (compose.prod.yaml), and waits for it when it starts. So the folder never changes under
# a running database, not even by a restore that lost its terminal.
hold_volume() {
  exec 8<"$1"
  flock --exclusive --nonblock 8 || fail "the database is running: 'make restore' stops it first."
}

restoring='' # the folder of the database that is being restored
put_away() {
  stop_server immediate
  rm -rf "$restoring"
}

apply() { # apply NAME KIND VALUE
  local chosen=$1 record=$BACKUPS/$1/record root=${PGDATA%/*} data chain change
  chain=$(field "$record" chain)
  data=$root/restoring
  restoring=$data
  take_lock || fail "a backup or another restore is running: wait until it has finished, or stop the service backup."
  hold_volume "${root%/*}"
  mkdir -p "$root"
  rm -rf "$data"
  trap put_away EXIT
  mkdir -m 0700 "$data"
  tar --extract --gzip --directory "$data" --file "$BACKUPS/$chosen/base/base.tar.gz" 2>"$LOG" ||
    fail "the base of $chosen cannot be unpacked next to the present database: $(last_words "$LOG"). Nothing was changed."
  step "base of $chosen unpacked"
  recover "$data" "$chain" "$2" "$3"
  if [[ $2 == end || -n $recovered_to_end ]]; then look_at_end "$data" "$chain"; fi
  change=$(last_change)
  step "log replayed${change:+; the last change is from $change UTC}"
  # The secrets may have changed since then.
  PGHOST=$SERVER POSTGRES_USER=postgres POSTGRES_DB=$PGDATABASE bash "$library/20-roles.sh" 2>"$LOG" || fail "the secrets cannot be set: $(last_words "$LOG"). Nothing was changed."
  stop_server fast
  # So far nothing was synced to the disk.
  initdb --sync-only --pgdata="$data" >"$LOG" 2>&1 || fail "the restored database cannot be written to the disk: $(last_words "$LOG"). Nothing was changed."
  # From here on that folder may contain the previous database, which is kept.
  trap '' TERM INT HUP
  trap - EXIT
  take_place "$root" "$data"
  step 'the restored database is in place; the previous one is kept until the next restore'
}

# take_place ROOT DATA: atomically, so that an interruption leaves one of the two databases in place, never none
take_place() {
  find "$1" -maxdepth 1 -name 'before-restore-*' -exec rm -rf {} +
  if [[ -e $PGDATA ]]; then
    mv --exchange --no-target-directory "$2" "$PGDATA"
    mv "$2" "$1/before-restore-$(date -u +%Y%m%dT%H%M%SZ)"
  else
    mv "$2" "$PGDATA"
  fi
  sync --file-system "$1"
}

forget() { # the database that the last restore kept
  find "${PGDATA%/*}" -maxdepth 1 -name 'before-restore-*' -exec rm -rf {} +
}
