# shellcheck shell=bash
# Chains of write-ahead log segments: their names, their order, and their checksums.

current_chain() { # empty until something has been received
  cat "$WAL/current" 2>/dev/null || true
}

segment_bytes() { # segment_bytes CHAIN
  cat "$WAL/$1/segment_size"
}

lsn_number() { # lsn_number 0/3000148
  echo "$((16#${1%/*} << 32 | 16#${1#*/}))"
}

segment_of() { # segment_of CHAIN TIMELINE LSN: the name of the segment that contains the position
  local size number each
  size=$(segment_bytes "$1")
  number=$(($(lsn_number "$3") / size))
  each=$((0x100000000 / size))
  printf '%s%08X%08X\n' "$2" "$((number / each))" "$((number % each))"
}

next_segment() { # next_segment NAME BYTES
  local each=$((0x100000000 / $2)) number
  number=$((16#${1:8:8} * each + 16#${1:16:8} + 1))
  printf '%s%08X%08X\n' "${1:0:8}" "$((number / each))" "$((number % each))"
}

segments() { # segments CHAIN: the complete ones, oldest first
  find "$WAL/$1" -maxdepth 1 -type f -regextype posix-extended -regex '.*/[0-9A-F]{24}' -printf '%f\n' | sort
}

note_segments() { # note_segments CHAIN: record the checksums of newly completed segments
  local list=$WAL/$1/checksums
  touch "$list"
  comm -23 <(segments "$1") <(cut -c67- "$list" | sort) | while IFS= read -r segment; do
    (cd "$WAL/$1" && sha256sum "$segment") >>"$list"
  done
}

# damage_in_wal CHAIN FROM [TO]: describe the first segment that is missing or damaged; print nothing if all are intact
damage_in_wal() {
  local chain=$1 wanted=$2 last=${3:-} segment size sum
  size=$(segment_bytes "$chain")
  while IFS= read -r segment; do
    [[ ! $segment < $2 ]] || continue
    [[ -z $last || ! $segment > $last ]] || break
    if [[ $segment != "$wanted" ]]; then
      echo "the log segment $wanted is missing"
      return
    fi
    sum=$(awk -v name="$segment" '($2 "") == name { print $1 }' "$WAL/$chain/checksums" 2>/dev/null || true)
    if [[ -n $sum ]] && ! (cd "$WAL/$chain" && sha256sum --check --status <<<"$sum  $segment"); then
      echo "the log segment $segment is damaged"
      return
    fi
    wanted=$(next_segment "$segment" "$size")
  done < <(segments "$chain")
  # The last segment may still be growing.
  if [[ -n $last && ! $wanted > $last && ! -e $WAL/$chain/$wanted.partial ]]; then echo "the log segment $wanted is missing"; fi
}

end_of_chain() { # end_of_chain CHAIN: the time up to which it is known to contain all changes
  local received=$WAL/$1/received
  if [[ -e $received ]]; then cut -d ' ' -f 2- "$received"; else date -u -r "$WAL/$1" '+%Y-%m-%d %H:%M:%S+00'; fi
}

# new_chain SYSTEM TIMELINE REASON: begin a new chain, because the log does not continue the present one
new_chain() {
  local name=$1-$2 number=1 before size
  size=$(sql "select setting from pg_settings where name = 'wal_segment_size'") || return 1
  before=$(current_chain)
  if [[ -n $before && -d $WAL/$before ]]; then write "$WAL/$before/ended" "$3" || return 1; fi
  while [[ -e $WAL/$name ]]; do
    number=$((number + 1))
    name=$1-$2-$number
  done
  mkdir -p "$WAL/$name" && write "$WAL/$name/segment_size" "$size" && write "$WAL/current" "$name"
}
