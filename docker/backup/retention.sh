# shellcheck shell=bash
# Removes leftovers of interrupted rounds, old backups, and log that no backup needs.

readonly ALWAYS_KEPT=2 # the number of verified backups of each database to keep, however old

clear_leftovers() {
  clear_scratch
  rm -rf "$BACKUPS"/.incoming-* "$BACKUPS"/.removing-*
}

# While the lock is held no verification runs: a record without an end was interrupted.
close_interrupted() {
  local name
  while IFS= read -r name; do
    [[ -z $(field "$BACKUPS/$name/record" finished_at) ]] || continue
    set_field "$BACKUPS/$name/record" problem 'its verification was interrupted'
    set_field "$BACKUPS/$name/record" finished_at "$(now)"
  done < <(names)
}

remove_backup() { # remove_backup NAME: hide it first, so that it is never visible in parts
  mv "$BACKUPS/$1" "$BACKUPS/.removing-$1"
  rm -rf "$BACKUPS/.removing-$1"
}

remove_files() { # remove_files NAME: its record stays in the list
  local keep=$BACKUPS/.removing-$1
  mkdir -p "$keep"
  mv "$BACKUPS/$1/base" "$BACKUPS/$1/dump" "$BACKUPS/$1/contents" "$BACKUPS/$1/checksums" "$keep" 2>/dev/null || true
  rm -rf "$keep"
}

prune() {
  local name system oldest newest=yes
  local -A kept=()
  oldest=$(($(date +%s) - BACKUP_KEEP_DAYS * 86400))
  while IFS= read -r name; do
    system=$(field "$BACKUPS/$name/record" chain)
    system=${system%%-*}
    if is_verified "$name" && ((${kept[$system]:-0} < ALWAYS_KEPT)); then
      kept[$system]=$((${kept[$system]:-0} + 1))
    elif (($(seconds_of "$(field "$BACKUPS/$name/record" started_at)") < oldest)); then
      remove_backup "$name"
    elif [[ -z $newest && -z $(field "$BACKUPS/$name/record" verified_at) ]] && is_whole "$name"; then
      # The newest may be the best there is; an older one that was never verified only takes space. One that was verified and now has a damaged file may
      # still be useful (its log, or the other of its two copies), and a temporary read error does not justify removing it.
      remove_files "$name"
    fi
    newest=''
  done < <(names)
  prune_wal
}

prune_wal() {
  local chain folder name first
  for folder in "$WAL"/*/; do
    [[ -d $folder ]] || continue
    chain=$(basename "$folder")
    first=''
    while IFS= read -r name; do # the oldest comes last
      if is_whole "$name" && [[ $(field "$BACKUPS/$name/record" chain) == "$chain" ]]; then first=$(field "$BACKUPS/$name/record" first_segment); fi
    done < <(names)
    if [[ -n $first ]]; then
      pg_archivecleanup "$folder" "$first"
    elif [[ $chain != "$(current_chain)" ]]; then
      rm -rf "$folder"
    fi
  done
}

# look_again: check old backups again, because files may decay on the disk
look_again() {
  local name record reason
  while IFS= read -r name; do
    is_verified "$name" || continue
    record=$BACKUPS/$name/record
    reason=$(damage "$name")
    [[ -n $reason ]] || reason=$(damage_in_wal "$(field "$record" chain)" "$(field "$record" first_segment)" "$(last_segment "$name")")
    [[ -n $reason ]] || continue
    set_field "$record" problem "$reason"
    say "Backup $name was verified, but is now damaged: $reason."
  done < <(names)
}

last_segment() { # last_segment NAME: the segment that contains its snapshot
  local record=$BACKUPS/$1/record chain
  chain=$(field "$record" chain)
  segment_of "$chain" "$(field "$record" first_segment | cut -c1-8)" "$(field "$record" target_lsn)"
}
