# shellcheck shell=bash
# The server that brings a base to a moment of its log: to be compared, or to become the database.

readonly SERVER=$STATE/server SERVER_LOG=$STATE/server.log
server_data=''

# start_server DATA CHAIN SETTING...: returns when the server has arrived where the settings say, and answers on a socket that only we may enter
start_server() {
  local data=$1 chain=$2
  shift 2
  rm -rf "$SERVER"
  (umask 077 && mkdir -p "$SERVER")
  printf 'local all all trust\n' >"$SERVER/hba.conf"
  {
    cat "$library/server.conf"
    printf "unix_socket_directories = '%s'\n" "$SERVER"
    # shellcheck disable=SC2016 # filled in by the server
    printf "restore_command = 'bash %s/fetch-wal.sh \"%s\" \"%s\" \"%%f\" \"%%p\"'\n" "$library" "$WAL" "$chain"
    printf '%s\n' "$@"
  } >"$SERVER/server.conf"
  # What somebody set by ALTER SYSTEM is for the real server; it comes back when this one has stopped.
  if [[ ! -e $data/postgresql.auto.conf.kept ]]; then cp "$data/postgresql.auto.conf" "$data/postgresql.auto.conf.kept"; fi
  : >"$data/postgresql.auto.conf"
  touch "$data/recovery.signal"
  : >"$SERVER_LOG"
  server_data=$data
  # Without the locks, which a server that is left behind would keep.
  pg_ctl --pgdata="$data" --log="$SERVER_LOG" --wait --timeout=7200 --silent \
    --options="-c config_file='$SERVER/server.conf' -c hba_file='$SERVER/hba.conf' -c ident_file=/dev/null" start >/dev/null 2>&1 8>&- 9>&- || return 1
  # That was the beginning of the replay, because hot_standby is off; one that fails ends the server.
  until pg_isready --quiet --host="$SERVER"; do
    # One that was killed leaves its file behind.
    kill -0 "$(sed -n 1p "$data/postmaster.pid" 2>/dev/null)" 2>/dev/null || return 1
    sleep 0.1
  done
}

stop_server() { # stop_server MODE
  [[ -n $server_data ]] || return 0
  if [[ -e $server_data/postmaster.pid ]]; then pg_ctl --pgdata="$server_data" --mode="$1" --wait --silent stop >/dev/null 2>&1 || true; fi
  if [[ -e $server_data/postgresql.auto.conf.kept ]]; then mv -f "$server_data/postgresql.auto.conf.kept" "$server_data/postgresql.auto.conf"; fi
  server_data=''
}

on_server() { # on_server PROGRAM ARGUMENTS...: with the server's address
  local program=$1
  shift
  PGOPTIONS='' "$program" --host="$SERVER" --username=postgres --no-password "$@"
}

# A server that a killed round left behind, in this container: known by the folder it works in, because numbers of processes are used again.
end_left_server() { # end_left_server DATA
  local pid
  [[ -e $1/postmaster.pid ]] || return 0
  pid=$(sed -n 1p "$1/postmaster.pid")
  if [[ $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$1" ]]; then
    pg_ctl --pgdata="$1" --mode=immediate --wait --silent stop >/dev/null 2>&1 || true
  fi
}
