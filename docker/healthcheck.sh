#!/usr/bin/env bash
# Checks that the container's process is healthy, without starting an interpreter.
#
#   healthcheck http PATH [PORT]       an HTTP server on this container's port responds with 200
#   healthcheck file PATH [SECONDS]    the file was touched within that many seconds
set -euo pipefail

case ${1:-} in
  http)
    exec 3<>"/dev/tcp/127.0.0.1/${3:-${PORT:-8000}}"
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
    read -r -t 3 _ status _ <&3
    [[ $status == 200 ]]
    ;;
  file)
    touched=$(stat --format %Y "$2")
    ((EPOCHSECONDS - touched <= ${3:-30}))
    ;;
  *)
    echo "usage: $0 http PATH [PORT] | file PATH [SECONDS]" >&2
    exit 2
    ;;
esac
