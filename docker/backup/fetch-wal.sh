#!/usr/bin/env bash
# PostgreSQL's restore_command: fetch-wal.sh WAL CHAIN NAME TARGET
set -euo pipefail

wal=$1 chain=$2 name=$3 target=$4
case $name in
  *.history)
    # History files of all timelines of this database: they show a restore which numbers are taken.
    for file in "$wal/${chain%%-*}"-*/"$name"; do
      if [[ -e $file ]]; then exec cp "$file" "$target"; fi
    done
    exit 1
    ;;
  *)
    for file in "$wal/$chain/$name" "$wal/$chain/$name.partial"; do # the last segment is incomplete, but has the same length
      if [[ -e $file ]]; then exec cp "$file" "$target"; fi
    done
    exit 1 # the end of the log
    ;;
esac
