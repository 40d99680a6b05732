# shellcheck shell=bash
# The server that replays the log onto a base: for a comparison, or to become the database.

readonly SERVER=$STATE/server SERVER_LOG=$STATE/server.log
server_data=''

# start_server DATA CHAIN SETTING...: return when the server has reached the recovery target of the settings and responds on a private socket
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
  # Settings made by ALTER SYSTEM are for the real server; they are restored when this one has stopped.
  if [[ ! -e $data/postgresql.auto.conf.kept ]]; then cp "$data/postgresql.auto.conf" "$data/postgresql.auto.conf.kept"; fi
  : >"$data/postgresql.auto.conf"
  touch "$data/recovery.signal"
  : >"$SERVER_LOG"
  server_data=$data
  # Close the locks, which an orphaned server would otherwise keep.
  pg_ctl --pgdata="$data" --log="$SERVER_LOG" --wait --timeout=7200 --silent \
    --options="-c config_file='$SERVER/server.conf' -c hba_file='$SERVER/hba.conf' -c ident_file=/dev/null" start >/dev/null 2>&1 8>&- 9>&- || return 1
  # Only the replay has started, because hot_standby is off; a failing replay ends the server.
  until pg_isready --quiet --host="$SERVER"; do
    # A killed server leaves its file behind.
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

on_server() { # on_server PROGRAM ARGUMENTS...: run it against this server
  local program=$1
  shift
  PGOPTIONS='' "$program" --host="$SERVER" --username=postgres --no-password "$@"
}

# End a server that a killed round left behind in this container. It is recognised by its working folder, because process ids are reused.
end_left_server() { # end_left_server DATA
  local pid
  [[ -e $1/postmaster.pid ]] || return 0
  pid=$(sed -n 1p "$1/postmaster.pid")
  if [[ $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$1" ]]; then
    pg_ctl --pgdata="$1" --mode=immediate --wait --silent stop >/dev/null 2>&1 || true
  fi
}
