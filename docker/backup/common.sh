# shellcheck shell=bash
# Shared by all parts of `backup`: paths, messages, records, and database queries.
#
# /backups/NAME/               one backup: base/ (pg_basebackup), dump (pg_dump), contents (counts and checksums of every table), checksums, record
# /backups/wal/CHAIN/          the write-ahead log since then, without a gap; a chain belongs to one database and one timeline
# /backups/.incoming-NAME/     an unfinished backup             /backups/.scratch/   the database that is restored for comparison

readonly BACKUPS=${BACKUPS_DIR:-/backups}
readonly WAL=$BACKUPS/wal
readonly SCRATCH=$BACKUPS/.scratch
# Not on the volume: these files describe this container, and must be writable when the volume is full.
readonly STATE=${BACKUP_STATE_DIR:-/tmp/backup}
readonly STREAM_LOG=$STATE/stream.log STREAM_PID=$STATE/stream.pid LAST_ROUND=$STATE/last-round PROBLEM=$STATE/problem LOG=$STATE/log BASE=$STATE/base

say() { # log a line
  printf '%(%Y-%m-%dT%H:%M:%SZ)T %s\n' -1 "$*"
}

fail() {
  echo "draft-queen: $*" >&2
  exit 1
}

began=${EPOCHREALTIME/[.,]/}
step() { # log progress, with the seconds since the command began
  local now=${EPOCHREALTIME/[.,]/}
  printf '%6d.%d s  %s\n' $(((now - began) / 1000000)) $((((now - began) % 1000000) / 100000)) "$*"
}

now() { # in the format of records and PostgreSQL
  date -u '+%Y-%m-%d %H:%M:%S.%6N+00'
}

seconds_of() { # seconds_of TIME: since 1970
  date -u -d "$1" +%s
}

megabytes() { # megabytes BYTES
  echo "$((($1 + 999999) / 1000000)) MB"
}

# --- what goes wrong -------------------------------------------------------------------------------------------------------------

last_words() { # last_words FILE: the error message of a failed program
  local words
  words=$(grep -aE 'FATAL|PANIC|ERROR|error:|No space left' "$1" | tail -n 1 || true)
  [[ -n $words ]] || words=$(grep -av '^[[:space:]]*$' "$1" | tail -n 1 || true)
  # Without the program's name, the time, process and prefix of a server, and control characters, which would break a record.
  sed -E 's/^.*(FATAL|PANIC|ERROR): +//; s/^[a-z_]+: (error: )?//; s/[[:cntrl:]]//g' <<<"${words:-no error message}" | cut -c1-300
}

# stop MESSAGE: end a round; the message becomes the problem of its record
stop() {
  local sentence=$1
  if grep -qa 'No space left on device' "$LOG" 2>/dev/null || [[ $sentence == *'No space left on device'* ]]; then
    sentence="the volume of the backups is full: enlarge it, or lower BACKUP_KEEP_DAYS"
  fi
  echo "$sentence" >"$PROBLEM"
  exit 1
}

# try MESSAGE COMMAND...: run a command of a round; on failure, stop with the message and the command's error
try() {
  local sentence=$1
  shift
  : >"$LOG"
  "$@" >>"$LOG" 2>&1 || stop "$sentence: $(last_words "$LOG")"
}

# --- the database ----------------------------------------------------------------------------------------------------------------

# The password goes into libpq's password file: the environment would be visible to every process here.
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

sql() { # sql STATEMENT: print its values, one row per line
  psql --no-psqlrc --quiet --tuples-only --no-align --no-password --set=ON_ERROR_STOP=1 --command="$1"
}

# --- records: lines of NAME=VALUE ------------------------------------------------------------------------------------------------

field() { # field FILE NAME; prints nothing if the file does not exist
  [[ -e $1 ]] || return 0
  sed -n "s/^$2=//p" "$1" | tail -n 1
}

write() { # write FILE TEXT: atomically, even on a full volume, and in a condition, where errors do not end the script
  printf '%s\n' "$2" >"$1.new" && mv -f "$1.new" "$1"
}

set_field() { # set_field FILE NAME VALUE
  local others
  others=$(grep -v "^$2=" "$1" 2>/dev/null || true)
  write "$1" "${others:+$others$'\n'}$2=$3"
}

names() { # all backups, the newest first
  local record
  for record in "$BACKUPS"/[0-9]*/record; do
    [[ -e $record ]] || continue
    record=${record%/record}
    echo "${record##*/}"
  done | sort -r
}

is_whole() { # is_whole NAME: succeed if its files exist
  [[ -e $BACKUPS/$1/base/base.tar.gz && -e $BACKUPS/$1/checksums ]]
}

is_verified() { # is_verified NAME
  local record=$BACKUPS/$1/record
  [[ -n $(field "$record" verified_at) && -z $(field "$record" problem) ]] && is_whole "$1"
}

# --- one at a time ---------------------------------------------------------------------------------------------------------------

# The lock is held until the process ends, however it ends; other containers with the same volume respect it too.
take_lock() { # take_lock [wait]
  exec 9>"$BACKUPS/.lock" || fail "the volume of the backups cannot be written: check its owner (999) and its free space."
  if [[ ${1:-} == wait ]]; then flock 9; else flock --nonblock 9; fi
}

room_for() { # room_for BYTES FOLDER: succeed if that much space is free
  (($(df --output=avail --block-size=1 "$2" | tail -n 1) >= $1))
}
