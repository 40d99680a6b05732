#!/usr/bin/env bash
# PostgreSQL's restore_command: fetch-wal.sh WAL CHAIN NAME TARGET
set -euo pipefail

wal=$1 chain=$2 name=$3 target=$4
case $name in
  *.history)
    # Of every timeline of this database there ever was: by them a restore knows which numbers are taken.
    for file in "$wal/${chain%%-*}"-*/"$name"; do
      if [[ -e $file ]]; then exec cp "$file" "$target"; fi
    done
    exit 1
    ;;
  *)
    for file in "$wal/$chain/$name" "$wal/$chain/$name.partial"; do # the last one is not complete, and as long as the others
      if [[ -e $file ]]; then exec cp "$file" "$target"; fi
    done
    exit 1 # there is no more
    ;;
esac
