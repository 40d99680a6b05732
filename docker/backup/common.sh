# shellcheck shell=bash
# What every part of `backup` uses: where things lie, how it speaks, records, and one question to the database.
#
# /backups/NAME/               one backup: base/ (pg_basebackup), dump (pg_dump), contents (counts and checksums of every table), checksums, record
# /backups/wal/CHAIN/          what the database wrote since, without a gap; a chain belongs to one database and one timeline
# /backups/.incoming-NAME/     a backup that is being made      /backups/.scratch/   where one is restored to be compared

readonly BACKUPS=${BACKUPS_DIR:-/backups}
readonly WAL=$BACKUPS/wal
readonly SCRATCH=$BACKUPS/.scratch
# Not on the volume: they are about this container's life, and must be writable when the volume is full.
readonly STATE=${BACKUP_STATE_DIR:-/tmp/backup}
readonly STREAM_LOG=$STATE/stream.log STREAM_PID=$STATE/stream.pid LAST_ROUND=$STATE/last-round PROBLEM=$STATE/problem LOG=$STATE/log BASE=$STATE/base

say() { # a line of the log
  printf '%(%Y-%m-%dT%H:%M:%SZ)T %s\n' -1 "$*"
}

fail() {
  echo "draft-queen: $*" >&2
  exit 1
}

began=${EPOCHREALTIME/[.,]/}
step() { # a line of progress, with the seconds since the command began
  local now=${EPOCHREALTIME/[.,]/}
  printf '%6d.%d s  %s\n' $(((now - began) / 1000000)) $((((now - began) % 1000000) / 100000)) "$*"
}

now() { # in the form that records and PostgreSQL read
  date -u '+%Y-%m-%d %H:%M:%S.%6N+00'
}

seconds_of() { # seconds_of TIME: since 1970
  date -u -d "$1" +%s
}

megabytes() { # megabytes BYTES
  echo "$((($1 + 999999) / 1000000)) MB"
}

# --- what goes wrong -------------------------------------------------------------------------------------------------------------

last_words() { # last_words FILE: of a program that has failed
  local words
  words=$(grep -aE 'FATAL|PANIC|ERROR|error:|No space left' "$1" | tail -n 1 || true)
  [[ -n $words ]] || words=$(grep -av '^[[:space:]]*$' "$1" | tail -n 1 || true)
  # Without the program's name, a server's time, process and prefix, and what would end a line of a record.
  sed -E 's/^.*(FATAL|PANIC|ERROR): +//; s/^[a-z_]+: (error: )?//; s/[[:cntrl:]]//g' <<<"${words:-it said nothing}" | cut -c1-300
}

# stop SENTENCE: ends a round; the sentence becomes the problem of its record
stop() {
  local sentence=$1
  if grep -qa 'No space left on device' "$LOG" 2>/dev/null || [[ $sentence == *'No space left on device'* ]]; then
    sentence="the volume of the backups is full: give it more room, or lower BACKUP_KEEP_DAYS"
  fi
  echo "$sentence" >"$PROBLEM"
  exit 1
}

# try SENTENCE COMMAND...: a command of a round; the sentence says what could not be done, and gets the command's last words
try() {
  local sentence=$1
  shift
  : >"$LOG"
  "$@" >>"$LOG" 2>&1 || stop "$sentence: $(last_words "$LOG")"
}

# --- the database ----------------------------------------------------------------------------------------------------------------

# The password goes into libpq's own file: an environment is shown to everything that runs here.
prepare_connection() {
  local password
  [[ -n ${BACKUP_PASSWORD_FILE:-} ]] || return 0 # a restore has no connection
  [[ -s $BACKUP_PASSWORD_FILE ]] || fail "the secret backup_password is missing or empty: run 'make secrets'."
  password=$(<"$BACKUP_PASSWORD_FILE")
  password=${password//\\/\\\\}
  (umask 077 && printf '%s:*:*:%s:%s\n' "$PGHOST" "$PGUSER" "${password//:/\\:}" >"$STATE/.pgpass.$$")
  mv -f "$STATE/.pgpass.$$" "$STATE/pgpass"
  export PGPASSFILE=$STATE/pgpass
}

sql() { # sql STATEMENT: its values, one row a line
  psql --no-psqlrc --quiet --tuples-only --no-align --no-password --set=ON_ERROR_STOP=1 --command="$1"
}

# --- records: lines of NAME=VALUE ------------------------------------------------------------------------------------------------

field() { # field FILE NAME; nothing when there is no such file
  [[ -e $1 ]] || return 0
  sed -n "s/^$2=//p" "$1" | tail -n 1
}

write() { # write FILE TEXT: whole or not at all, also on a volume that is full, and in a condition, where nothing stops at an error
  printf '%s\n' "$2" >"$1.new" && mv -f "$1.new" "$1"
}

set_field() { # set_field FILE NAME VALUE
  local others
  others=$(grep -v "^$2=" "$1" 2>/dev/null || true)
  write "$1" "${others:+$others$'\n'}$2=$3"
}

names() { # of all backups, the newest first
  local record
  for record in "$BACKUPS"/[0-9]*/record; do
    [[ -e $record ]] || continue
    record=${record%/record}
    echo "${record##*/}"
  done | sort -r
}

is_whole() { # is_whole NAME: its files are there
  [[ -e $BACKUPS/$1/base/base.tar.gz && -e $BACKUPS/$1/checksums ]]
}

is_verified() { # is_verified NAME
  local record=$BACKUPS/$1/record
  [[ -n $(field "$record" verified_at) && -z $(field "$record" problem) ]] && is_whole "$1"
}

# --- one at a time ---------------------------------------------------------------------------------------------------------------

# The lock is held until the process ends, however it ends; other containers with the same volume see it too.
take_lock() { # take_lock [wait]
  exec 9>"$BACKUPS/.lock" || fail "the volume of the backups cannot be written: look at its owner (999) and at the room on it."
  if [[ ${1:-} == wait ]]; then flock 9; else flock --nonblock 9; fi
}

room_for() { # room_for BYTES FOLDER: whether so much is free there
  (($(df --output=avail --block-size=1 "$2" | tail -n 1) >= $1))
}
